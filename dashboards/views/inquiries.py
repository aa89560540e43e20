"""Front desk: what came by mail, whose it is, what it would come to; which tickets will be late."""

import mail
import parts
import shown
import snapshot
import streamlit as st

parts.heading("inquiries")
shown.metrics("inquiries")
if snapshot.rows("mail_read")["mails"][0]:
    mail.show()
else:
    st.info("No mail has landed: name a mailbox under [sources] in firm.toml.")

st.header("Tickets", anchor=False)
shown.put("inquiries", "tickets_said", "tickets_at_risk")
