"""What people say to an alert: that they have taken it on, or that nobody should hear of it for a while."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import parts
import shown
import snapshot
import streamlit as st

from opslayer import alerts, pages
from opslayer.config import Person

QUIET = timedelta(days=7)


def show(person: Person | None) -> None:
    """One alert with its history, and a form for each thing a person may say to it."""
    drawn = snapshot.drawn("alerts", "standing")
    if not isinstance(drawn, pages.Table) or drawn.frame.is_empty():
        return
    standing = drawn.frame
    labels = dict(standing.select("key", "about").iter_rows())
    key = st.selectbox("Alert", list(labels), format_func=lambda one: labels[one], key="alert")
    if key is None:
        return
    shown.put("alerts", "told", "moves", alert=key)
    state = standing.filter(key=key)["state"][0]
    left, right = st.columns(2, gap="large")
    with left, st.form(f"acknowledge-{key}"):
        st.text_input("What is done about it", key=f"comment-{key}", placeholder="kept in its history")
        st.form_submit_button(
            "Acknowledge", type="primary", key=f"ack-{key}", on_click=_acknowledge, args=(key, person),
            disabled=person is None or state in ("acknowledged", "silenced"),
        )  # fmt: skip
    with right, st.form(f"silence-{key}"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.date_input("Silent until", _today() + QUIET, min_value=_today() + timedelta(days=1),
                          key=f"until-{key}", width=160)  # fmt: skip
            st.text_input("Why", key=f"why-{key}", placeholder="whoever looks next has to know")
        with st.container(horizontal=True):
            st.form_submit_button(
                "Silence", key=f"silent-{key}", on_click=_silence, args=(key, person), disabled=person is None
            )
            if state == "silenced":
                st.form_submit_button("End it", key=f"lift-{key}", on_click=_lift, args=(key, person),
                                      disabled=person is None)  # fmt: skip
    if person is None:
        st.markdown(":small[:gray[Choose who you are above to say anything to it.]]")


def _today() -> date:
    return snapshot.now().astimezone(snapshot.firm().zone).date()


def _acknowledge(key: str, person: Person) -> None:
    """The same again changes nothing, so a second click is safe."""
    parts.said(lambda: alerts.acknowledge(
        snapshot.firm(), snapshot.store(), key, person=person.email,
        comment=st.session_state.get(f"comment-{key}") or "", moment=snapshot.now(),
    ))  # fmt: skip


def _silence(key: str, person: Person) -> None:
    day: date = st.session_state[f"until-{key}"]
    until = datetime.combine(day, time(), snapshot.firm().zone)
    parts.said(lambda: alerts.silence(
        snapshot.firm(), snapshot.store(), key, until=until, person=person.email,
        why=st.session_state.get(f"why-{key}") or "", moment=snapshot.now(),
    ))  # fmt: skip


def _lift(key: str, person: Person) -> None:
    parts.said(lambda: alerts.lift(
        snapshot.firm(), snapshot.store(), key, person=person.email, moment=snapshot.now()
    ))  # fmt: skip
