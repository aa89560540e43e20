"""Who is looking, and who decides. What a person may do is checked where it is done, not here."""

from __future__ import annotations

import snapshot
import streamlit as st

from opslayer import access
from opslayer.config import Firm, Person
from opslayer.errors import AccessDenied

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def enter() -> None:
    """Let in people of the firm only. Stops the page for anybody else."""
    if snapshot.signs_in():
        if not st.user.is_logged_in:
            st.title(snapshot.configured().name, anchor=False)
            st.button("Sign in", on_click=st.login, type="primary", icon=":material/login:")
            st.stop()
        try:
            with access.audited(snapshot.store(), str(st.user.get("email") or ""), snapshot.now()):
                snapshot.viewer()
        except AccessDenied as denied:
            st.error(denied.message, icon=":material/block:")
            st.button("Sign in as somebody else", on_click=st.logout)
            st.stop()
    elif snapshot.configured().access.login is not None:
        st.error("People of this firm sign in, and this server was not told how: start it by `opslayer up`.")
        st.stop()
    elif st.get_option("server.address") not in LOOPBACK:
        st.error(
            "No sign-in is set up, and this page can be reached from other machines. "
            "Set up [access.login] in firm.toml, or serve it on 127.0.0.1."
        )
        st.stop()


def seen_as() -> str:
    """Who is looking, and how far what they see reaches."""
    if not snapshot.signs_in():
        return "Nobody is signed in: served to this machine only."
    viewer = snapshot.viewer()
    practices = viewer.rows.practices
    only = "" if practices is None else f", {' and '.join(practices) or 'no practice'} only"
    return f"Signed in as {viewer.name} ({', '.join(viewer.roles)}{only})."


def may_open(page: str) -> bool:
    return page in snapshot.viewer().rights.pages


def way_to(page: str, label: str, icon: str) -> None:
    """A link to a page; only its words, where it is not open to who is looking."""
    if may_open(page):
        st.page_link(f"views/{page}.py", label=label, icon=icon)
    else:
        st.markdown(label)


def sign_out() -> None:
    """The way out, in a corner, for who is signed in."""
    if snapshot.signs_in():
        st.button("Sign out", on_click=st.logout, type="tertiary", icon=":material/logout:", key="sign-out")


def decider() -> Person | None:
    """Who decides: the identity provider's word where there is one, else a choice on this machine only."""
    if snapshot.signs_in():
        return snapshot.signed_in()
    return snapshot.firm().person(st.session_state.get("who") or "")


def choose_decider() -> Person | None:
    """Say who decides; where nobody is signed in, ask, and say what that is worth."""
    firm = snapshot.firm()
    emails = [person.email for person in firm.people]
    if not emails:
        st.info("Nobody may decide yet: add [[people]] with their roles to firm.toml.")
    elif not snapshot.signs_in():
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
            "Set up [access.login] in firm.toml before anybody else can reach this page.",
        )
    return decider()


def _introduced(firm: Firm, email: str) -> str:
    person = firm.person(email)
    return f"{person.name} ({', '.join(person.roles)})" if person else email
