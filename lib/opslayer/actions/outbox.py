"""The outbox: what was approved leaves once, or does not leave and says why.

A row is claimed, and the claim committed, before the server hears of it; the answer is committed after. A
process that dies in between leaves a claim that runs out. What became of its message is then asked of the
channel, mail of the mailbox of copies; where that cannot tell nobody can, and a person has to say.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions import guardrails
from opslayer.actions.approval import case, is_approved, is_whole
from opslayer.actions.bounces import record_bounces
from opslayer.actions.channels.channel import Channel, Delivery, Effect, Finding, channel_of, deliver
from opslayer.actions.channels.configured import open_channel
from opslayer.actions.channels.effect import as_effect
from opslayer.actions.kinds import KINDS, load_rules
from opslayer.actions.lease import give_back, take
from opslayer.actions.limits import read_usage
from opslayer.actions.proposal import Proposal, as_proposal, find
from opslayer.actions.transition import expire, move
from opslayer.config import Firm, secret
from opslayer.errors import ConfigurationError
from opslayer.store import Outbox, Store, append, fraction, lock
from opslayer.store import Proposal as Record
from opslayer.warehouse import Layer

BATCH = 32  # messages taken at once
LEASE = timedelta(minutes=15)
SENDING = timedelta(
    minutes=5
)  # after this a claimed message is not begun: its end must lie well before LEASE
GRACE = timedelta(minutes=10)  # what proof may take to arrive, as a copy in the mailbox
FIRST_PAUSE = timedelta(minutes=5)  # before a deferred message is tried again; doubles each time
MOST_ATTEMPTS = 10  # after which it is a dead letter: a day, about


class Clock:
    """The caller's moment, moving on as time passes, the machine's sleep included where it is counted."""

    SOURCE = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    def __init__(self, moment: datetime) -> None:
        self._moment, self._started = moment, time.clock_gettime(self.SOURCE)

    def __call__(self) -> datetime:
        return self._moment + timedelta(seconds=time.clock_gettime(self.SOURCE) - self._started)

    def is_before(self, moment: datetime) -> bool:
        return self() < moment


def dispatch(
    firm: Firm, store: Store, *, layer: Layer, moment: datetime, limit: int | None = None
) -> list[Proposal]:
    """Send what is approved and whose hold has ended, `limit` messages at most; what moved, as it now stands.

    Safe to run several times at once, and to kill. Each message passes the guardrails once more, on `layer`.
    With `workers` in firm.toml above 1, so many threads send side by side, in no order of theirs.
    """
    if firm.mail and firm.mail.password:
        secret(firm.mail.password)  # a password that is not set is said before anything is claimed
    for kind in KINDS.values():
        kind.finish(firm, store)
    now = Clock(moment)
    moved = _recover(firm, store, now) + record_bounces(firm, store, moment=now())
    with store.session() as session:
        lock(session)
        moved += [record.id for record in expire(session, moment=now())]
    worker = Worker(firm, store, layer, now)
    sent = after = 0
    try:
        with ThreadPoolExecutor(firm.outbox.workers) as threads:
            while limit is None or sent < limit:
                most = BATCH if limit is None else min(BATCH, limit - sent)
                batch = take(store, worker.name, after=after, most=most, moment=now())
                if not batch:
                    break
                after = batch[-1][0]
                for number, outcome in threads.map(worker.send, [number for _, number in batch]):
                    moved += [number] if outcome is not None else []
                    sent += outcome == "accepted"
    finally:
        give_back(store, worker.name)
    with store.reading() as session:
        return [as_proposal(find(session, number)) for number in dict.fromkeys(moved)]


@dataclass(frozen=True)
class Worker:
    """Who sends: one dispatch, whatever its threads. `away` are the channels that could not be reached."""

    firm: Firm
    store: Store
    layer: Layer
    now: Clock
    name: str = field(default_factory=lambda: uuid4().hex)
    away: set[str] = field(default_factory=set)

    def send(self, number: int) -> tuple[int, str | None]:
        """Look at one message that is ours, and send it; what became of it, None where nothing did."""
        claimed = _claim(self, number)
        if not isinstance(claimed, tuple):
            return number, claimed
        channel, effect = claimed
        delivery = deliver(channel, effect, may_send=partial(self.now.is_before, self.now() + SENDING))
        _record(self, number, channel, delivery)
        if delivery.outcome == "unreachable":
            self.away.add(channel.name)  # the others of it would fare no better
        return number, delivery.outcome


def _claim(worker: Worker, number: int) -> tuple[Channel, Effect] | str | None:
    """What is to leave and by what, claimed and committed; else the state it was put into, if any."""
    firm, now = worker.firm, worker.now
    with worker.store.reading() as session:
        record = find(session, number)
        if channel_of(record.content) in worker.away:
            return None
        situation = guardrails.read_situation(worker.layer, KINDS[record.kind], record.evidence)
    rules = {rule.name: rule for rule in load_rules(firm)}  # read anew, so that a switch thrown works at once
    with worker.store.session() as session:
        lock(session)
        record = find(session, number)
        outbox = record.outbox
        if outbox is None or outbox.state != "waiting" or outbox.claimed_by != worker.name:
            return None  # somebody took it back, or we slept and it is another's
        rule = rules.get(record.rule)
        usage = read_usage(session, firm, record, now())
        hold = guardrails.examine(case(firm, record, rule, situation, now(), usage))
        channel = _channel(firm, record)
        if hold is None and isinstance(channel, guardrails.Hold):
            hold = channel
        if hold is None and not (rule and is_whole(record) and is_approved(firm, record, rule)):
            hold = guardrails.Hold("it is not what was approved", "cancelled")
        if hold is not None and record.is_binding:
            hold = replace(hold, state="held")
        if hold is not None:
            if (record.state, record.reason) == (hold.state, hold.reason):
                return None
            detail = {"guardrail": hold.guardrail}
            move(session, record, hold.state, moment=now(), reason=hold.reason, detail=detail)
            return hold.state
        assert not isinstance(channel, guardrails.Hold), "it would have held"
        effect = as_effect(session, record, KINDS[record.kind].message(session, record), now())
        outbox.claimed_until = now() + LEASE
        outbox.attempts += 1
        move(session, record, "sending", moment=now(), detail={"attempt": outbox.attempts})
        return channel, effect


def _channel(firm: Firm, record: Record) -> Channel | guardrails.Hold:
    try:
        return open_channel(firm, channel_of(record.content))
    except ConfigurationError as error:
        return guardrails.Hold(error.message)


def _record(worker: Worker, number: int, channel: Channel, delivery: Delivery) -> None:
    """Write down what became of a claimed message."""
    now = worker.now
    with worker.store.session() as session:
        lock(session)
        record = find(session, number)
        outbox = record.outbox
        assert outbox is not None
        detail = {"message_id": outbox.message_id, "reply": delivery.reply}
        if delivery.outcome == "accepted":
            if record.state == "sent":
                append(
                    session,
                    moment=now(),
                    actor="opslayer",
                    event="accepted",
                    proposal_id=number,
                    detail=detail,
                )
            else:  # whatever was thought of it meanwhile: the server has it, and nobody may send it again
                move(session, record, "sent", moment=now(), detail=detail)
            return
        if outbox.claimed_by != worker.name:
            return  # the claim ran out, and somebody else has settled it
        outbox.failure = delivery.reply
        match delivery.outcome:
            case "refused":
                move(session, record, "failed", moment=now(), reason=delivery.reply, detail=detail)
            case "deferred" if outbox.attempts >= MOST_ATTEMPTS:
                reason = f"given up after {outbox.attempts} attempts: {delivery.reply}"
                move(session, record, "failed", moment=now(), reason=reason, detail=detail)
            case "deferred":
                wait = max(pause(outbox.message_id, outbox.attempts), delivery.retry_after)
                outbox.not_before = now() + wait
                move(session, record, "approved", moment=now(), reason=f"tried again later: {delivery.reply}")
            case "unreachable":
                move(session, record, "approved", moment=now(), reason=delivery.reply)
            case _ if channel.proves:  # the claim runs out, and the channel will tell
                append(
                    session,
                    moment=now(),
                    actor="opslayer",
                    event="unclear",
                    proposal_id=number,
                    detail=detail,
                )
            case _:
                move(session, record, "uncertain", moment=now(), reason=delivery.reply, detail=detail)


def pause(message_id: str, attempts: int) -> timedelta:
    """Before the next attempt: doubling up to five hours, and up to half as long again, by chance of the id.

    Messages that were deferred together are not tried again together.
    """
    chance = fraction(message_id, str(attempts))
    return FIRST_PAUSE * (1 << min(attempts - 1, 6)) * (1 + chance / 2)


def _recover(firm: Firm, store: Store, now: Clock) -> list[int]:
    """Settle what a dispatch that died left behind, and what is uncertain; the proposals that moved."""
    lapsed = select(Record).join(Record.outbox).where(
        (Outbox.state == "uncertain") | ((Outbox.state == "sending") & (Outbox.claimed_until < now()))
    )  # fmt: skip
    with store.reading() as session:
        findings = _confirm(firm, session, session.scalars(lapsed).all(), now())
    if not findings:
        return []
    moved = []
    with store.session() as session:
        lock(session)
        for record in session.scalars(lapsed.order_by(Record.id)).all():
            finding = findings.get(record.idempotency_key)
            if finding is not None and _settle(session, record, finding, now()):
                moved += [record.id]
    return moved


def _confirm(firm: Firm, session: Session, records: Sequence[Record], moment: datetime) -> dict[str, Finding]:
    """What the channel of each says of it, by key; unknown where the firm has that channel no more."""
    found: dict[str, Finding] = {record.idempotency_key: "unknown" for record in records}
    for name in sorted({channel_of(record.content) for record in records}):
        of_it = [record for record in records if channel_of(record.content) == name]
        channel = _channel(firm, of_it[0])
        if not isinstance(channel, guardrails.Hold):
            effects = (
                as_effect(session, one, KINDS[one.kind].message(session, one), moment) for one in of_it
            )
            found |= channel.confirm(list(effects))
    return found


def _settle(session: Session, record: Record, finding: Finding, moment: datetime) -> bool:
    outbox = record.outbox
    assert outbox is not None
    if finding == "arrived":
        move(session, record, "sent", moment=moment, detail={"proof": outbox.message_id})
        return True
    if record.state == "uncertain":
        return False
    assert outbox.claimed_until is not None
    if finding == "unknown":
        reason = f"it may have left, and {channel_of(record.content)} has no way to tell"
        move(session, record, "uncertain", moment=moment, reason=reason)
        return True
    if moment < outbox.claimed_until + GRACE:
        return False  # its copy may be on the way
    move(session, record, "approved", moment=moment, reason="it did not arrive: it had not left")
    return True
