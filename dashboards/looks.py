"""Who looks at the page Today, and when they did before."""

from __future__ import annotations

from dataclasses import dataclass

import people
import snapshot
import streamlit as st

from opslayer.store import look

NOBODY = "this machine"


@dataclass(frozen=True)
class Seen:
    """Whose page it is (an address, or none), the minute, and the moment that changes count from."""

    person: str
    at: str
    since: str


def now() -> Seen:
    """Kept once a session: what changed since the last look stays on the page while one reads it."""
    moment = snapshot.now().replace(second=0, microsecond=0)
    person = people.decider()
    who = person.email if person else ""
    if st.session_state.get("looks_as") != who:
        since = look(snapshot.store(), who or NOBODY, moment=snapshot.now())
        st.session_state["looks_as"], st.session_state["looked"] = who, since.isoformat() if since else ""
    return Seen(who, moment.isoformat(), st.session_state["looked"])
