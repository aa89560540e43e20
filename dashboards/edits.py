"""New words for a mail that waits: written, looked at as a difference, then saved."""

from __future__ import annotations

import snapshot
import streamlit as st

from opslayer import actions
from opslayer.config import Person
from opslayer.errors import OpslayerError


def may_be(detail: actions.Shown, person: Person | None) -> bool:
    """Whether to offer it to this person; whether they may is asked again as it is saved."""
    is_mail = detail.channel == "mail"
    return person is not None and is_mail and bool(actions.edit_roles(snapshot.firm(), detail.proposal))


def show(detail: actions.Shown, number: int, person: Person) -> None:
    """A form over the words; under it what would change, and the button that keeps it."""
    version = f"{number}-{detail.proposal.evidence_hash[:8]}"  # a new draft is not covered by old words
    with st.form(f"words-{number}", border=False):
        st.text_input("Subject", detail.words.subject, key=f"subject-{version}")
        st.text_area("Text", detail.words.text, key=f"text-{version}", height=360)
        st.form_submit_button("Show what changes", key=f"compare-{number}")
    subject, text = st.session_state[f"subject-{version}"], st.session_state[f"text-{version}"]
    if (subject, text) == (detail.words.subject, detail.words.text):
        return
    try:
        difference = actions.preview_edit(
            snapshot.firm(), snapshot.store(), number, subject=subject, text=text
        )
    except OpslayerError as error:
        st.error(str(error), icon=":material/block:")
        return
    st.code(difference, language="diff", wrap_lines=True)
    with st.form(f"keep-{number}", border=False):
        st.text_input("Why", key=f"why-{number}", placeholder="kept with the edit")
        st.form_submit_button(
            "Save",
            type="primary",
            key=f"save-{number}",
            on_click=_save,
            args=(number, subject, text, detail.proposal.evidence_hash, person),
        )
    if detail.proposal.approvals:
        st.markdown(f":small[:gray[{', '.join(detail.proposal.approvals)} will have to say yes again.]]")


def _save(number: int, subject: str, text: str, evidence_hash: str, person: Person) -> None:
    try:
        actions.edit(
            snapshot.firm(), snapshot.store(), number, subject=subject, text=text, person=person.email,
            reason=st.session_state[f"why-{number}"], moment=snapshot.now(), evidence_hash=evidence_hash,
        )  # fmt: skip
    except OpslayerError as error:
        st.toast(str(error), icon=":material/block:", duration="long")
        return
    st.session_state[f"edit-{number}"] = False
    st.toast("Saved. It waits for approval as it is now.", icon=":material/check:")
