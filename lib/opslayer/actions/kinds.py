"""The kinds of action there are, and the rules of each, shipped or a firm's own."""

from __future__ import annotations

from pathlib import Path

from opslayer.actions import reminder, report, staffing
from opslayer.actions.invoice import proposing as invoice
from opslayer.actions.kind import Kind
from opslayer.actions.rule import Rule
from opslayer.config import Firm, read_values, validated
from opslayer.errors import ConfigurationError, nearest, unknown

KINDS: dict[str, Kind] = {
    "reminder": reminder.KIND,
    "invoice": invoice.KIND,
    "report": report.KIND,
    "staffing": staffing.KIND,
}


def load_rules(firm: Firm) -> list[Rule]:
    """Every rule, shipped or the firm's own, by name. Raises ConfigurationError for one that cannot be."""
    rules: dict[str, Rule] = {}
    templates = set(firm.files("templates", "*.*"))
    for path in firm.files("rules").values():
        rule = _read(path)
        if rule.name in rules:
            raise ConfigurationError(
                f"{path}\n  at key: rule\n    {rule.name} is the name of another file's rule"
            )
        for place, template in rule.templates:
            _check_template(path, place, template, templates)
        rules[rule.name] = rule
    return [rules[name] for name in sorted(rules)]


def choose_rules(firm: Firm, name: str | None) -> list[Rule]:
    """One rule by its name, or all but those that wait to be named. Raises UsageError for an unknown name."""
    rules = load_rules(firm)
    if name is None:
        return [rule for rule in rules if not rule.named_only]
    chosen = [rule for rule in rules if rule.name == name]
    if not chosen:
        raise unknown("rule", name, (rule.name for rule in rules))
    return chosen


def _read(path: Path) -> Rule:
    """A rule as the model of its kind."""
    values = read_values(path)
    kind = values.get("kind") if isinstance(values, dict) else None
    if kind not in KINDS:
        near = nearest(str(kind), KINDS)
        raise ConfigurationError(
            f"{path}\n  at key: kind\n    expected one of: {', '.join(KINDS)}; got {kind!r}"
            + (f'\n    nearest: "{near}"' if near else "")
        )
    return validated(KINDS[kind].rule, values, path)


def _check_template(path: Path, place: str, template: str, known: set[str]) -> None:
    """The error speaks of a template as the rule does: without what its file name ends in."""
    name, ending = template.split(".", 1)
    if template not in known:
        words = {other.removesuffix(f".{ending}") for other in known if other.endswith(f".{ending}")}
        near = nearest(name, words)
        raise ConfigurationError(
            f"{path}\n  at {place}\n  at key: template\n"
            f"    expected one of: {', '.join(sorted(words))}; got {name!r}"
            + (f'\n    nearest: "{near}"' if near else "")
        )
