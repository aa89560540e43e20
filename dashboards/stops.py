"""The switch that stops sending, and what it holds."""

from __future__ import annotations

import snapshot
import streamlit as st

from opslayer import actions
from opslayer.config import Person
from opslayer.errors import OpslayerError

EVERY = "All rules"


def show(person: Person | None) -> None:
    """What is stopped, with the way back; and the switch."""
    for stop in actions.list_stops(snapshot.store()):
        rule = None if stop.rule == "*" else stop.rule
        what = "All sending" if rule is None else f"The rule {_named(rule)}"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.error(f"{what} is stopped. {stop.person}: {stop.reason}", icon=":material/front_hand:")
            st.button("Resume", key=f"resume-{stop.rule}", on_click=_resume, args=(rule, person),
                      disabled=person is None)  # fmt: skip
    with st.popover("Stop sending", icon=":material/front_hand:"), st.form("stop", border=False):
        rules = [EVERY, *(rule.name for rule in actions.load_rules(snapshot.firm()))]
        st.selectbox("What", rules, key="stop-rule", format_func=_named)
        st.text_input("Reason", key="stop-reason", placeholder="kept in the record")
        st.form_submit_button("Stop", type="primary", on_click=_stop, args=(person,), disabled=person is None)
        if person is None:
            st.markdown(":small[:gray[Choose who you are to stop anything.]]")


def _named(rule: str) -> str:
    return rule.replace("_", " ").capitalize()


def _stop(person: Person) -> None:
    rule = st.session_state["stop-rule"]
    try:
        actions.stop(
            snapshot.firm(), snapshot.store(), rule=None if rule == EVERY else rule, person=person.email,
            reason=st.session_state["stop-reason"], moment=snapshot.now(),
        )  # fmt: skip
    except OpslayerError as error:
        st.toast(str(error), icon=":material/block:", duration="long")


def _resume(rule: str | None, person: Person) -> None:
    try:
        actions.resume(
            snapshot.firm(), snapshot.store(), rule=rule, person=person.email, reason="resumed on the page",
            moment=snapshot.now(),
        )  # fmt: skip
    except OpslayerError as error:
        st.toast(str(error), icon=":material/block:", duration="long")
