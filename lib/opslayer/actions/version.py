"""Which version of a rule something was done under: its file, its words and its questions."""

from __future__ import annotations

import hashlib
from collections.abc import Set

from opslayer.actions.rule import Rule
from opslayer.config import Firm
from opslayer.store import canonical

SWITCHES = frozenset({"enabled"})  # whether it is on says nothing of what it is
LIVE = SWITCHES | {
    "autonomy",
    "daily_cap",
    "description",
    "follow_days",
    "fresh_hours",
    "fresh_tables",
    "holdout",
    "legal_duty",
    "owner",
    "quiet_days",
}
"""What is asked of the rule as it is when something leaves, whatever it was when that was approved."""


def rule_version(firm: Firm, rule: Rule, *, without: Set[str] = SWITCHES) -> str:
    """SHA-256 over the rule as it is read, and the text of its queries and templates; the first 16 digits.

    A remark in the file or the order of its keys changes nothing, a word of a template does.
    """
    texts = [_text(firm, "queries", f"{name}.sql") for _, name in rule.queries]
    texts += [_text(firm, "templates", name) for _, name in rule.templates]
    values = rule.model_dump(mode="json", exclude=set(without))
    return hashlib.sha256(canonical([values, texts])).hexdigest()[:16]


def bound_version(firm: Firm, rule: Rule) -> str:
    """Of what an approval rests on: whom the rule asks for, what it says, who must say yes."""
    return rule_version(firm, rule, without=LIVE)


def _text(firm: Firm, folder: str, name: str) -> str:
    places = [place / name for place in reversed(firm.folder(folder))]  # the firm's own first
    found = next((path for path in places if path.is_file()), None)
    return found.read_text(encoding="utf-8") if found else ""
