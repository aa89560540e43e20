"""What waits for whom, as one mail a person: kept with its links first, then sent.

A mail that did not leave is tried again by the next `notify`, with the same links. What was decided, changed
or expired in between is left out, and nobody is written to about what a guardrail would hold. One that a
server took from a process that died before it wrote that down is sent once more, as the same mail by its
Message-ID, with the same links: nobody keeps a copy of other people's links that could tell, and each link
decides once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any, Literal
from uuid import uuid4

from joserfc.jwk import OctKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions import guardrails, mail
from opslayer.actions.approval import case, is_whole
from opslayer.actions.authority import authority, is_away, roles_asked
from opslayer.actions.kinds import KINDS, load_rules
from opslayer.actions.link import sign, signing_key
from opslayer.actions.proposal import approvals
from opslayer.actions.rendering import render
from opslayer.actions.rule import Rule
from opslayer.config import ApprovalsSection, Firm, MailSection, Person
from opslayer.errors import ConfigurationError
from opslayer.store import DecisionLink, Digest, Store, append, lock
from opslayer.store import Proposal as Record
from opslayer.warehouse import Layer

LEASE = timedelta(minutes=5)  # that a process may take to send one mail
MOST = 25  # proposals in one mail; the others come with the next


@dataclass(frozen=True)
class Notice:
    """A mail to one person: how many proposals are in it, and what became of it."""

    person: str
    proposals: int
    state: Literal["mailed", "waiting", "void"]
    reply: str


def notify(firm: Firm, store: Store, *, layer: Layer, moment: datetime) -> list[Notice]:
    """Write to everybody for whom something new waits; safe to run twice at once, and to kill.

    Nobody is written to where the firm has no [approvals]. Raises ConfigurationError where it has no [mail],
    or a secret that does not do.
    """
    if firm.approvals is None:
        return []
    if firm.mail is None:
        raise ConfigurationError("there is no [mail] in firm.toml to write to people with")
    key = signing_key(firm.approvals)
    rules = {rule.name: rule for rule in load_rules(firm)}
    free = _free(firm, store, layer, rules, moment)
    with store.session() as session:
        lock(session)
        _make(session, firm, firm.approvals, rules, free, moment)
        unsent = list(session.scalars(select(Digest.id).where(Digest.state == "waiting").order_by(Digest.id)))
    sent = (_send(firm, store, firm.approvals, firm.mail, key, number, moment) for number in unsent)
    return [notice for notice in sent if notice is not None]


def _free(firm: Firm, store: Store, layer: Layer, rules: dict[str, Rule], moment: datetime) -> dict[int, str]:
    """What waits and nothing holds: number -> the hash of its evidence."""
    free = {}
    with store.reading() as session:
        waiting = select(Record).where(Record.state == "proposed", Record.expires_at > moment)
        for record in session.scalars(waiting.order_by(Record.id)):
            situation = guardrails.read_situation(layer, KINDS[record.kind], record.evidence)
            hold = guardrails.examine(case(firm, record, rules.get(record.rule), situation, moment))
            if hold is None and is_whole(record):
                free[record.id] = record.evidence_hash
    return free


def _make(
    session: Session,
    firm: Firm,
    settings: ApprovalsSection,
    rules: dict[str, Rule],
    free: dict[int, str],
    moment: datetime,
) -> None:
    """A digest, with its links, for each person for whom there is something new; money first."""
    records = [record for record in map(session.get_one, [Record] * len(free), free) if _waits(record, free)]
    records.sort(key=lambda record: (-record.amount, record.created_at, record.id))
    linked = select(DecisionLink.proposal_id, DecisionLink.person, DecisionLink.evidence_hash)
    known = {tuple(row) for row in session.execute(linked.where(DecisionLink.proposal_id.in_(list(free))))}
    domain = parseaddr(firm.mail.sender if firm.mail else "")[1].rpartition("@")[2] or "localhost"
    for person in firm.people:
        new = [
            record
            for record in records
            if (record.id, person.email, record.evidence_hash) not in known
            and stands_in(firm, rules, record, person, moment) is not None
        ]
        if not new or is_away(firm, person, moment):
            continue
        digest = Digest(
            person=person.email, made_at=moment, message_id=f"<{uuid4().hex}@{domain}>", state="waiting"
        )
        digest.links = [
            DecisionLink(
                nonce=secrets.token_urlsafe(32),
                proposal_id=record.id,
                person=person.email,
                evidence_hash=record.evidence_hash,
                expires_at=min(moment + timedelta(hours=settings.expires_hours), record.expires_at),
            )
            for record in new[:MOST]
        ]
        session.add(digest)


def _waits(record: Record, free: dict[int, str]) -> bool:
    return record.state == "proposed" and record.evidence_hash == free[record.id]


def stands_in(
    firm: Firm, rules: dict[str, Rule], record: Record, person: Person, moment: datetime
) -> str | None:
    """By what the person may give the next yes: "" by their own role, or for whom; None: they may not."""
    rule = rules.get(record.rule)
    approval = rule.approval_at(record.level) if rule else None
    given = {decision.person for decision in approvals(record)}
    if approval is None or person.email in given:
        return None
    asked = roles_asked(approval, given=len(given), age=moment - record.created_at)
    return authority(firm, person, asked, moment)


def _send(
    firm: Firm,
    store: Store,
    settings: ApprovalsSection,
    server: MailSection,
    key: OctKey,
    number: int,
    moment: datetime,
) -> Notice | None:
    """Claim one digest, send it, and keep what became of it; None where another process has it."""
    rules = {rule.name: rule for rule in load_rules(firm)}
    with store.session() as session:
        lock(session)
        digest = session.get_one(Digest, number)
        if digest.state != "waiting" or (digest.claimed_until and digest.claimed_until > moment):
            return None
        person = firm.person(digest.person)
        items = list(_items(firm, session, settings, rules, key, digest, person, moment)) if person else []
        if not items:
            digest.state = "void"
            return Notice(digest.person, 0, "void", "what it was about waits no more")
        digest.claimed_until = moment + LEASE
        recipient, message_id = digest.person, digest.message_id
    assert person is not None, "there are items"
    message = mail.compose(
        write(firm, person, items), sender=server.sender, message_id=message_id, moment=moment
    )
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office note answers it
    # no blind copy: whoever reads that mailbox must not hold other people's links
    alone = server.model_copy(update={"copy_to": None})
    delivery = mail.deliver(alone, message, may_send=lambda: True)
    with store.session() as session:
        lock(session)
        digest = session.get_one(Digest, number)
        digest.claimed_until = None
        if delivery.outcome in ("accepted", "refused"):
            digest.state = "mailed" if delivery.outcome == "accepted" else "void"
            append(
                session,
                moment=moment,
                actor="opslayer",
                event="notified" if delivery.outcome == "accepted" else "not notified",
                detail={
                    "person": recipient,
                    "proposals": [item["number"] for item in items],
                    "message_id": message_id,
                    "reply": delivery.reply,
                },
            )
        return Notice(recipient, len(items), digest.state, delivery.reply)  # type: ignore[arg-type]


def _items(
    firm: Firm,
    session: Session,
    settings: ApprovalsSection,
    rules: dict[str, Rule],
    key: OctKey,
    digest: Digest,
    person: Person,
    moment: datetime,
) -> Iterable[dict[str, Any]]:
    """What a digest still has to say, money first."""
    pairs = [(link, session.get_one(Record, link.proposal_id)) for link in digest.links]
    for link, record in sorted(pairs, key=lambda pair: (-pair[1].amount, pair[1].id)):
        instead = stands_in(firm, rules, record, person, moment)
        is_open = record.state == "proposed" and record.evidence_hash == link.evidence_hash
        if not is_open or instead is None or link.used_at or moment >= link.expires_at:
            continue
        yield {
            "number": record.id,
            "title": record.title,
            "amount": record.amount,
            "currency": record.currency,
            "policy": record.content["policy"],
            "instead": instead,
            "until": link.expires_at.astimezone(firm.zone),
            "link": f"{settings.links}/decide/{sign(key, link)}",
        }


def write(firm: Firm, person: Person, items: list[dict[str, Any]]) -> dict[str, Any]:
    """The mail: recipient, subject, text and html. Raises ConfigurationError for a template that fails."""
    largest = max(items, key=lambda item: item["amount"])
    values = {"firm": firm.name, "person": person.name, "items": items, "largest": largest}
    subject, _, text = render(firm, "waiting.txt.j2", values).strip().partition("\n")
    subject = subject.removeprefix("Subject:").strip()
    html = render(firm, "waiting.html.j2", {**values, "subject": subject})
    return {"recipient": person.email, "subject": subject, "text": text.strip() + "\n", "html": html}
