"""People told of alerts: each telling kept with its words in one transaction, then sent; once, whatever dies.

A mail that did not leave is tried again by the next `tell`, as the same mail by its Message-ID. What was
acknowledged, silenced or over in between is not sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Literal
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions import mail
from opslayer.actions.alarm.routing import (
    BEGUN,
    Due,
    Telling,
    chain_of,
    due,
    is_maintained,
    may_tell,
    over,
    readers,
)
from opslayer.actions.alarm.words import Item, write
from opslayer.alerts import AT_REST, Alert, Definition, end_silences, list_alerts, load_definitions, unit_of
from opslayer.config import AlertsSection, Firm, MailSection, Person
from opslayer.errors import ConfigurationError
from opslayer.metrics import load_metrics
from opslayer.store import AlertChange, AlertNotice, AlertRecord, AlertTelling, Store, append, lock

LEASE = timedelta(minutes=5)  # that a process may take to send one mail


@dataclass(frozen=True)
class Told:
    """A mail to one person about alerts of one state, and what became of it."""

    person: str
    what: str
    alerts: int
    state: Literal["mailed", "waiting", "refused", "void"]
    reply: str


def tell(firm: Firm, store: Store, *, moment: datetime) -> list[Told]:
    """Write to whom alerts are routed, a mail a person, state and owner; safe to run twice, and to kill.

    Silences whose time is over are ended first. Nobody is written to where the firm has no [alerts].
    Raises ConfigurationError where it has no [mail].
    """
    end_silences(store, moment=moment)
    if firm.alerts is None:
        return []
    if firm.mail is None:
        raise ConfigurationError("there is no [mail] in firm.toml to write to people with")
    metrics = {metric.name: metric for metric in load_metrics(firm)}
    definitions = load_definitions(firm, metrics.values())
    alerts = list_alerts(store)
    with store.session() as session:
        lock(session)
        wanted = _wanted(firm, firm.alerts, session, alerts, definitions, moment)
        groups: dict[tuple[str, str, str], list[Item]] = defaultdict(list)
        for person, alert, one in wanted:
            definition = definitions.get(alert.definition)
            unit = unit_of(definition, metrics) if definition else "count"
            owner = definition.owner if definition else ""
            groups[person.email, one.what, owner].append(Item(alert, definition, unit, one))
        for (email, _, owner), items in sorted(groups.items()):
            _keep(firm, firm.alerts, firm.mail, session, email, owner, items, moment)
        unsent = list(
            session.scalars(
                select(AlertNotice.id).where(AlertNotice.state == "waiting").order_by(AlertNotice.id)
            )
        )
    sent = (_send(store, firm.mail, number, moment) for number in unsent)
    return [one for one in sent if one is not None]


def _wanted(
    firm: Firm,
    settings: AlertsSection,
    session: Session,
    alerts: list[Alert],
    definitions: dict[str, Definition],
    moment: datetime,
) -> Iterator[tuple[Person, Alert, Due]]:
    """Each telling that is due to a person at this hour, and was not told yet."""
    roles = {role for person in firm.people for role in person.roles}
    fired, told = _fired(session), _told(session)
    known = {tuple(row) for row in session.execute(_KEY)}
    for alert in alerts:
        if is_maintained(alert.definition, settings, moment):
            continue
        definition = definitions.get(alert.definition)
        chain = chain_of(settings, definition.owner if definition else "*", roles)
        history = fired.get(alert.number, [])
        now = [
            (person, one)
            for one in due(alert, chain, settings, fired=history, moment=moment)
            for person in readers(firm, one.role, moment)
        ]
        heard = over(alert, told.get(alert.number, []), settings, fired=history, moment=moment)
        now += [
            (person, Due("resolved", "", alert.opened_at or alert.since, 0))
            for person in firm.people
            if person.email in heard
        ]
        for person, one in now:
            key = (alert.number, person.email, one.what, one.begun.isoformat(), one.turn)
            if key not in known and may_tell(firm, settings, person, definition, moment):
                known.add(key)  # who has two roles of a chain is told once
                yield person, alert, one


_KEY = select(
    AlertTelling.alert_id, AlertTelling.person, AlertTelling.told, AlertTelling.begun, AlertTelling.turn
)


def _fired(session: Session) -> dict[int, list[datetime]]:
    found: dict[int, list[datetime]] = defaultdict(list)
    moments = select(AlertChange.alert_id, AlertChange.moment).where(AlertChange.fired)
    for alert, moment in session.execute(moments.order_by(AlertChange.id)):
        found[alert].append(moment)
    return found


def _told(session: Session) -> dict[int, list[Telling]]:
    """What people were told of each alert, first to last; not what never reached them."""
    found: dict[int, list[Telling]] = defaultdict(list)
    every = select(AlertTelling).join(AlertTelling.notice).where(AlertNotice.state.in_(("mailed", "waiting")))
    for one in session.scalars(every.order_by(AlertTelling.id)):
        found[one.alert_id].append(Telling(one.person, one.told, one.begun))
    return found


def _keep(
    firm: Firm,
    settings: AlertsSection,
    server: MailSection,
    session: Session,
    email: str,
    owner: str,
    items: list[Item],
    moment: datetime,
) -> None:
    """A notice and what it tells, with its words, within the caller's transaction."""
    person = firm.person(email)
    assert person is not None, "it is routed to somebody"
    what = items[0].due.what
    domain = parseaddr(server.sender)[1].rpartition("@")[2] or "localhost"
    notice = AlertNotice(
        person=email, told=what, owner=owner, made_at=moment, message_id=f"<{uuid4().hex}@{domain}>",
        state="waiting", content=write(firm, person, what, owner, items, page=settings.page),
    )  # fmt: skip
    notice.tellings = [
        AlertTelling(
            alert_id=item.alert.number, person=email, told=what, begun=item.due.begun.isoformat(),
            turn=item.due.turn,
        )
        for item in items
    ]  # fmt: skip
    session.add(notice)


def _send(store: Store, server: MailSection, number: int, moment: datetime) -> Told | None:
    """Claim one notice, send it, and keep what became of it; None where another process has it."""
    with store.session() as session:
        lock(session)
        notice = session.get_one(AlertNotice, number)
        if notice.state != "waiting" or (notice.claimed_until and notice.claimed_until > moment):
            return None
        count = len(notice.tellings)
        if not any(_holds(session, telling) for telling in notice.tellings):
            notice.state, notice.reply = "void", "what it tells of is so no more"
            return Told(notice.person, notice.told, 0, "void", notice.reply)
        notice.claimed_until = moment + LEASE
        content, message_id, made_at = notice.content, notice.message_id, notice.made_at
    message = mail.compose(content, sender=server.sender, message_id=message_id, moment=made_at)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office note answers it
    delivery = mail.deliver(server.model_copy(update={"copy_to": None}), message, may_send=lambda: True)
    with store.session() as session:
        lock(session)
        notice = session.get_one(AlertNotice, number)
        notice.claimed_until, notice.reply = None, delivery.reply
        if delivery.outcome in ("accepted", "refused"):
            notice.state = "mailed" if delivery.outcome == "accepted" else "refused"
            detail = {
                "person": notice.person, "what": notice.told, "message_id": message_id,
                "alerts": sorted(telling.alert_id for telling in notice.tellings), "reply": delivery.reply,
            }  # fmt: skip
            event = "alert told" if notice.state == "mailed" else "alert not told"
            append(session, moment=moment, actor="opslayer", event=event, detail=detail)
        return Told(notice.person, notice.told, count, notice.state, delivery.reply)  # type: ignore[arg-type]


def _holds(session: Session, telling: AlertTelling) -> bool:
    """Whether what would be told is still so."""
    state = session.get_one(AlertRecord, telling.alert_id).state
    if telling.told in BEGUN:
        return state == "firing"
    return state in AT_REST if telling.told == "resolved" else state == telling.told
