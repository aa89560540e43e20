"""Rules: a query for who, templates for what, a policy for may I; YAML in `rules/`."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from email.utils import parseaddr
from itertools import pairwise
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from opslayer.config import Firm, Settings, read_yaml
from opslayer.errors import ConfigurationError, nearest, unknown


class Approval(Settings):
    """Who must say yes, and until when that is worth something. Amounts in base currency."""

    roles: tuple[str, ...] = Field(
        min_length=1, description="roles of [[people]]; any one of them may decide"
    )
    four_eyes_above: Decimal | None = Field(
        None, ge=0, description="above it two different people must approve"
    )
    automatic_up_to: Decimal | None = Field(None, ge=0, description="up to it the rule itself approves")
    expires_days: int = Field(5, ge=1, description="days until a proposal nobody sent is void")

    def needed(self, amount: Decimal) -> int:
        """How many people must approve `amount`."""
        if self.automatic_up_to is not None and amount <= self.automatic_up_to:
            return 0
        return 2 if self.four_eyes_above is not None and amount > self.four_eyes_above else 1

    def in_words(self, amount: Decimal) -> str:
        count = ("no approval", "one approval", "approval by two people")[self.needed(amount)]
        return f"Needs {count} ({' or '.join(self.roles)}); void after {self.expires_days} days."


class Rung(Settings):
    """One level of a ladder: from how many days overdue, and what is then sent by whom."""

    days: int = Field(ge=-365, le=3650, description="days overdue; negative is before the due date")
    name: str
    template: str = Field(description="words of the message: templates/<template>.txt.j2")
    sender: str = Field(
        "firm",
        description="firm (mail.sender), role:NAME (first person with it, else the firm) or an address",
    )
    approval: Approval

    @field_validator("sender")
    @classmethod
    def _known_form(cls, value: str) -> str:
        if value != "firm" and not value.startswith("role:") and "@" not in parseaddr(value)[1]:
            raise ValueError("firm, role:NAME or an address")
        return value


class Rule(Settings):
    """A reminder ladder."""

    rule: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="its name")
    kind: Literal["reminder"]
    description: str
    owner: str
    enabled: bool = True
    who: str = Field(description="named query that gives the open invoices; binds $from_days")
    quiet_days: int = Field(0, ge=0)
    minimum_amount: Decimal = Field(Decimal(0), ge=0)
    exclude_disputed: bool = True
    daily_cap: int = Field(200, ge=1)
    fresh_hours: int = Field(72, ge=1)
    fresh_tables: tuple[str, ...] = ()
    ladder: tuple[Rung, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        for lower, upper in pairwise(self.ladder):
            if upper.days <= lower.days:
                raise ValueError(f"rungs in ascending days; {upper.days} follows {lower.days}")
        return self

    @property
    def name(self) -> str:
        return self.rule

    def rung(self, level: int) -> Rung | None:
        return next((rung for rung in self.ladder if rung.days == level), None)

    def reached(self, days_overdue: int) -> Rung | None:
        """The highest rung an invoice has reached."""
        return next((rung for rung in reversed(self.ladder) if days_overdue >= rung.days), None)


def load_rules(firm: Firm) -> list[Rule]:
    """Every rule, shipped or the firm's own, by name. Raises ConfigurationError for one that cannot be."""
    rules: dict[str, Rule] = {}
    templates = set(firm.files("templates", "*.j2"))
    for path in firm.files("rules").values():
        rule = read_yaml(path, Rule)
        if rule.name in rules:
            raise ConfigurationError(
                f"{path}\n  at key: rule\n    {rule.name} is the name of another file's rule"
            )
        for position, rung in enumerate(rule.ladder):
            _check_template(path, position, rung, templates)
        rules[rule.name] = rule
    return [rules[name] for name in sorted(rules)]


def choose_rules(firm: Firm, name: str | None) -> list[Rule]:
    """One rule by its name, or all of them. Raises UsageError for an unknown name."""
    rules = load_rules(firm)
    if name is None:
        return rules
    chosen = [rule for rule in rules if rule.name == name]
    if not chosen:
        raise unknown("rule", name, (rule.name for rule in rules))
    return chosen


def _check_template(path: Path, position: int, rung: Rung, templates: Iterable[str]) -> None:
    words = {name.removesuffix(".txt.j2") for name in templates if name.endswith(".txt.j2")}
    if rung.template not in words:
        near = nearest(rung.template, words)
        raise ConfigurationError(
            f"{path}\n  at ladder.{position}\n  at key: template\n"
            f"    expected one of: {', '.join(sorted(words))}; got {rung.template!r}"
            + (f'\n    nearest: "{near}"' if near else "")
        )
