"""What time does to a proposal: it escalates, it expires, what is approved leaves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from opslayer.actions.kinds import load_rules
from opslayer.actions.proposal import Proposal
from opslayer.actions.rule import Approval
from opslayer.config import Firm


def deadlines(firm: Firm, proposals: Iterable[Proposal], *, moment: datetime) -> dict[int, str]:
    """Number -> what time does to it next, in words and the firm's own time; of what is settled, nothing."""
    rules = {rule.name: rule for rule in load_rules(firm)}
    said = {}
    for proposal in proposals:
        rule = rules.get(proposal.rule)
        approval = rule.approval_at(proposal.level) if rule else None
        said[proposal.id or 0] = deadline(firm, proposal, approval, moment)
    return {number: words for number, words in said.items() if words}


def deadline(firm: Firm, proposal: Proposal, approval: Approval | None, moment: datetime) -> str:
    """What time does to one proposal next: "" where it does nothing any more."""
    if proposal.state == "proposed":
        expiry = f"expires {when(firm, proposal.expires_at, moment)}"
        return "; ".join(filter(None, (_escalation(firm, proposal, approval, moment), expiry)))
    if proposal.state in ("approved", "held") and proposal.leaves_at is not None:
        return leaving(firm, proposal, moment)
    return ""


def leaving(firm: Firm, proposal: Proposal, moment: datetime) -> str:
    """When what is approved leaves, and until when it can be pulled back."""
    if proposal.state == "held":
        return "held; it was approved for good" if proposal.is_binding else "held; pull back until it leaves"
    back = "it was approved for good" if proposal.is_binding else "pull back until then"
    if proposal.leaves_at is None or proposal.leaves_at <= moment:
        return f"leaves with the next dispatch; {back}"
    minutes = -((moment - proposal.leaves_at) // timedelta(minutes=1))
    left = f", in {minutes} {'minute' if minutes == 1 else 'minutes'}" if minutes <= 60 else ""
    return f"leaves at {when(firm, proposal.leaves_at, moment)}{left}; {back}"


def _escalation(firm: Firm, proposal: Proposal, approval: Approval | None, moment: datetime) -> str:
    if approval is None or approval.escalate_days is None:
        return ""
    at = proposal.created_at + timedelta(days=approval.escalate_days)
    who = " or ".join(approval.escalate_to)
    return f"{who} may decide too {'since' if at <= moment else 'from'} {when(firm, at, moment)}"


def when(firm: Firm, at: datetime, moment: datetime) -> str:
    """A moment in the firm's own time; without its day where that is today."""
    local = at.astimezone(firm.zone)
    is_today = local.date() == moment.astimezone(firm.zone).date()
    return f"{local:%H:%M}" if is_today else f"{local.day} {local:%b, %H:%M}"
