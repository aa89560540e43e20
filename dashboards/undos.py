"""Undo, on the page: what was sent, what would undo it, and why."""

from __future__ import annotations

from collections.abc import Sequence

import parts
import snapshot
import streamlit as st

from opslayer import actions
from opslayer.config import Person
from opslayer.errors import OpslayerError

PAGE = 100  # of what was sent last


def show(every: Sequence[actions.Proposal], person: Person | None) -> None:
    """One of what was sent, what undoing it would do, and the button that proposes it."""
    sent = {p.id: p for p in every if p.state == "sent" and p.kind not in ("compensation", "invoice")}
    chosen = list(sent)[:PAGE]
    if not chosen:
        return
    with st.popover("Undo something that was sent", icon=":material/undo:"):
        number = st.selectbox("What was sent", chosen, format_func=lambda one: _named(sent[one]), key="undo")
        found = actions.preview_undo(snapshot.firm(), snapshot.store(), number or 0)
        if found is None:
            st.markdown("It left by a way that has no undo.")
            return
        st.text(found.does)
        if found.number is not None:
            return
        with st.container(border=True):
            st.text(found.text)
        with st.form("undo-form", border=False):
            st.text_input("Reason", key="undo-reason", placeholder="its reader is told")
            st.form_submit_button(
                "Propose it", key="undo-ask", on_click=_ask, args=(number, person), disabled=person is None
            )
        if person is None:
            st.markdown(":small[:gray[Choose who you are above to undo.]]")


def _named(proposal: actions.Proposal) -> str:
    return f"{proposal.party_name} · {proposal.rung} · {parts.day(proposal.sent_at or proposal.created_at)}"


def _ask(number: int, person: Person | None) -> None:
    """The same again changes nothing, so a second click is safe."""
    try:
        made = actions.undo(
            snapshot.firm(), snapshot.store(), number, person=person.email if person else "",
            reason=st.session_state.get("undo-reason", ""), moment=snapshot.now(),
        )  # fmt: skip
        st.toast(f"Number {made.id} is {made.state}: it undoes number {number}.", icon=":material/undo:")
    except OpslayerError as error:
        st.toast(str(error), icon=":material/block:", duration="long")
