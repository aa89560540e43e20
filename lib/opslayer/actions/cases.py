"""Example cases of a rule: rows in, proposals out; `cases/<rule>.yaml`, run as tests by people and by pytest.

A case is proposed for real, by the same functions as at night, on a snapshot that holds its rows and nothing
else, in a firm where one person has each role: <role>@firm.example.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import Field

from opslayer.actions.draft import propose_on
from opslayer.actions.kind import Occasion
from opslayer.actions.kinds import load_rules
from opslayer.actions.proposal import Proposal, show_proposal
from opslayer.actions.rule import Rule
from opslayer.config import BillingSection, Firm, FirmSection, MailSection, Person, Settings, validated
from opslayer.errors import OpslayerError, UsageError, unknown
from opslayer.located import read_located
from opslayer.store import Proposal as Record
from opslayer.store import Store, open_store
from opslayer.warehouse import blank_layer

NAMING = ("roles", "chain", "escalate_to")  # keys of a rule that hold roles
SUNRISE = time(6, tzinfo=UTC)


class Asked(Settings):
    """A message of the rule that left before."""

    subject: str
    days_ago: int = Field(ge=0)
    level: int = Field(0, description="the step's days")
    recipient_id: str | None = None


class Expected(Settings):
    """A proposal that comes out; what is not written is not compared."""

    subject: str
    step: str | None = None
    amount: Decimal | None = Field(None, description="in base currency")
    to: str | None = Field(None, description="the address it would go to")
    by: str | None = Field(None, description="the channel it would leave by")
    hands: dict[str, str | int | float | bool | None] | None = Field(
        None, description="the values that the channel would be handed"
    )
    says: tuple[str, ...] = Field((), description="parts of its subject or text")
    held: str | None = Field(None, description="part of why a guardrail holds it")


class Told(Settings):
    """The event that asks the rule, of one subject."""

    name: str
    subject: str


class Case(Settings):
    """One example."""

    name: str
    as_of: date
    given: dict[str, list[dict[str, Any]]] = Field(default_factory=dict, description="rows, by table")
    event: Told | None = Field(None, description="of a rule that waits for events: the one that asks it")
    asked: tuple[Asked, ...] = ()
    proposals: tuple[Expected, ...]


class Cases(Settings):
    """One file of cases/; its name is the rule's."""

    rule: str
    cases: tuple[Case, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Outcome:
    """One case of a rule, and what came out otherwise than it says; nothing where it holds."""

    rule: str
    case: str
    differences: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.differences


def run_cases(firm: Firm, name: str | None = None) -> Iterator[Outcome]:
    """Every case of one rule, or of all. Raises ConfigurationError for a file that cannot be.

    Raises UsageError for a rule that is unknown, or has no cases.
    """
    rules = {rule.name: rule for rule in load_rules(firm)}
    if name is not None and name not in rules:
        raise unknown("rule", name, rules)
    if name is not None and f"{name}.yaml" not in firm.files("cases"):
        raise UsageError(f"the rule {name} has no cases", mend=f"write cases/{name}.yaml beside firm.toml")
    for path in firm.files("cases").values():
        if name is not None and path.stem != name:
            continue
        yield from _run_file(firm, rules, path)


def _run_file(firm: Firm, rules: dict[str, Rule], path: Path) -> Iterator[Outcome]:
    read = read_located(path)
    cases = validated(Cases, read)
    if cases.rule not in rules or cases.rule != path.stem:
        allowed = [path.stem] if path.stem in rules else rules
        raise read.wrong("rule", found=cases.rule, allowed=allowed)
    ready = case_firm(firm, rules.values())
    for case in cases.cases:
        try:
            differences = tuple(_differences(ready, rules[cases.rule], case))
        except OpslayerError as error:
            differences = (error.message,)
        yield Outcome(cases.rule, case.name, differences)


def case_firm(firm: Firm, rules: Iterable[Rule]) -> Firm:
    """This firm with people, mail and terms that are the same everywhere."""
    roles = sorted({role for rule in rules for role in _roles(rule.model_dump())})
    return firm.model_copy(
        update={
            "firm": FirmSection(name="The Firm", base_currency="EUR"),
            "people": tuple(
                Person(name=role.title(), email=f"{role}@firm.example", roles=(role,)) for role in roles
            ),
            "mail": MailSection(sender="The Firm <office@firm.example>"),
            "billing": BillingSection(
                street="1 High Street", postcode="D02 CR67", city="Dublin", country="IE", tax_id="IE6388047V",
                email="office@firm.example", tax_rate=Decimal(23),
            ),
        }
    )  # fmt: skip


def _roles(values: dict[str, Any]) -> Iterator[str]:
    """The roles that a rule names: who approves, who is written to."""
    for name, value in values.items():
        inner = value if isinstance(value, tuple | list) else [value]
        for one in inner:
            if isinstance(one, dict):
                yield from _roles(one)
            elif isinstance(one, str) and (name in NAMING or one.startswith("role:")):
                yield one.removeprefix("role:")


def _differences(firm: Firm, rule: Rule, case: Case) -> Iterator[str]:
    """Proposals are compared in the order of their subjects."""
    moment = datetime.combine(case.as_of, SUNRISE)
    if case.event is not None and case.event.name not in rule.events:
        waits = ", ".join(rule.events) or "no event"
        yield f"the rule waits for {waits}; got {case.event.name}"
        return
    subject = case.event.subject if case.event else None
    with blank_layer(firm, case.given, as_of=case.as_of) as layer, open_store("sqlite://") as store:
        _remember(store, rule, case)
        on = rule.model_copy(update={"enabled": True})
        made = propose_on(store, Occasion(firm, layer, on, moment, subject))
        made.sort(key=lambda proposal: (proposal.party_id, proposal.level))
        expected = sorted(case.proposals, key=lambda one: one.subject)
        found, wanted = [p.party_id for p in made], [one.subject for one in expected]
        if found != wanted:
            yield f"expected proposals about {_listed(wanted)}; got {_listed(found)}"
            return
        for proposal, one in zip(made, expected, strict=True):
            yield from _unlike(store, proposal, one)


def _remember(store: Store, rule: Rule, case: Case) -> None:
    """What was asked before, as sent."""
    with store.session() as session:
        for number, asked in enumerate(case.asked):
            day = case.as_of - timedelta(days=asked.days_ago)
            at = datetime.combine(day, SUNRISE)
            session.add(
                Record(
                    idempotency_key=f"{number:064}", rule=rule.name, kind=rule.kind, level=asked.level,
                    subject=asked.subject, title="", amount=Decimal(0), currency="EUR",
                    evidence={"recipient_id": asked.recipient_id}, evidence_hash="", content={}, snapshot="",
                    as_of=day, state="sent", created_at=at, expires_at=at + timedelta(days=5),
                )
            )  # fmt: skip


def _unlike(store: Store, proposal: Proposal, one: Expected) -> Iterator[str]:
    shown = show_proposal(store, proposal.id or 0)
    whole = f"{shown.subject}\n{shown.text}"
    pairs = (
        ("step", one.step, proposal.rung),
        ("amount", one.amount, proposal.amount),
        ("reader", one.to, shown.recipient),
        ("channel", one.by, shown.channel),
        ("values", one.hands, shown.values),
    )
    for what, wanted, found in pairs:
        if wanted is not None and wanted != found:
            yield f"{one.subject}: expected the {what} {wanted}; got {found}"
    for part in one.says:
        if part not in whole:
            yield f'{one.subject}: expected it to say "{part}"; it says:\n{whole.rstrip()}'
    held = proposal.reason or ""
    if (one.held or "") not in held or (held and one.held is None):
        yield f"{one.subject}: expected {one.held or 'nothing'} to hold it; got {held or 'nothing'}"


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "nobody"
