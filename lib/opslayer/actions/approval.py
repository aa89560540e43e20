"""What people decide: approve, reject, settle. Who may is checked here, at each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session, object_session

from opslayer.access import asks
from opslayer.actions import guardrails
from opslayer.actions.authority import all_roles, authority, roles_asked
from opslayer.actions.bounces import last_bounce
from opslayer.actions.evidence import fingerprint, needed
from opslayer.actions.grant import AUTONOMY, is_granted
from opslayer.actions.kind import Occasion
from opslayer.actions.kinds import KINDS, load_rules
from opslayer.actions.limits import Usage
from opslayer.actions.mark import flaw_of
from opslayer.actions.probe import reveal
from opslayer.actions.proposal import Proposal, approvals, as_proposal, find
from opslayer.actions.rule import Rule
from opslayer.actions.transition import UNSENT, carry_out, decide, move, whom
from opslayer.actions.version import rule_version
from opslayer.config import Firm, Person
from opslayer.errors import AccessDenied, GuardrailHeld, OpslayerError, UsageError, unknown
from opslayer.store import Proposal as Record
from opslayer.store import Store, append, lock, open_complaint
from opslayer.warehouse import Layer


def nothing(_: Session) -> None: ...


@asks("decide")
def approve(
    firm: Firm,
    store: Store,
    number: int,
    *,
    person: str,
    reason: str,
    moment: datetime,
    layer: Layer,
    evidence_hash: str | None = None,
    besides: Callable[[Session], None] = nothing,
) -> Proposal:
    """One person's yes. With the last one that is needed, what the kind does is set going.

    The same yes again, as a second click gives it, changes nothing. `evidence_hash` is of the evidence the
    person looked at, where the caller knows it; `besides` is done in the decision's transaction, or undoes it
    by raising. Raises GuardrailHeld where a guardrail, the evidence or the person's roles stand against it,
    UsageError where there is nothing to decide.
    """
    with store.reading() as session:
        record = find(session, number)
        situation = guardrails.read_situation(layer, KINDS[record.kind], record.evidence)
    held: guardrails.Hold | None
    with store.session() as session:
        lock(session)
        record = find(session, number)
        rule, who, reason = authorise(firm, record, person, reason, moment)
        if record.state in UNSENT and who.email in {decision.person for decision in approvals(record)}:
            besides(session)
            return as_proposal(record)
        if record.state != "proposed":
            raise UsageError(f"proposal {number} is {record.state}; there is nothing to approve")
        if evidence_hash not in (None, record.evidence_hash):
            raise _changed(number)
        held = guardrails.examine(case(firm, record, rule, situation, moment))
        if held is None and not is_whole(record):
            held = guardrails.Hold("its evidence is not what was proposed", "cancelled")
        if held is None:
            besides(session)
            if flaw_of(record.evidence):
                reveal(session, record, "approved", person=who.email, reason=reason, moment=moment)
            else:
                _say_yes(session, Occasion(firm, layer, rule, moment), record, who, reason)
        elif held.state != "held":
            move(session, record, held.state, moment=moment, reason=held.reason)
        else:
            record.reason = held.reason
            detail = {"reason": held.reason, "guardrail": held.guardrail}
            append(
                session,
                moment=moment,
                actor=who.email,
                event="approval held",
                proposal_id=number,
                detail=detail,
            )
        outcome = as_proposal(record)
    if held is not None:
        raise GuardrailHeld(f"proposal {number} was not approved: {held.reason}")
    KINDS[record.kind].finish(firm, store)
    return outcome


@dataclass(frozen=True)
class Refused:
    """A proposal of several that was not approved, and why."""

    id: int
    error: OpslayerError


def approve_each(
    firm: Firm,
    store: Store,
    numbers: Iterable[int],
    *,
    person: str,
    reason: str,
    moment: datetime,
    layer: Layer,
    evidence_hashes: Mapping[int, str] | None = None,
) -> tuple[list[Proposal], list[Refused]]:
    """A yes to each of several, by itself: what is refused stands in nobody's way, and is listed.

    `evidence_hashes` are of what the person looked at, by number, where the caller knows them.
    """
    seen = evidence_hashes or {}
    done: list[Proposal] = []
    refused: list[Refused] = []
    for number in numbers:
        try:
            done.append(
                approve(
                    firm,
                    store,
                    number,
                    person=person,
                    reason=reason,
                    moment=moment,
                    layer=layer,
                    evidence_hash=seen.get(number),
                )
            )
        except (GuardrailHeld, UsageError) as error:
            refused.append(Refused(number, error))
    return done, refused


@asks("decide")
def reject(
    firm: Firm,
    store: Store,
    number: int,
    *,
    person: str,
    reason: str,
    moment: datetime,
    layer: Layer | None = None,  # noqa: ARG001  so that a page calls either verdict alike
    evidence_hash: str | None = None,
    besides: Callable[[Session], None] = nothing,
) -> Proposal:
    """A no; it also takes back an approval whose message has not left. A second no changes nothing.

    `evidence_hash` and `besides` are as of `approve`.
    Raises GuardrailHeld where the person's roles do not allow it, UsageError where it cannot be rejected.
    """
    with store.session() as session:
        lock(session)
        record = find(session, number)
        taking_back = record.state in ("approved", "held")
        _, who, reason = authorise(firm, record, person, reason, moment, taking_back=taking_back)
        if record.state == "rejected":
            besides(session)
            return as_proposal(record)
        if record.state not in UNSENT:
            raise UsageError(f"proposal {number} is {record.state}; there is nothing to reject")
        if record.is_binding:
            raise UsageError(
                f"proposal {number} was approved for good: {record.title}",
                mend="what takes it back is another proposal",
            )
        if evidence_hash not in (None, record.evidence_hash):
            raise _changed(number)
        besides(session)
        if flaw_of(record.evidence):
            reveal(session, record, "rejected", person=who.email, reason=reason, moment=moment)
            return as_proposal(record)
        decide(session, record, "rejected", person=who.email, reason=reason, moment=moment)
        move(session, record, "rejected", moment=moment, actor=who.email, reason=reason)
        return as_proposal(record)


@asks("decide")
def settle(
    firm: Firm, store: Store, number: int, *, sent: bool, person: str, reason: str, moment: datetime
) -> Proposal:
    """Say of an uncertain message that it was sent, or that it is to be sent again.

    Raises GuardrailHeld where the person's roles do not allow it, UsageError where nothing is uncertain.
    """
    with store.session() as session:
        lock(session)
        record = find(session, number)
        _, who, reason = authorise(firm, record, person, reason, moment)
        if record.state != "uncertain":
            raise UsageError(f"proposal {number} is {record.state}; nothing about it is uncertain")
        move(session, record, "sent" if sent else "approved", moment=moment, actor=who.email, reason=reason)
        return as_proposal(record)


def case(
    firm: Firm,
    record: Record,
    rule: Rule | None,
    situation: guardrails.Situation,
    moment: datetime,
    usage: Usage | None = None,
) -> guardrails.Case:
    session = object_session(record)
    return guardrails.Case(
        firm=firm,
        kind=KINDS[record.kind],
        rule=rule,
        evidence=record.evidence,
        recipient=record.content.get("recipient"),
        expires_at=record.expires_at,
        moment=moment,
        situation=situation,
        amount=record.amount,
        is_binding=record.is_binding,
        bounced=last_bounce(session, record.content.get("recipient")) if session else None,
        complaint=open_complaint(session, record.rule, whom(record)) if session else None,
        usage=usage,
    )


def is_whole(record: Record) -> bool:
    """Whether evidence, message and amount are still those that the fingerprint was taken of."""
    same = fingerprint(record.evidence, record.content) == record.evidence_hash
    return same and record.amount == Decimal(record.evidence["total_base"])


def is_approved(firm: Firm, record: Record, rule: Rule) -> bool:
    """Whether as many people as the rule asks for now said yes to what it is now; the rule itself is one.

    What it said in autonomy is worth something only while that is granted to the rule as it is now.
    """
    approval = rule.approval_at(record.level)
    if approval is None:
        return False
    given = {decision.person for decision in approvals(record)}
    itself, session = AUTONOMY + rule.name, object_session(record)
    if itself in given and (session is None or not is_granted(session, rule.name, rule_version(firm, rule))):
        given.discard(itself)
    return len(given) >= max(needed(approval, record.amount, record.evidence, record.content), 1)


def _changed(number: int) -> GuardrailHeld:
    return GuardrailHeld(f"proposal {number} has changed since you looked at it", mend="look at it again")


def _say_yes(session: Session, occasion: Occasion, record: Record, who: Person, reason: str) -> None:
    approval = occasion.rule.approval_at(record.level)
    assert approval is not None, "a guardrail asked"
    given = {decision.person for decision in approvals(record)}
    decide(session, record, "approved", person=who.email, reason=reason, moment=occasion.moment)
    missing = needed(approval, record.amount, record.evidence, record.content) - len(given) - 1
    if missing <= 0:
        carry_out(session, KINDS[record.kind], occasion, record)
    else:
        record.reason = "approved by one; another person must approve too"


def authorise(
    firm: Firm, record: Record, email: str, reason: str, moment: datetime, *, taking_back: bool = False
) -> tuple[Rule, Person, str]:
    """The rule, the person who may decide, and why: for whom, where it is for somebody who is away.

    What is approved may be taken back by everybody who may say yes at some turn, not only at the last.
    """
    person = firm.person(email)
    if person is None:
        raise unknown("person", email, (person.email for person in firm.people))
    if not reason.strip():
        raise UsageError("a decision needs a reason; it is kept with it")
    rule = next((rule for rule in load_rules(firm) if rule.name == record.rule), None)
    approval = rule.approval_at(record.level) if rule else None
    if rule is None or approval is None:
        raise GuardrailHeld(f"the firm has no rule {record.rule} at {record.level} days any more")
    before = {decision.person for decision in approvals(record)} - {person.email}
    age = moment - record.created_at
    turn = roles_asked(approval, given=len(before), age=age)
    asked = all_roles(approval, age=age) if taking_back else turn
    instead = authority(firm, person, asked, moment)
    if instead is None:
        raise AccessDenied(
            f"{person.name} may not decide this: it takes the role {' or '.join(asked)}",
            what=f"proposal {record.id}",
        )
    return rule, person, f"{reason} (for {instead})" if instead else reason
