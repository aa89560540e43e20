"""Propose what the rules call for: gather from the layer and the store, decide, write. Nothing is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions import guardrails, holdout
from opslayer.actions.accounts import accounts_of
from opslayer.actions.autonomy import approve_by_itself, review
from opslayer.actions.bounces import last_bounce
from opslayer.actions.cause import is_evaluated, keep_evaluation
from opslayer.actions.evidence import doubts, fingerprint, header, needed
from opslayer.actions.kind import Kind, Occasion, Wanted
from opslayer.actions.kinds import KINDS, choose_rules
from opslayer.actions.limits import last_written_to
from opslayer.actions.mark import SUBJECT, flaw_of, is_drawn, key_of
from opslayer.actions.probe import plant
from opslayer.actions.proposal import Proposal, as_proposal
from opslayer.actions.replay.run import last_replay, refusal
from opslayer.actions.rule import Rule
from opslayer.actions.transition import OPEN, SYSTEM, UNSENT, carry_out, decide, expire, move
from opslayer.actions.wording import past_words
from opslayer.config import Firm
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.store import Proposal as Record
from opslayer.store import ProposalDocument, Store, append, lock, open_complaint
from opslayer.warehouse import Layer


@dataclass(frozen=True)
class Draft:
    """What is wanted, with its evidence, what would be sent, and what holds it even now."""

    wanted: Wanted
    evidence: dict[str, Any]
    content: dict[str, Any]
    expires_at: datetime
    hold: guardrails.Hold | None

    @property
    def evidence_hash(self) -> str:
        return fingerprint(self.evidence, self.content)


def propose(
    firm: Firm,
    layer: Layer,
    store: Store,
    *,
    as_of: date,
    moment: datetime,
    rule: str | None = None,
    job: str | None = None,
    dry_run: bool = False,
) -> list[Proposal]:
    """The proposals that are new on `as_of`; what is open stays, or is replaced if it changed.

    Of one `rule`, of those that wait for `job`, or of all that wait for neither. A dry run writes
    nothing. A rule that is on and may not be, by its replay and the firm's limits, proposes nothing: the
    trail says why. Raises UsageError where the snapshot is of another day or the rule is unknown,
    GuardrailHeld where the one `rule` may not be on.
    """
    if layer.as_of != as_of:
        raise UsageError(
            f"the snapshot is as of {layer.as_of}, and {as_of} was asked for",
            mend=f"`opslayer refresh --as-of {as_of}` publishes one of that day",
        )
    made: list[Proposal] = []
    if not dry_run:
        review(firm, store, moment=moment)  # before anything is approved by itself
    for chosen in choose_rules(firm, rule, job):
        if not chosen.enabled or _refused(firm, store, chosen, moment, is_named=rule is not None):
            continue
        made += propose_on(store, Occasion(firm, layer, chosen, moment), dry_run=dry_run)
    for kind in KINDS.values() if not dry_run else ():
        kind.finish(firm, store)
    return made


def why_refused(firm: Firm, store: Store, rule: Rule) -> str | None:
    """Why the rule may not be on, by its replay and the firm's limits; None where it may."""
    with store.reading() as session:
        return refusal(firm, rule, last_replay(session, rule.name))


def _refused(firm: Firm, store: Store, rule: Rule, moment: datetime, *, is_named: bool) -> bool:
    why = why_refused(firm, store, rule)
    if why is None:
        return False
    if is_named:
        raise GuardrailHeld(why)
    with store.session() as session:
        detail = {"rule": rule.name, "reason": why}
        append(session, moment=moment, actor=SYSTEM, event="rule refused", detail=detail)
    return True


def propose_on(store: Store, occasion: Occasion, *, dry_run: bool = False) -> list[Proposal]:
    """The new proposals of one rule, on or off; a dry run writes nothing."""
    kind, moment = KINDS[occasion.rule.kind], occasion.moment
    facts, version = kind.gather(occasion), occasion.bound_version
    with store.reading() as session:
        # what takes time, writing the messages, is done before the trail is locked
        wanted_then = kind.wanted(session, occasion, facts)
        drafts = {
            wanted.key: _draft(session, kind, occasion, wanted)
            for wanted in wanted_then
            if is_new(kind, _known(session, wanted), wanted, moment, version)
        }
        alone = holdout.left_alone(session, occasion, wanted_then)
    if dry_run:
        acted_on = (draft for draft in drafts.values() if draft.wanted.subject not in alone)
        return [as_proposal(_record(occasion, draft)) for draft in acted_on]
    with store.session() as session:
        lock(session)
        if is_evaluated(session, occasion):
            return []  # another process asked it meanwhile
        expire(session, moment=moment)
        wanted_now = kind.wanted(session, occasion, facts)
        alone = holdout.assign(session, kind, occasion, wanted_now)
        _supersede(session, kind, occasion, wanted_now, facts, alone)
        records = [
            _write(session, kind, occasion, drafts[wanted.key], _known(session, wanted), alone)
            for wanted in wanted_now
            if wanted.key in drafts and is_new(kind, _known(session, wanted), wanted, moment, version)
        ]
        _plant(session, kind, occasion, [drafts[record.idempotency_key] for record in records])
        keep_evaluation(session, occasion, proposed=len(records))
        return [as_proposal(record) for record in records if record.state != "withheld"]


def _plant(session: Session, kind: Kind, occasion: Occasion, drafts: list[Draft]) -> None:
    """Copies with an error, of some of what people are to decide."""
    names = {draft.wanted.name for draft in drafts}
    for draft in drafts:
        wanted, key = draft.wanted, key_of(draft.wanted.key)
        count = needed(wanted.approval, wanted.amount, draft.evidence, draft.content)
        if draft.hold is not None or not count or not is_drawn(wanted.key, occasion.firm.probes.share):
            continue
        found = plant(occasion, kind, draft.evidence, draft.content, names)
        if found is None or session.scalar(select(Record.id).where(Record.idempotency_key == key)):
            continue
        evidence, content = found
        copy = replace(wanted, key=key, subject=f"{SUBJECT}{key[:32]}", documents={})
        probe = replace(draft, wanted=copy, evidence=evidence, content=content)
        _write(session, kind, occasion, probe, None, ())


def _known(session: Session, wanted: Wanted) -> Record | None:
    return session.scalar(select(Record).where(Record.idempotency_key == wanted.key))


def is_new(kind: Kind, known: Record | None, wanted: Wanted, moment: datetime, version: str) -> bool:
    """Whether a proposal is needed: there is none, or it lapsed, or what it rests on has changed."""
    if known is None or known.state in ("cancelled", "expired"):
        return True
    if known.state in UNSENT and known.expires_at <= moment and not known.is_binding:
        return True
    if known.state in OPEN and known.evidence.get("bound_version") not in (None, version):
        return True
    return (known.state in OPEN or known.state == "failed") and kind.changed(known, wanted)


def _draft(session: Session, kind: Kind, occasion: Occasion, wanted: Wanted) -> Draft:
    written_to = last_written_to(session, wanted.client)
    evidence = header(occasion, wanted, written_to) | kind.evidence(occasion, wanted)
    evidence["accounts"] = accounts_of(session, occasion.layer, wanted.client, evidence)
    content = kind.content(occasion, wanted, evidence)
    twice = doubts(evidence, content.get("recipient"))
    words = wanted.approval.in_words(wanted.amount, least=2 if twice else 0)
    content["policy"] = " ".join(filter(None, (*twice, words, content.get("caution"))))
    expires_at = occasion.moment + timedelta(days=wanted.approval.expires_days)
    situation = guardrails.read_situation(occasion.layer, kind, evidence)
    case = guardrails.Case(
        firm=occasion.firm,
        kind=kind,
        rule=occasion.rule,
        evidence=evidence,
        recipient=content.get("recipient"),
        expires_at=expires_at,
        moment=occasion.moment,
        situation=situation,
        bounced=last_bounce(session, content.get("recipient")),
        complaint=open_complaint(session, occasion.rule.name, wanted.client or wanted.subject),
    )
    return Draft(wanted, evidence, content, expires_at, guardrails.examine(case))


def _record(occasion: Occasion, draft: Draft, into: Record | None = None) -> Record:
    """The draft as a row: a new one, or `into` one that was open or had lapsed."""
    wanted = draft.wanted
    record = into or Record(idempotency_key=wanted.key)
    record.rule, record.kind = occasion.rule.name, occasion.rule.kind
    record.level, record.subject, record.title = wanted.level, wanted.subject, wanted.title
    record.amount, record.currency = wanted.amount, draft.evidence["base_currency"]
    record.evidence, record.content = draft.evidence, draft.content
    record.evidence_hash = draft.evidence_hash
    record.snapshot, record.as_of = draft.evidence["snapshot"], occasion.as_of
    record.created_at, record.expires_at, record.is_binding = occasion.moment, draft.expires_at, False
    record.state, record.reason = "proposed", draft.hold.reason if draft.hold else None
    levels = {row.document_id: row for row in record.documents}
    for document, level in wanted.documents.items():
        if document in levels:
            levels[document].level = level
        else:
            record.documents.append(ProposalDocument(document_id=document, level=level))
    return record


def _write(
    session: Session,
    kind: Kind,
    occasion: Occasion,
    draft: Draft,
    known: Record | None,
    alone: Collection[str],
) -> Record:
    lost = past_words(known.content)[-1]["by"] if known and past_words(known.content) else None
    if lost:
        said = (
            f"{draft.content['policy']} The edit of {lost} is gone: it was drafted anew, on what is so now."
        )
        draft = replace(draft, content={**draft.content, "policy": said})
    record = _record(occasion, draft, known)
    moment = occasion.moment
    if record.outbox is not None:
        record.outbox.state = "cancelled"
    session.add(record)
    session.flush()
    detail = {
        "key": record.idempotency_key,
        "evidence_hash": record.evidence_hash,
        "snapshot": record.snapshot,
        **({"edit_lost": lost} if lost else {}),
    }
    if record.subject in alone:
        move(session, record, "withheld", moment=moment, reason=holdout.LEFT_ALONE, detail=detail)
        return record
    event = "proposed" if known is None else "proposed again"
    append(session, moment=moment, actor=SYSTEM, event=event, proposal_id=record.id, detail=detail)
    if draft.hold is not None or flaw_of(draft.evidence):
        return record
    count = needed(draft.wanted.approval, record.amount, draft.evidence, draft.content)
    if count == 0:
        limit = draft.wanted.approval.automatic_up_to
        said = f"automatic up to {limit} {record.currency}"
        decide(session, record, "approved", person=f"rule {record.rule}", reason=said, moment=moment)
    if count == 0 or approve_by_itself(session, occasion, record, count):
        carry_out(session, kind, occasion, record)
    return record


def _supersede(
    session: Session,
    kind: Kind,
    occasion: Occasion,
    wanted: Iterable[Wanted],
    facts: Any,
    alone: Collection[str],
) -> None:
    """Cancel open proposals that the rule calls for no more as they are, or whose subject it leaves alone."""
    keys = {one.key for one in wanted if one.subject not in alone}
    query = (
        select(Record)
        .where(Record.rule == occasion.rule.name, Record.kind == occasion.rule.kind, Record.state.in_(OPEN))
        .where(Record.subject.not_like(f"{SUBJECT}%"))
        .order_by(Record.id)
    )
    for record in session.scalars(query).all():
        if record.idempotency_key in keys or record.is_binding:
            continue
        if occasion.subject not in (None, record.subject):
            continue  # an event asks about its own subject alone
        reason = (
            holdout.LEFT_ALONE
            if record.subject in alone
            else kind.superseded(session, occasion, facts, record)
        )
        if reason is not None:
            move(session, record, "cancelled", moment=occasion.moment, reason=reason)
