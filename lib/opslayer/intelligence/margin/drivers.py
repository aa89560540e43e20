"""Revenue and margin of a month against plan, taken apart into drivers that add up to the cent.

Flexible-budget and sales-mix variances (Horngren, Datar & Rajan, "Cost Accounting: A Managerial Emphasis",
chapters on flexible budgets and on sales-mix and sales-quantity variances), with the steps of a services firm
between hours and money: capacity, utilisation, standard rate, realisation. Of one practice, in base currency:

    volume       (Q0 (k - 1) + n) P       people in place against those the plan asks for, and hours lent
    mix          (Q0 (k - 1) + n) (P0 - P)
    utilisation  (H - n - Q0 k) P0        what its people sold beyond what the plan asks of so many
    rate         r V - H P0               the hours at standard rates, as this practice usually bills them
    timing       of B - fx - r V, what milestones and hours billed in another month than earned explain
    scope        of the rest, what hours beyond the budget of fixed-price work explain
    realisation  the rest: billed against the standard value, beside what is usual
    fx           B at the plan's exchange rates against B

Q0, P0: planned hours and price; P: planned price of the firm; H: billable hours; V: their value at standard
rates; B: billed; k: capacity against the plan's (`months.planned_capacity`); n: hours of others' people,
net; r: billed / V over the twelve months before. They add up to B - Q0 P0. Rate, timing, scope,
realisation, fx are a project's; volume, mix, utilisation a practice's, for a plan knows no clients. Direct
costs of the ledger are spread over practices by what their people cost: `volume` is the plan's for k,
`cost` the rest. What the ledger has beyond practices, such as credit notes, is `other`. Amounts are profit-
signed: margin is revenue and cost together. No driver depends on the order in which they are taken, but
that timing explains a gap before scope does, and scope before realisation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

ZERO = Fraction(0)
DRIVERS = ("volume", "rate", "mix", "utilisation", "realisation", "scope", "timing", "fx", "cost", "other")


class Cell(NamedTuple):
    """Where an amount stands; client and project are None for what is a practice's, all for the firm's."""

    practice: str | None
    party: str | None
    project: str | None
    measure: str
    driver: str


Effects = dict[Cell, Fraction]


@dataclass(frozen=True)
class Work:
    """One project of a practice in the month; hours, and money in the base currency.

    `moved` is what was billed now but earned in another month, less what was earned now, billed in another.
    """

    party: str | None
    project: str | None
    hours: Fraction = ZERO
    value: Fraction = ZERO
    overrun_hours: Fraction = ZERO
    billed: Fraction = ZERO
    fx: Fraction = ZERO
    moved: Fraction = ZERO


@dataclass(frozen=True)
class Practice:
    """A practice's month and plan. `capacity` is k, None where nobody knows; costs are negative."""

    name: str
    planned_hours: Fraction
    planned: Fraction
    people_hours: Fraction
    usual: Fraction
    capacity: Fraction | None
    cost: Fraction
    planned_cost: Fraction
    work: tuple[Work, ...]

    @property
    def hours(self) -> Fraction:
        return sum((work.hours for work in self.work), ZERO)

    @property
    def billed(self) -> Fraction:
        return sum((work.billed for work in self.work), ZERO)


def month_cents(practices: Sequence[Practice], *, revenue: int, cost: int) -> dict[Cell, int]:
    """Every driver of one month in whole cents. `revenue` and `cost`: what the ledger is off plan, in cents.

    The cells of a measure sum to its argument, and those of a practice to billed less planned.
    """
    hours = sum((practice.planned_hours for practice in practices), ZERO)
    price = sum((practice.planned for practice in practices), ZERO) / hours if hours else None
    cells: dict[Cell, int] = {}
    rest = {"revenue": revenue, "cost": cost}
    for practice in practices:
        for measure, effects, total in (
            ("revenue", _revenue(practice, price), practice.billed - practice.planned),
            ("cost", _cost(practice), practice.cost - practice.planned_cost),
        ):
            cells |= to_cents(effects, round(100 * total))
            rest[measure] -= round(100 * total)
    for measure, driver in (("revenue", "other"), ("cost", "cost")):
        if rest[measure]:
            cells[Cell(None, None, None, measure, driver)] = rest[measure]
    return cells


def explained(gap: Fraction, cause: Fraction) -> Fraction:
    """How much of a gap a cause accounts for: of its sign, and never more than the gap."""
    if gap * cause <= 0:
        return ZERO
    return min(gap, cause) if gap > 0 else max(gap, cause)


def to_cents(effects: Mapping[Cell, Fraction], total: int) -> dict[Cell, int]:
    """Effects in whole cents that sum to `total`: each rounded half to even, and what that left over in the
    largest, the first by cell among equals. Zeros are left out.
    """
    cents = {cell: round(100 * amount) for cell, amount in effects.items()}
    rest = total - sum(cents.values())
    if rest:
        cents[min(effects, key=lambda cell: (-abs(effects[cell]), _order(cell)))] += rest
    return {cell: value for cell, value in cents.items() if value}


def _revenue(practice: Practice, firm_price: Fraction | None) -> Effects:
    name = practice.name
    if firm_price is None or (not practice.hours and practice.capacity is None):
        # nobody's time says what was behind it
        return {Cell(name, None, None, "revenue", "other"): practice.billed - practice.planned}
    own = practice.planned / practice.planned_hours if practice.planned_hours else firm_price
    sold = practice.hours - practice.planned_hours
    if practice.capacity is None:
        more = sold
    else:
        lent = practice.hours - practice.people_hours
        more = practice.planned_hours * (practice.capacity - 1) + lent
    effects = {
        Cell(name, None, None, "revenue", "volume"): more * firm_price,
        Cell(name, None, None, "revenue", "mix"): more * (own - firm_price),
        Cell(name, None, None, "revenue", "utilisation"): (sold - more) * own,
    }
    for work in practice.work:
        for driver, amount in _project(work, own, practice.usual):
            effects[Cell(name, work.party, work.project, "revenue", driver)] = amount
    return effects


def _project(work: Work, price: Fraction, usual: Fraction) -> Iterable[tuple[str, Fraction]]:
    expected = usual * work.value
    gap = work.billed - work.fx - expected
    timing = explained(gap, work.moved)
    overrun = -expected * work.overrun_hours / work.hours if work.hours > 0 else ZERO
    scope = explained(gap - timing, overrun)
    rest = gap - timing - scope
    return (
        ("rate", expected - work.hours * price),
        ("timing", timing),
        ("scope", scope),
        ("realisation" if work.value else "other", rest),
        ("fx", work.fx),
    )


def _cost(practice: Practice) -> Effects:
    """What so many people would cost by the plan, and what they cost beside it."""
    more = practice.planned_cost * (practice.capacity - 1) if practice.capacity is not None else ZERO
    off = practice.cost - practice.planned_cost
    return {
        Cell(practice.name, None, None, "cost", "volume"): more,
        Cell(practice.name, None, None, "cost", "cost"): off - more,
    }


def _order(cell: Cell) -> tuple[str, ...]:
    return tuple(part or "" for part in cell)
