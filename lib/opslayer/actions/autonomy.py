"""Earned autonomy: a rule whose proposals people keep approving may approve them by itself, up to an amount.

It is earned when the lower bound of the approval rate over its last decisions reaches what its file asks for,
proposed to the rule's owner, and begins when a person confirms it. A rejection, an edit, an undo, a
complaint, a message that fails or comes back, another version of the rule or a rate below the mark ends it at
once, and takes back what has not left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from statsmodels.stats.proportion import proportion_confint

from opslayer.access import asks
from opslayer.actions.authority import authority
from opslayer.actions.grant import AUTONOMY, is_granted, live_grant
from opslayer.actions.kind import Occasion
from opslayer.actions.kinds import choose_rules, load_rules
from opslayer.actions.mark import SUBJECT
from opslayer.actions.proposal import approvals
from opslayer.actions.rule import Rule
from opslayer.actions.transition import SYSTEM, decide, end_autonomy
from opslayer.actions.version import rule_version
from opslayer.config import Firm
from opslayer.errors import AccessDenied, GuardrailHeld, UsageError, unknown
from opslayer.store import AuditEvent, AutonomyGrant, Decision, Store, append, lock
from opslayer.store import Proposal as Record

AFTERWARDS = (
    "edited",
    "bounced",
    "complained",
    "undo asked",
)  # events that say it was not right as it was drafted


@dataclass(frozen=True)
class Earned:
    """How people decided the last proposals of one version of a rule; `lower_bound` is None of none."""

    rule: str
    rule_version: str
    approved: int
    decided: int
    over: int
    at_least: float

    @property
    def lower_bound(self) -> float | None:
        return wilson_lower(self.approved, self.decided) if self.decided else None

    @property
    def is_earned(self) -> bool:
        return self.decided >= self.over and (self.lower_bound or 0.0) >= self.at_least


def wilson_lower(approved: int, decided: int) -> float:
    """The lower end of the 95 % interval of a rate: Wilson's score interval (1927), which holds near 1."""
    return float(proportion_confint(approved, decided, alpha=0.05, method="wilson")[0])


def earned(session: Session, firm: Firm, rule: Rule) -> Earned:
    """What people decided on the last proposals of the rule as it is now, at most as many as it asks for.

    A proposal counts as approved where a person said yes to it as it was drafted, and it did not fail.
    """
    assert rule.autonomy is not None
    version = rule_version(firm, rule)
    rows = session.execute(
        select(Decision.proposal_id, Decision.verdict, Decision.person, Record.state)
        .join(Decision.proposal)
        .where(Record.rule == rule.name, Record.evidence["rule_version"].as_string() == version)
        .where(Record.subject.not_like(f"{SUBJECT}%"))
        .order_by(Decision.id.desc())
    ).all()
    good: dict[int, bool] = {}
    for number, verdict, person, state in rows:
        if not person.startswith((AUTONOMY, "rule ")) and (number in good or len(good) < rule.autonomy.over):
            good[number] = good.get(number, True) and verdict == "approved" and state != "failed"
    wrong = session.scalars(
        select(AuditEvent.proposal_id).where(
            AuditEvent.event.in_(AFTERWARDS), AuditEvent.proposal_id.in_(good)
        )
    )
    changed = set(wrong)
    approved = sum(fine and number not in changed for number, fine in good.items())
    return Earned(rule.name, version, approved, len(good), rule.autonomy.over, rule.autonomy.at_least)


def review(firm: Firm, store: Store, *, moment: datetime) -> None:
    """Propose autonomy where it is earned; end it where the rule was changed, switched off, or drifted."""
    rules = load_rules(firm)
    if all(rule.autonomy is None for rule in rules):
        with store.reading() as session:
            if (
                session.scalars(select(AutonomyGrant.id).where(AutonomyGrant.state != "ended")).first()
                is None
            ):
                return
    with store.session() as session:
        lock(session)
        for rule in rules:
            _review(session, firm, rule, moment)


def _review(session: Session, firm: Firm, rule: Rule, moment: datetime) -> None:
    grant = live_grant(session, rule.name)
    if rule.autonomy is None:
        if grant is not None:
            end_autonomy(session, rule.name, "its rule asks for none any more", moment=moment)
        return
    now = earned(session, firm, rule)
    why = None
    if grant is not None and grant.rule_version != now.rule_version:
        why = "the rule was changed"
    elif grant is not None and not now.is_earned:
        why = (
            f"drift: the lower bound of its approval rate is {now.lower_bound or 0:.1%}, "
            f"{now.at_least:.1%} are asked for"
        )
    if why is not None:
        end_autonomy(session, rule.name, why, moment=moment)
    elif grant is None and rule.enabled and now.is_earned:
        made = AutonomyGrant(
            rule=rule.name,
            rule_version=now.rule_version,
            state="proposed",
            approved=now.approved,
            decided=now.decided,
            lower_bound=now.lower_bound or 0.0,
            proposed_at=moment,
        )
        session.add(made)
        session.flush()
        append(session, moment=moment, actor=SYSTEM, event="autonomy proposed", detail=_detail(made))


@asks("decide")
def confirm_autonomy(
    firm: Firm, store: Store, name: str, *, person: str, reason: str, moment: datetime
) -> None:
    """A person with the role of the rule's owner lets it approve by itself, as its file limits that.

    Raises GuardrailHeld where the person has not that role or it is not earned as of now, UsageError for an
    unknown rule or person, without a reason, or where nothing is proposed. A second yes changes nothing.
    """
    (rule,) = choose_rules(firm, name)
    who = firm.person(person)
    if who is None:
        raise unknown("person", person, (one.email for one in firm.people))
    if not reason.strip():
        raise UsageError("a confirmation needs a reason; the trail keeps it")
    instead = authority(firm, who, (rule.owner,), moment)
    if instead is None:
        raise AccessDenied(
            f"{who.name} may not confirm this: it takes the role {rule.owner}", what=f"autonomy of {name}"
        )
    with store.session() as session:
        lock(session)
        _review(session, firm, rule, moment)
        grant = live_grant(session, rule.name)
        if grant is not None and grant.state == "proposed":
            grant.state, grant.confirmed_at, grant.confirmed_by = "confirmed", moment, who.email
            grant.reason = f"{reason} (for {instead})" if instead else reason
            append(session, moment=moment, actor=who.email, event="autonomy confirmed", detail=_detail(grant))
    if grant is None:  # outside the transaction: what the review ended stays ended
        raise GuardrailHeld(f"the rule {rule.name} has not earned it: see `opslayer rules autonomy`")


@asks("stop")
def stop_autonomy(firm: Firm, store: Store, name: str, *, person: str, reason: str, moment: datetime) -> None:
    """Anybody named in firm.toml ends it, with a reason. Raises UsageError as `confirm_autonomy` does."""
    (rule,) = choose_rules(firm, name)
    if firm.person(person) is None:
        raise unknown("person", person, (one.email for one in firm.people))
    if not reason.strip():
        raise UsageError("it needs a reason; the trail keeps it")
    with store.session() as session:
        lock(session)
        if live_grant(session, rule.name) is None:
            raise UsageError(f"the rule {rule.name} has no autonomy to end")
        end_autonomy(session, rule.name, reason, moment=moment, actor=person)


def approve_by_itself(session: Session, occasion: Occasion, record: Record, count: int) -> bool:
    """Say yes in the rule's name, where that is granted, one yes is enough, and the amount is within it."""
    rule: Rule = occasion.rule
    approval = rule.approval_at(record.level)
    if rule.autonomy is None or approval is None or approval.chain or count != 1:
        return False
    if record.amount > rule.autonomy.up_to or not is_granted(session, rule.name, occasion.rule_version):
        return False
    if any(one.person == AUTONOMY + rule.name for one in approvals(record)):
        return False  # it said so once, and was taken back
    grant = live_grant(session, rule.name)
    assert grant is not None
    said = f"earned by {grant.approved} of {grant.decided} approved; confirmed by {grant.confirmed_by}"
    decide(session, record, "approved", person=AUTONOMY + rule.name, reason=said, moment=occasion.moment)
    return True


def list_autonomy(firm: Firm, store: Store) -> list[dict[str, Any]]:
    """One entry a rule that asks for autonomy: what it has earned, how its grant stands, and why it ended."""
    with store.reading() as session:
        return list(_listed(session, firm))


def _listed(session: Session, firm: Firm) -> Iterator[dict[str, Any]]:
    for rule in load_rules(firm):
        if rule.autonomy is None:
            continue
        now = earned(session, firm, rule)
        last = session.scalars(
            select(AutonomyGrant).where(AutonomyGrant.rule == rule.name).order_by(AutonomyGrant.id.desc())
        ).first()
        is_valid = last is not None and last.rule_version == now.rule_version
        standing = "not earned" if last is None else last.state if is_valid else "ended"
        yield {
            "rule": rule.name,
            "owner": rule.owner,
            "standing": standing,
            "approved": now.approved,
            "decided": now.decided,
            "lower_bound": now.lower_bound,
            "at_least": now.at_least,
            "over": now.over,
            "up_to": rule.autonomy.up_to,
            "confirmed_by": last.confirmed_by if last else None,
            "ended_because": (last.ended_because or "the rule was changed")
            if last and standing == "ended"
            else None,
        }


def _detail(grant: AutonomyGrant) -> dict[str, Any]:
    names = ("rule", "rule_version", "approved", "decided", "lower_bound", "confirmed_by", "reason")
    return {"grant": grant.id, **{name: getattr(grant, name) for name in names}}
