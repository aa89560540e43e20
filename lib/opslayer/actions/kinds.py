"""The kinds of action there are, and the rules of each, shipped or a firm's own."""

from __future__ import annotations

from difflib import get_close_matches

from opslayer.actions import reminder, report, staffing
from opslayer.actions.invoice import proposing as invoice
from opslayer.actions.kind import Kind
from opslayer.actions.messaging import kind as messaging
from opslayer.actions.rule import Rule
from opslayer.config import Firm, validated
from opslayer.errors import unknown
from opslayer.located import Located, read_located

KINDS: dict[str, Kind] = {
    "reminder": reminder.KIND,
    "invoice": invoice.KIND,
    "report": report.KIND,
    "staffing": staffing.KIND,
    "message": messaging.KIND,
}


def load_rules(firm: Firm) -> list[Rule]:
    """Every rule, shipped or the firm's own, by name. Raises ConfigurationError for one that cannot be."""
    rules: dict[str, Rule] = {}
    templates = set(firm.files("templates", "*.*"))
    queries = {path.stem for folder in firm.folder("queries") for path in folder.glob("*.sql")}
    jobs = {path.stem for path in firm.files("scheduled").values()}
    for path in firm.files("rules").values():
        read = read_located(path)
        rule = _validated(read)
        if rule.name in rules:
            raise read.error("rule", said=f"{rule.name} is the name of another file's rule")
        for place, template in rule.templates:
            _check_template(read, place, template, templates)
        for place, query in rule.queries:
            if query not in queries:
                raise read.wrong(*place.split("."), found=query, allowed=_like(query, queries))
        for number, job in enumerate(rule.jobs):
            if job not in jobs:
                raise read.wrong("when", "jobs", number, found=job, allowed=jobs)
        rules[rule.name] = rule
    return [rules[name] for name in sorted(rules)]


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


def _validated(read: Located) -> Rule:
    """A rule as the model of its kind."""
    kind = read.values.get("kind") if isinstance(read.values, dict) else None
    if kind not in KINDS:
        raise read.wrong("kind", found=kind, allowed=KINDS)
    return validated(KINDS[kind].rule, read)


def _check_template(read: Located, place: str, template: str, known: set[str]) -> None:
    """The error speaks of a template as the rule does: without what its file name ends in."""
    name, ending = template.split(".", 1)
    if template not in known:
        words = {other.removesuffix(f".{ending}") for other in known if other.endswith(f".{ending}")}
        raise read.wrong(*place.split("."), "template", found=name, allowed=words)


def _like(word: str, known: set[str]) -> list[str]:
    """The ten nearest: there are too many queries to list."""
    return get_close_matches(word, sorted(known), n=10, cutoff=0.4)
