"""The kinds of action there are, and the rules of each, shipped or a firm's own."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

import polars as pl

from opslayer.actions import compensation, reminder, report, staffing
from opslayer.actions.channels.channel import MAIL
from opslayer.actions.invoice import proposing as invoice
from opslayer.actions.kind import Kind
from opslayer.actions.messaging import kind as messaging
from opslayer.actions.rule import Rule
from opslayer.config import Firm, validated
from opslayer.errors import unknown
from opslayer.located import Located, read_located
from opslayer.store import EVENTS

KINDS: dict[str, Kind] = {
    "reminder": reminder.KIND,
    "invoice": invoice.KIND,
    "report": report.KIND,
    "staffing": staffing.KIND,
    "message": messaging.KIND,
    "compensation": compensation.KIND,
}


def kinds_of_rules() -> dict[str, Kind]:
    """The kinds that a rule's file may be of."""
    return {name: kind for name, kind in KINDS.items() if not kind.undoes}


def load_rules(firm: Firm) -> list[Rule]:
    """Every rule, shipped or the firm's own, by name. Raises ConfigurationError for one that cannot be."""
    rules: dict[str, Rule] = {}
    names = known_names(firm)
    for path in firm.files("rules").values():
        read, rule = read_rule(path, names)
        if rule.name in rules:
            raise read.error("rule", said=f"{rule.name} is the name of another file's rule")
        rules[rule.name] = rule.model_copy(update={"holdout": _holdout(rule, firm)})
    return [rules[name] for name in sorted(rules)]


def rules_of(firm: Firm, job: str) -> pl.DataFrame:
    """One row a rule that a job proposes: rule, its title, state (on or off), description, owner."""
    return pl.DataFrame(
        [
            (rule.name, rule.title, "on" if rule.enabled else "off", rule.description, rule.owner)
            for rule in choose_rules(firm, None, job)
        ],
        schema=dict.fromkeys(("rule", "title", "state", "description", "owner"), pl.String),
        orient="row",
    )


@dataclass(frozen=True)
class Names:
    """What a rule may refer to."""

    templates: frozenset[str]
    queries: frozenset[str]
    jobs: frozenset[str]
    channels: frozenset[str]
    events: frozenset[str]


def known_names(firm: Firm) -> Names:
    return Names(
        templates=frozenset(firm.files("templates", "*.*")),
        queries=frozenset(path.stem for folder in firm.folder("queries") for path in folder.glob("*.sql")),
        jobs=frozenset(path.stem for path in firm.files("scheduled").values()),
        channels=frozenset((MAIL, *firm.channels)),
        events=frozenset((*EVENTS, *firm.events)),
    )


def read_rule(path: Path, names: Names) -> tuple[Located, Rule]:
    """One file as the model of its kind. Raises ConfigurationError, also for a name not in `names`."""
    return _as_rule(path, path.read_bytes(), names)


@lru_cache(maxsize=256)
def _as_rule(path: Path, content: bytes, names: Names) -> tuple[Located, Rule]:
    """The same text is the same rule: each message asks for its rule anew as it leaves."""
    read = read_located(path, content)
    kind = read.values.get("kind") if isinstance(read.values, dict) else None
    kinds = kinds_of_rules()
    if kind not in kinds:
        raise read.wrong("kind", found=kind, allowed=kinds)
    rule = validated(kinds[kind].rule, read)
    for place, template in rule.templates:
        _check_template(read, place, template, names.templates)
    for place, query in rule.queries:
        if query not in names.queries:
            raise read.wrong(*place.split("."), found=query, allowed=_like(query, names.queries))
    for place, channel in rule.channels:
        if channel not in names.channels:
            raise read.wrong(*place.split("."), found=channel, allowed=names.channels)
    if rule.holdout and KINDS[kind].judge is None:
        raise read.error("holdout", said=f"expected none: what becomes of a {kind} is not followed")
    for number, job in enumerate(rule.jobs):
        if job not in names.jobs:
            raise read.wrong("when", "jobs", number, found=job, allowed=names.jobs)
    for number, event in enumerate(rule.events):
        if event not in names.events:
            raise read.wrong("when", "events", number, found=event, allowed=names.events)
    return read, rule


def _holdout(rule: Rule, firm: Firm) -> float | None:
    """The share it leaves alone: its own, or the firm's where what becomes of its subjects is followed."""
    if rule.holdout is None and not rule.legal_duty and KINDS[rule.kind].judge is not None:
        return firm.limits.holdout
    return rule.holdout or None


def choose_rules(firm: Firm, name: str | None, job: str | None = None) -> list[Rule]:
    """One rule by its name, those that `job` proposes, or all that wait for neither.

    Raises UsageError for an unknown name.
    """
    rules = load_rules(firm)
    if name is None:
        return [rule for rule in rules if rule.is_proposed_by(job)]
    chosen = [rule for rule in rules if rule.name == name]
    if not chosen:
        raise unknown("rule", name, (rule.name for rule in rules))
    return chosen


def _check_template(read: Located, place: str, template: str, known: frozenset[str]) -> None:
    """The error speaks of a template as the rule does: without what its file name ends in."""
    name, ending = template.split(".", 1)
    if template not in known:
        words = {other.removesuffix(f".{ending}") for other in known if other.endswith(f".{ending}")}
        raise read.wrong(*place.split("."), "template", found=name, allowed=words)


def _like(word: str, known: frozenset[str]) -> list[str]:
    """The ten nearest: there are too many queries to list."""
    return get_close_matches(word, sorted(known), n=10, cutoff=0.4)
