"""Approve several of a rule at once: who is among them, one reason, and what was not approved and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import parts
import polars as pl
import proposals
import snapshot
import streamlit as st

from opslayer import actions
from opslayer.config import Person
from opslayer.errors import OpslayerError

MOST = 25  # at once
OUTCOME = "several-outcome"


def show(waiting: Sequence[actions.Proposal], person: Person | None) -> None:
    """A list to choose from; what needs a look of its own is not chosen beforehand, and says why."""
    rules = [rule for rule, count in Counter(p.rule for p in waiting).items() if count > 1]
    if person is None or not (rules or OUTCOME in st.session_state):
        return
    with st.expander(
        "Approve several", icon=":material/done_all:", key="several", on_change="rerun"
    ) as opened:
        if not opened.open:
            return
        _outcome()
        if rules:
            rule = st.selectbox("Rule", rules, format_func=_named, key="several-rule", width=340)
            _form([p for p in waiting if p.rule == rule][:MOST], person)


def _form(listed: Sequence[actions.Proposal], person: Person) -> None:
    alone = actions.need_attention(snapshot.firm(), snapshot.store(), [p.id or 0 for p in listed])
    if alone:
        st.caption(
            "What is not chosen beforehand should be looked at by itself; it can be chosen all the same."
        )
    with st.form("several-form", border=False):
        with st.container(gap="xxsmall"):
            for proposal in listed:
                why = alone.get(proposal.id or 0)
                st.checkbox(
                    proposals.label(proposal) + (f" :gray[({proposals.plain(why)})]" if why else ""),
                    value=why is None,
                    key=_key(proposal),
                )
        st.text_input("Reason", key="several-reason", placeholder="kept with each decision")
        st.form_submit_button(
            "Approve those chosen", type="primary", key="several-approve", on_click=_approve,
            args=(listed, person),
        )  # fmt: skip


def _approve(listed: Sequence[actions.Proposal], person: Person) -> None:
    """Each by itself, on what was shown; the same again changes nothing, so a second click is safe."""
    chosen = {p.id or 0: p.evidence_hash for p in listed if st.session_state.get(_key(p))}
    try:
        done, refused = actions.approve_each(
            snapshot.firm(), snapshot.store(), chosen, person=person.email,
            reason=st.session_state["several-reason"], moment=snapshot.now(), layer=snapshot.whole(),
            evidence_hashes=chosen,
        )  # fmt: skip
    except OpslayerError as error:
        st.toast(str(error), icon=":material/block:", duration="long")
        return
    titles = {p.id: p.title for p in listed}
    st.session_state[OUTCOME] = [
        *((p.title, _became(p)) for p in done),
        *((titles[one.id], f"not approved: {one.error.message}") for one in refused),
    ]


def _became(proposal: actions.Proposal) -> str:
    match proposal.state:
        case "proposed":
            return "another must approve too"
        case "cancelled":
            return f"not approved: {proposal.reason}"
        case _:
            return proposal.state


def _outcome() -> None:
    """What became of those chosen last; the exceptions stand first."""
    last = st.session_state.get(OUTCOME)
    if last is None:
        return
    table = pl.DataFrame(last, schema=["title", "outcome"], orient="row")
    refused = pl.col("outcome").str.starts_with("not approved")
    ordered = pl.concat([table.filter(refused), table.filter(~refused)])
    count = table.filter(refused).height
    st.markdown(f"**{len(table) - count} approved, {count} not.**")
    parts.table(ordered, {"title": "What", "outcome": "What became of it"}, empty="None was chosen.")


def _key(proposal: actions.Proposal) -> str:
    return f"choose-{proposal.id}-{proposal.evidence_hash[:8]}"


def _named(rule: str) -> str:
    return rule.replace("_", " ").capitalize()
