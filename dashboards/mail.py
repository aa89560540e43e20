"""The mail of the front desk: inquiries, whose each is, scopes to edit, and what a person has to say of."""

from __future__ import annotations

import shown
import snapshot
import streamlit as st
import tables


def show() -> None:
    """All of it, in the order in which it is worked through."""
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
