"""Inquiries: what came by mail, what is wanted, whether there is room, and what it would come to."""

import parts
import snapshot
import streamlit as st
import tables

from opslayer.intelligence import inquiry, scope

parts.heading("Inquiries", "Who asks for what, is there room, and what would it come to?")
parts.metric_row("inquiries", "inquiries_price", "mail_for_a_person")
if not snapshot.rows("mail_read")["mails"][0]:
    st.info("No mail has landed: name a mailbox under [sources] in firm.toml.")
    st.stop()
read, scopes = snapshot.rows("inquiries"), snapshot.rows("scopes")
st.markdown(inquiry.headline(read))
# what strangers wrote stands in tables and options only: there it is text, whatever it holds
parts.table(
    snapshot.rows("inquiries_named"),
    {"subject": "Subject", "from_name": "From", "match": "Who", "practice": "Practice",
     "wanted": "Wanted", "capacity": "Room", "reasons": "Why"},
    empty="Nobody has asked for work.",
)  # fmt: skip
parts.behind("inquiry_fact", key="inquiry-fact")
parts.figure("inquiry_room", "inquiry_capacity")

st.header("Preliminary scopes", anchor=False)
st.markdown(scope.headline(scopes, currency=snapshot.firm().base_currency))
parts.figure("scope_prices", "scopes")
parts.table(
    scopes,
    {"subject": "Subject", "hours": "Hours", "weeks": "Weeks", "price_base": "Price",
     "price_lower_80_base": "From", "price_upper_80_base": "To", "budget_base": "May be spent",
     "reasons": "Why"},
    empty="None is drafted. The job monday drafts them.",
)  # fmt: skip
parts.behind("scope_similar", key="scope-similar")
documents = tables.scope_documents(scopes)
if documents:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        named = st.selectbox("Scope to edit", list(documents), width=340)
        st.download_button(
            "As a Word document", documents[named].read_bytes, file_name=documents[named].name,
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
st.markdown(scope.backtest_verdict(snapshot.rows("scope_backtest")))
parts.behind("scope_backtest", key="scope-backtest")

st.header("For a person to say", anchor=False)
parts.table(
    snapshot.rows("inquiries_unclear"),
    {"received_at": "Came", "from_address": "From", "subject": "Subject", "excerpt": "Begins",
     "reasons": "Why"},
    empty="No mail is unclear.",
)  # fmt: skip
parts.behind("inquiries_unclear", key="inquiries-unclear")
