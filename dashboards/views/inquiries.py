"""Front desk: what came by mail, whose it is, what it would come to; which tickets will be late."""

import parts
import shown
import snapshot
import streamlit as st
import tables


def mail() -> None:
    """Inquiries, whose each is, scopes to edit, and what a person has to say of."""
    shown.put("inquiries", "headline", "inquiries_named")
    shown.put("inquiries", "inquiry_room")

    st.header("Whose it is", anchor=False)
    shown.put("inquiries", "triage_said", "triage_handed")

    st.header("Preliminary scopes", anchor=False)
    shown.put("inquiries", "scopes_said", "scope_prices", "scopes")
    documents = tables.scope_documents(snapshot.rows("scopes"))
    if documents:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            named = st.selectbox("Scope to edit", list(documents), width=340)
            st.download_button(
                "As a Word document", documents[named].read_bytes, file_name=documents[named].name,
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip
    shown.put("inquiries", "backtest_said")

    st.header("For a person to say", anchor=False)
    shown.put("inquiries", "inquiries_unclear")


parts.heading("inquiries")
shown.metrics("inquiries")
if snapshot.rows("mail_read")["mails"][0]:
    mail()
else:
    st.info("No mail has landed: name a mailbox under [sources] in firm.toml.")

st.header("Tickets", anchor=False)
shown.put("inquiries", "tickets_said", "tickets_at_risk")
