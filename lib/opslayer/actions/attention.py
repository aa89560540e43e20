"""Which of many proposals should be looked at one by one, and why."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from opslayer.actions.accounts import changes
from opslayer.actions.evidence import needed, new_domain
from opslayer.actions.kinds import load_rules
from opslayer.actions.rule import Rule
from opslayer.actions.wording import edits
from opslayer.config import Firm
from opslayer.store import Proposal as Record
from opslayer.store import Store


def need_attention(firm: Firm, store: Store, numbers: Collection[int]) -> dict[int, str]:
    """Number -> why it is looked at by itself; what may be approved with others is not in it."""
    rules = {rule.name: rule for rule in load_rules(firm)}
    with store.reading() as session:
        records = session.scalars(select(Record).where(Record.id.in_(list(numbers))))
        found = {record.id: _why_alone(firm, record, rules.get(record.rule)) for record in records}
    return {number: why for number, why in found.items() if why is not None}


def _why_alone(firm: Firm, record: Record, rule: Rule | None) -> str | None:
    approval = rule.approval_at(record.level) if rule else None
    if approval is None:
        return "its rule is not there any more"
    past = edits(record.content)
    if past:
        editor = firm.person(past[-1].person)
        return f"edited by {editor.name if editor else past[-1].person}"
    domains = new_domain(record.evidence, record.content.get("recipient"))
    if domains:
        return f"the mail domain is new: {domains[1]}, it was {domains[0]}"
    accounts = changes(record.evidence)
    if accounts:
        return " ".join(accounts)
    if record.reason:
        return record.reason
    if needed(approval, record.amount, record.evidence, record.content) > 1:
        return "two people must approve it"
    return None
