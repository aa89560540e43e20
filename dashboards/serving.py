"""Which version of a model serves, and whether it is taught anew: buttons for who may change it."""

from __future__ import annotations

from threading import Thread

import parts
import people
import shown
import snapshot
import streamlit as st

from opslayer import modelops
from opslayer.config import Person
from opslayer.modelops.registry import CHALLENGER, CHAMPION, PREVIOUS

LOOK_EVERY = 2  # seconds, while something is being taught


def show(capability: str) -> None:
    """Promote what waits, return to what served before, or teach anew; each with a reason, in the trail."""
    held = modelops.Registry(snapshot.firm()).aliases(capability)
    waits, before = held.get(CHALLENGER), held.get(PREVIOUS)
    learns = modelops.load_capabilities(snapshot.firm())[capability].learning is not None
    person = people.choose_decider()
    with st.form(f"serve-{capability}"):
        st.text_input("Reason", key="serve-why", placeholder="kept in the record")
        with st.container(horizontal=True):
            st.form_submit_button(
                f"Promote version {waits}" if waits else "Nothing waits",
                on_click=_promote,
                args=(capability, waits, person),
                disabled=person is None or waits is None,
                key="serve-promote",
            )
            st.form_submit_button(
                f"Roll back to version {before}" if before else "No version before",
                on_click=_roll_back,
                args=(capability, held.get(CHAMPION), person),
                disabled=person is None or before is None,
                key="serve-back",
            )
            st.form_submit_button(
                "Retrain",
                on_click=_retrain,
                args=(capability, person),
                disabled=person is None or not learns,
                key="serve-retrain",
                help="Taught on every outcome known by the day of this snapshot; promoted only if it gains.",
            )
    if learns:
        _progress(capability)


def _promote(capability: str, version: str, person: Person) -> None:
    def act() -> None:
        modelops.promote(
            snapshot.firm(), snapshot.store(), capability, version, by=person.email,
            reason=st.session_state["serve-why"], moment=snapshot.now(),
        )  # fmt: skip
        st.toast(f"Version {version} serves all from now on.", icon=":material/check:")

    parts.said(act)


def _roll_back(capability: str, champion: str, person: Person) -> None:
    """A second click finds another champion, and does nothing."""

    def once() -> None:
        if modelops.Registry(snapshot.firm()).aliases(capability).get(CHAMPION) == champion:
            version = modelops.roll_back(
                snapshot.firm(), snapshot.store(), capability, by=person.email,
                reason=st.session_state["serve-why"], moment=snapshot.now(),
            )  # fmt: skip
            st.toast(f"Version {version} serves all again.", icon=":material/undo:")

    parts.said(once)


def _retrain(capability: str, person: Person) -> None:
    """The click writes the request; the work goes on beside the page, whatever the page does."""

    def once() -> None:
        firm, moment = snapshot.firm(), snapshot.now()
        new = modelops.ask_retraining(
            firm, snapshot.store(), capability, by=person.email,
            reason=st.session_state["serve-why"], moment=moment,
        )  # fmt: skip
        st.toast(
            "It is taught anew; this page says what comes of it." if new else "It is being taught already."
        )
        Thread(target=modelops.retrain_asked, args=(firm,), kwargs={"moment": moment}, daemon=True).start()

    parts.said(once)


def _progress(capability: str) -> None:
    """The last request to teach it; looked at again while it is not ended."""
    asked = modelops.requests(snapshot.store(), capability)
    busy = not asked.is_empty() and asked["state"][0] != "ended"
    st.fragment(_told, run_every=LOOK_EVERY if busy else None)(capability, busy=busy)


def _told(capability: str, *, busy: bool) -> None:
    asked = modelops.requests(snapshot.store(), capability)
    if asked.is_empty():
        return
    shown.put("models", "retraining", capability=capability)
    if busy and asked["state"][0] == "ended":
        st.rerun()
