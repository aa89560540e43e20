"""What rules bring about, and what they would have done: parts of the page."""

from __future__ import annotations

import parts
import people
import shown
import snapshot
import streamlit as st

from opslayer import actions, pages
from opslayer.config import Person


def _is_empty(name: str) -> bool:
    drawn = snapshot.drawn("rules", name)
    return isinstance(drawn, pages.Table) and drawn.frame.is_empty()


def show_effects() -> None:
    """Both arms of each rule side by side, and the money that this supports."""
    if _is_empty("effect_rows"):
        shown.put("rules", "effects")
        return
    left, right = st.columns([5, 6], gap="large")
    with left:
        shown.put("rules", "effects")
    with right:
        shown.put("rules", "rule_effect")
    shown.put("rules", "effect_rows", "effects_note")


def show_replays() -> None:
    """The last replay of each rule, and the months of one."""
    if _is_empty("replays"):
        st.info(
            "No rule was replayed yet. `opslayer rules replay RULE` shows what one would have done on past "
            "snapshots, before it is on."
        )
        return
    left, right = st.columns([6, 5], gap="large")
    with left:
        shown.put("rules", "replays")
    with right:
        rules = [one["rule"] for one in actions.list_replays(snapshot.firm(), snapshot.store()).to_dicts()]
        chosen = st.selectbox("Rule", rules, key="replayed")
        shown.put("rules", "replay_months", replayed=chosen)


def show_autonomy() -> None:
    """What each rule has earned, and the confirmation that waits for its owner."""
    rules = actions.list_autonomy(snapshot.firm(), snapshot.store())
    if not rules:
        st.info(
            "No rule may earn to approve by itself. `autonomy: {up_to: 500}` in a rule's file asks for it: "
            "after enough decisions, once its owner confirms, and until the first rejection."
        )
        return
    shown.put("rules", "autonomy")
    waiting = [one for one in rules if one["standing"] == "proposed"]
    if not waiting:
        return
    person = people.choose_decider()
    for one in waiting:
        with st.form(f"autonomy-{one['rule']}"):
            st.markdown(
                f"**{_named(one['rule'])}**: {one['approved']} of its last {one['decided']} proposals were "
                f"approved. May it approve by itself up to {one['up_to']:,}? That takes {one['owner']}."
            )
            st.text_input("Reason", key=f"why-{one['rule']}", placeholder="kept in the record")
            st.form_submit_button(
                "Confirm",
                type="primary",
                on_click=_confirm,
                args=(one["rule"], person),
                disabled=person is None,
            )


def show_approvers() -> None:
    """How fast each person decides and how often they say no; and who never does."""
    shown.put("rules", "warnings", "approvers")


def _named(rule: str) -> str:
    return rule.replace("_", " ").capitalize()


def _confirm(rule: str, person: Person) -> None:
    parts.said(
        lambda: actions.confirm_autonomy(
            snapshot.firm(), snapshot.store(), rule, person=person.email,
            reason=st.session_state[f"why-{rule}"], moment=snapshot.now(),
        )
    )  # fmt: skip
