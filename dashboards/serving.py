"""Which version of a model serves: buttons for who may change it."""

from __future__ import annotations

import parts
import people
import snapshot
import streamlit as st

from opslayer import modelops
from opslayer.config import Person
from opslayer.modelops.registry import CHALLENGER, CHAMPION, PREVIOUS


def show(capability: str) -> None:
    """Promote the version that waits, or return to the one before; each with a reason, in the trail."""
    held = modelops.Registry(snapshot.firm()).aliases(capability)
    waits, before = held.get(CHALLENGER), held.get(PREVIOUS)
    if waits is None and before is None:
        return
    person = people.choose_decider()
    with st.form(f"serve-{capability}"):
        st.text_input("Reason", key="serve-why", placeholder="kept in the record")
        with st.container(horizontal=True):
            st.form_submit_button(
                f"Serve version {waits} to all" if waits else "Nothing waits",
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


def _promote(capability: str, version: str, person: Person) -> None:
    parts.said(
        lambda: modelops.promote(
            snapshot.firm(), snapshot.store(), capability, version, by=person.email,
            reason=st.session_state["serve-why"], moment=snapshot.now(),
        )
    )  # fmt: skip


def _roll_back(capability: str, champion: str, person: Person) -> None:
    """A second click finds another champion, and does nothing."""

    def once() -> None:
        if modelops.Registry(snapshot.firm()).aliases(capability).get(CHAMPION) == champion:
            modelops.roll_back(
                snapshot.firm(), snapshot.store(), capability, by=person.email,
                reason=st.session_state["serve-why"], moment=snapshot.now(),
            )  # fmt: skip

    parts.said(once)
