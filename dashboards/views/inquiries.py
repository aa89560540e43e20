"""Inquiries: what came by mail, what is wanted, whether there is room, and what it would come to."""

import parts
import shown
import snapshot
import streamlit as st
import tables

parts.heading("inquiries")
shown.metrics("inquiries")
if not snapshot.rows("mail_read")["mails"][0]:
    st.info("No mail has landed: name a mailbox under [sources] in firm.toml.")
    st.stop()
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
