"""Who is looking, and who decides. What a person may do is checked where it is done, not here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import snapshot
import streamlit as st

from opslayer.config import Firm, Person

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def enter() -> None:
    """Let in people of the firm only. Stops the page for anybody else."""
    if _provider():
        if not st.user.is_logged_in:
            st.button("Sign in", on_click=st.login, type="primary")
            st.stop()
        why = refused(dict(st.user.to_dict()), snapshot.firm(), snapshot.now())
        if why:
            st.error(why)
            st.button("Sign in as somebody else", on_click=st.logout)
            st.stop()
    elif st.get_option("server.address") not in LOOPBACK:
        st.error(
            "No sign-in is set up, and this page can be reached from other machines. "
            "Set up [auth] in .streamlit/secrets.toml, or serve it on 127.0.0.1."
        )
        st.stop()


def refused(claims: Mapping[str, Any], firm: Firm, moment: datetime) -> str | None:
    """Why the identity provider's claims do not open the door; None where they do.

    The session cookie outlives the token, so its expiry is looked at here.
    """
    if "exp" in claims and moment.timestamp() >= float(claims["exp"]):
        return "Your sign-in has expired."
    if claims.get("email_verified") is False:
        return "Your identity provider has not verified your e-mail address."
    email = str(claims.get("email", ""))
    if firm.person(email) is None:
        return f"{email or 'Your account'} is not among the people of {firm.name} in firm.toml."
    return None


def decider() -> Person | None:
    """Who decides: the identity provider's word where there is one, else a choice on this machine only."""
    firm = snapshot.firm()
    if _provider():
        return firm.person(str(st.user.email))
    return firm.person(st.session_state.get("who") or "")


def choose_decider() -> Person | None:
    """Say who decides; where nobody is signed in, ask, and say what that is worth."""
    firm = snapshot.firm()
    emails = [person.email for person in firm.people]
    if not emails:
        st.info("Nobody may decide yet: add [[people]] with their roles to firm.toml.")
    elif not _provider():
        known = st.session_state.get("who")
        st.session_state["who"] = st.selectbox(
            "You decide as",
            emails,
            index=emails.index(known) if known in emails else None,
            format_func=lambda email: _introduced(firm, email),
            placeholder="Choose who you are",
            key="decider",
            width=340,
            help="No sign-in is set up, so whoever sits at this machine says who they are. "
            "Set up [auth] in .streamlit/secrets.toml before anybody else can reach this page.",
        )
    return decider()


def _introduced(firm: Firm, email: str) -> str:
    person = firm.person(email)
    return f"{person.name} ({', '.join(person.roles)})" if person else email


def _provider() -> bool:
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets
