"""A proposal on the page: the message it would send, the evidence for it, and the decision."""

from __future__ import annotations

import re
from functools import partial
from typing import Literal

import edits
import parts
import polars as pl
import snapshot
import streamlit as st

from opslayer import actions
from opslayer.config import Person
from opslayer.errors import OpslayerError

Verdict = Literal["approve", "reject", "sent", "send again"]
CHOICES: tuple[tuple[Verdict, str], ...] = (("approve", "Approve"), ("reject", "Reject"))
TAKE_BACK: tuple[tuple[Verdict, str], ...] = (("reject", "Pull back"),)
ADDRESS = re.compile(r"https?:(?=//)|www(?=\.)", re.IGNORECASE)
PAST = {"approve": "Approved", "reject": "Rejected", "sent": "Kept as sent", "send again": "To be sent again"}


def label(proposal: actions.Proposal) -> str:
    """Whom it is about, what, and over how much."""
    amount = f" · {proposal.amount:,.0f} {proposal.currency}" if proposal.amount else ""
    return f"**{plain(proposal.party_name)}** · {plain(proposal.rung)}{amount}"


def show(proposal: actions.Proposal, person: Person | None, deadline: str = "") -> None:
    """One line; opened, all that a person needs to decide. `deadline` is what time does to it next."""
    held = " :orange-badge[held]" if proposal.reason else ""
    short = f" :small[:gray[{plain(deadline.partition(';')[0])}]]" if deadline else ""
    with st.expander(
        f"{label(proposal)}{held}{short}", key=f"proposal-{proposal.id}", on_change="rerun"
    ) as opened:
        if opened.open and proposal.id is not None:
            left, right = st.columns([4, 5], gap="large")
            detail = actions.show_proposal(snapshot.store(), proposal.id)
            with left:
                _decision(detail, proposal.id, person, deadline)
                _evidence(detail)
            with right:
                st.caption(_way(detail))
                _words(detail, proposal.id, person)
                for file in detail.attachments:
                    # made when it is asked for: a page that moved on has no file behind its link
                    st.download_button(
                        file.name, partial(bytes, file.content), file_name=file.name, mime=file.type,
                        key=f"{file.name}-{proposal.id}", icon=":material/download:", on_click="ignore",
                    )  # fmt: skip


def _way(detail: actions.Shown) -> str:
    if detail.channel != "mail":
        return f"By the channel {plain(detail.channel)}"
    return f"To {detail.recipient or 'nobody: no address is known'}, from {detail.sender}"


def _words(detail: actions.Shown, number: int, person: Person | None) -> None:
    """The message as it would arrive, or the form that changes it; and what was changed since the draft."""
    if edits.may_be(detail, person) and st.toggle("Edit the words", key=f"edit-{number}"):
        assert person is not None, "it is offered to somebody"
        edits.show(detail, number, person)
        return
    st.markdown(f"**{plain(detail.subject)}**")
    with st.container(border=True, height=520):
        st.html(detail.html)
    if detail.edited:
        st.markdown("**Edited since the draft**")
        st.code(detail.edited, language="diff", wrap_lines=True)


def show_uncertain(proposal: actions.Proposal, person: Person | None) -> None:
    """A message that may or may not have left: a person looks, and says."""
    with st.form(f"settle-{proposal.id}"):
        st.markdown(f"**{plain(proposal.title)}**. {plain(proposal.reason or '')}")
        st.text_input("How do you know?", key=f"settled-{proposal.id}", placeholder="kept with the decision")
        with st.container(horizontal=True):
            for verdict, label in (("sent", "It was sent"), ("send again", "Send it again")):
                st.form_submit_button(
                    label, key=f"{verdict}-{proposal.id}", on_click=_decide, disabled=person is None,
                    args=(verdict, proposal.id, f"settled-{proposal.id}", None, person),
                )  # fmt: skip


def _decision(detail: actions.Shown, number: int, person: Person | None, deadline: str) -> None:
    proposal = detail.proposal
    if proposal.reason:
        st.warning(plain(proposal.reason), icon=":material/front_hand:")
    if deadline:
        st.markdown(f"**{plain(deadline[0].upper() + deadline[1:])}.**")
    st.markdown(f":small[{plain(detail.policy)}]")
    if proposal.is_binding:
        return
    with st.form(f"decide-{number}", border=False):
        st.text_input("Reason", key=f"reason-{number}", placeholder="kept with the decision")
        with st.container(horizontal=True):
            for verdict, label in CHOICES if proposal.state == "proposed" else TAKE_BACK:
                st.form_submit_button(
                    label,
                    type="primary" if verdict == "approve" else "secondary",
                    key=f"{verdict}-{number}",
                    disabled=person is None,
                    on_click=_decide,
                    args=(verdict, number, f"reason-{number}", proposal.evidence_hash, person),
                )
    if person is None:
        st.markdown(":small[:gray[Choose who you are above to decide.]]")


def _evidence(detail: actions.Shown) -> None:
    st.markdown(f"**Evidence** :gray[as of {parts.day(detail.proposal.as_of)}, snapshot {detail.snapshot}]")
    columns = actions.KINDS[detail.proposal.kind].columns
    if [column.name for column in columns] == ["what", "value"]:
        st.markdown(_facts(detail))
    else:
        parts.table(detail.rows, {column.name: column.title for column in columns}, empty="None.")
    with st.popover(
        "How its numbers came about", type="tertiary", icon=":material/table_rows:",
        key=f"proof-{detail.proposal.id}", on_change="rerun",
    ) as opened:  # fmt: skip
        if opened.open and detail.proposal.id is not None:
            _proof(actions.prove(snapshot.firm(), snapshot.store(), detail.proposal.id))
    with st.popover("What happened to it", type="tertiary", icon=":material/history:"):
        told = [(event["at"], event["who"], event["what"], event.get("reason")) for event in detail.events]
        titles = {"at": "When", "who": "Who", "what": "What", "reason": "Why"}
        parts.table(pl.DataFrame(told, schema=list(titles), orient="row"), titles, empty="Nothing yet.")


def _proof(proof: actions.MessageProof) -> None:
    """The message drawn again from the snapshot it was of; where that is gone, what still holds."""
    if proof.holds:
        how = "Drawn again word for word" if proof.is_drawn_again else "Its rows are as they were"
        st.markdown(f":green-badge[:material/check: proved] {how}: {len(proof.figures)} figures.")
    else:
        st.markdown(":red-badge[:material/error: not proved]")
        st.code(proof.failure or "", language=None, wrap_lines=True)
    st.markdown(
        f"Snapshot {proof.snapshot or proof.proposal.snapshot}. Contract rules on what it reads: "
        f"{proof.contracts.height - proof.red} hold, {proof.red} do not."
    )
    for document in proof.documents:
        same = "does not come out again" if document.differences else f"drawn again {document.how}"
        st.markdown(f"{plain(document.name)}: {same}, {document.terms} terms.")


def _facts(detail: actions.Shown) -> str:
    """One fact a line, as a Markdown table: a long one takes the lines it needs."""
    rows = [f"| {plain(what)} | {plain(value or '')} |" for what, value in detail.rows.iter_rows()]
    return "\n".join(["| | |", "|:--|:--|", *rows])


def _decide(
    verdict: Verdict, number: int, key: str, evidence_hash: str | None, person: Person | None
) -> None:
    """What a click stands for; the same decision again changes nothing, so a second click is safe."""
    reason, who = st.session_state.get(key, ""), person.email if person else ""
    try:
        firm, store, moment = snapshot.firm(), snapshot.store(), snapshot.now()
        match verdict:
            case "approve":
                decided = actions.approve(firm, store, number, person=who, reason=reason, moment=moment,
                                          layer=snapshot.whole(), evidence_hash=evidence_hash)  # fmt: skip
            case "reject":
                decided = actions.reject(firm, store, number, person=who, reason=reason, moment=moment)
            case _:
                decided = actions.settle(
                    firm, store, number, sent=verdict == "sent", person=who, reason=reason, moment=moment
                )
        if decided.state == "cancelled":
            st.toast(plain(decided.reason or ""), icon=":material/visibility:", duration="long")
        else:
            st.toast(f"{PAST[verdict]}: {plain(decided.title)}.", icon=":material/check:")
    except OpslayerError as error:
        st.toast(str(error), icon=":material/block:", duration="long")


def plain(text: str) -> str:
    """Text of the books where Markdown is read: nothing in it is a mark, and no address in it a link."""
    whole = ADDRESS.sub("\\g<0>\u2060", text)  # escapes do not keep an address from being made a link
    return "".join(f"\\{mark}" if mark in r"\`*_{}[]()<>#+-.!|~:$" else mark for mark in whole)
