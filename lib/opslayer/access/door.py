"""The question asked wherever something is read or done, and the record of each time it was denied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from sqlalchemy import func, select

from opslayer.access.matrix import Doing
from opslayer.access.viewer import Viewer, acts_for, as_viewer
from opslayer.config import Firm, Person
from opslayer.errors import AccessDenied, unknown
from opslayer.store import AuditEvent, Decision, Store, append

DENIED = "access denied"
Given = ParamSpec("Given")
Done = TypeVar("Done")
SAME = timedelta(minutes=10)  # in which the same denial is kept once
MOST = 20  # denials of one person kept an hour: nobody floods the trail
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SAID = {
    "decide": "decide on proposals",
    "stop": "stop or resume sending",
    "quiet": "acknowledge or silence alerts",
    "serve": "change which model serves",
}


def open_page(viewer: Viewer, page: str, *, store: Store, moment: datetime) -> None:
    """Raises AccessDenied where the viewer's roles do not open the page, or their access has ended."""
    with audited(store, viewer.email, moment):
        _hold_to_end(viewer, moment)
        if page not in viewer.rights.pages:
            said = " or ".join(viewer.roles) or "no role"
            raise AccessDenied(
                f"{viewer.name} ({said}) may not open the page {page.replace('_', ' ').capitalize()}.",
                mend="an owner changes roles in firm.toml",
                what=f"page {page}",
            )


def admit(firm: Firm, store: Store, email: str, doing: Doing, *, moment: datetime) -> Viewer:
    """Who `email` is, where their roles let them do this now; which proposal, its rule says besides.

    Raises UsageError for nobody of the firm, AccessDenied where the roles do not allow it, the access has
    ended, or one person decides more often than [access] allows.
    """
    person = firm.person(email)
    if person is None:
        raise unknown("person", email, (person.email for person in firm.people))
    viewer = as_viewer(firm, person)
    with audited(store, viewer.email, moment):
        _hold_to_end(viewer, moment)
        if not _lets(firm, person, doing, moment):
            said = " or ".join(viewer.roles) or "no role"
            raise AccessDenied(f"{viewer.name} ({said}) may not {SAID[doing]}", what=doing)
        if doing == "decide":
            _hold_to_pace(firm, store, viewer, moment)
    return viewer


def asks(doing: Doing) -> Callable[[Callable[Given, Done]], Callable[Given, Done]]:
    """Of a function of (firm, store, ..., person=, moment=): it is done for whom `admit` lets do it."""

    def guard(act: Callable[Given, Done]) -> Callable[Given, Done]:
        @wraps(act)
        def guarded(*given: Given.args, **named: Given.kwargs) -> Done:
            firm, store = cast(tuple[Firm, Store], given[:2])
            said = cast(dict[str, Any], named)
            admit(firm, store, said["person"], doing, moment=said["moment"])
            with audited(store, said["person"], said["moment"]):
                return act(*given, **named)

        return guarded

    return guard


@contextmanager
def audited(store: Store, email: str, moment: datetime) -> Iterator[None]:
    """What is denied within goes into the trail, in a transaction of its own; then it is raised on."""
    try:
        yield
    except AccessDenied as denied:
        _keep(store, denied.who or email or "nobody", denied, moment)
        raise


def _lets(firm: Firm, person: Person, doing: Doing, moment: datetime) -> bool:
    """By a role of their own, or of somebody who is away and for whom they decide meanwhile."""
    day = moment.astimezone(firm.zone).date()
    held = [as_viewer(firm, one) for one in (person, *acts_for(firm, person, day))]
    return any(doing in one.rights.doings or one.decides_by_rule for one in held)


def _hold_to_end(viewer: Viewer, moment: datetime) -> None:
    if viewer.until is not None and moment >= viewer.until:
        raise AccessDenied("Your sign-in has expired.", mend="sign in again", what="after its end")


def _hold_to_pace(firm: Firm, store: Store, viewer: Viewer, moment: datetime) -> None:
    most = firm.access.decisions_a_minute
    lately = Decision.person == viewer.email, Decision.decided_at > moment - MINUTE
    with store.reading() as session:
        made = session.scalar(select(func.count()).select_from(Decision).where(*lately)) or 0
    if made >= most:
        raise AccessDenied(
            f"{viewer.name} decided {made} times within a minute; {most} are allowed",
            mend="wait a minute; `decisions_a_minute` under [access] says how many",
            what="pace",
        )


def _keep(store: Store, who: str, denied: AccessDenied, moment: datetime) -> None:
    """One event a person and thing in SAME, and MOST an hour, the last of which says that it is."""
    lately = AuditEvent.actor == who, AuditEvent.event == DENIED, AuditEvent.happened_at > moment - HOUR
    with store.session() as session:
        kept = session.scalars(select(AuditEvent).where(*lately)).all()
        again = any(one.detail["what"] == denied.what and one.happened_at > moment - SAME for one in kept)
        if again or len(kept) >= MOST:
            return
        detail = {"what": denied.what, "why": denied.message, "is_last_kept": len(kept) + 1 == MOST}
        append(session, moment=moment, actor=who, event=DENIED, detail=detail)
