"""Revenue against a comparison: price, volume, mix, exchange rate, new lines, timing.

Sales-variance analysis of flexible budgeting (Horngren, Datar & Rajan, "Cost Accounting", chapter on
sales-mix and sales-quantity variances), with the document's exchange rate taken out first:

    fx     = q1 * p1 * (r1 - r0)
    price  = q1 * (p1 - p0) * r0
    volume = (q1 - q0) * P0            P0: the average comparison price in base currency
    mix    = (q1 - q0) * (p0 * r0 - P0)

q quantity, p document price, r base currency per document currency, 1 actual, 0 comparison. The four add
up to q1*p1*r1 - q0*p0*r0. A line without a comparison price is `new`; one without a quantity is `other`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple

import polars as pl

from opslayer.intelligence.variance.timing import WINDOW, moves, next_month

ZERO = Fraction(0)


class Line(NamedTuple):
    """What is compared with what. `party` is set only where lines have no item."""

    account: str
    item: str | None
    party: str | None
    currency: str


@dataclass(frozen=True)
class Sold:
    quantity: Fraction = ZERO
    amount: Fraction = ZERO
    base: Fraction = ZERO

    def __add__(self, other: Sold) -> Sold:
        return Sold(self.quantity + other.quantity, self.amount + other.amount, self.base + other.base)

    def times(self, factor: Fraction) -> Sold:
        return Sold(self.quantity * factor, self.amount * factor, self.base * factor)

    @property
    def priced(self) -> bool:
        """Whether it has a price: a quantity, and an amount of the same sign in both currencies."""
        return self.quantity != 0 and self.amount / self.quantity > 0 and self.base / self.amount > 0


Book = dict[date, dict[Line, Sold]]
Effects = dict[tuple[str, str | None, str], Fraction]
"""(account, item, driver) -> base currency."""


def book(rows: pl.DataFrame, basis: str) -> Book:
    """The rows of marts.revenue_driver of one basis, summed by month and line."""
    wanted = ("month", "account_code", "item", "party_id", "currency", "quantity", "amount", "amount_base")
    found: Book = defaultdict(lambda: defaultdict(Sold))
    for row in rows.filter(pl.col("basis") == basis).select(wanted).iter_rows():
        month, account, item, party, currency, *numbers = row
        # where invoices name no item, the mart puts the account or (none) in its place
        line = Line(account or "", None if item in (account, "(none)") else item, party, currency)
        found[month][line] = found[month][line] + Sold(*(Fraction(number or 0) for number in numbers))
    return found


def retimed(actual: Book, month: date, as_of: date) -> tuple[dict[Line, Sold], dict[Line, Fraction]]:
    """Lines of `month` with moved amounts put back where they belong, and what that took away, by line."""
    near = [next_month(month, step) for step in range(-WINDOW - 1, 2)]
    series: dict[Line, dict[date, Sold]] = defaultdict(dict)
    for when in near:
        for line, sold in actual.get(when, {}).items():
            series[line][when] = sold
    kept: dict[Line, Sold] = {}
    timing: dict[Line, Fraction] = {}
    for line, months in series.items():
        here = months.get(month, Sold())
        for move in moves({when: sold.amount for when, sold in months.items()}, month, as_of=as_of):
            moved = months[move.seen].times(move.amount / months[move.seen].amount)
            here = here + (moved if move.belongs == month else moved.times(Fraction(-1)))
            timing[line] = timing.get(line, ZERO) + (-moved.base if move.belongs == month else moved.base)
        if here != Sold():
            kept[line] = here
    return kept, timing


def revenue_effects(
    now: dict[Line, Sold], then: dict[Line, Sold], timing: Iterable[tuple[Line, Fraction]], *, convert: bool
) -> Effects:
    """Every driver of the change from `then` to `now`, exact. With `convert`, an item that the comparison
    has in other currencies only is compared in base currency, without an fx driver (a budget in base
    currency)."""
    now, then = _comparable(now, then, convert)
    effects: Effects = defaultdict(Fraction)
    for line, amount in timing:
        effects[line.account, line.item, "timing"] += amount
    average = _average_price(now, then)
    for line in {**now, **then}:
        sold, before = now.get(line, Sold()), then.get(line, Sold())
        for driver, amount in _line_effects(sold, before, average):
            effects[line.account, line.item, driver] += amount
    return dict(effects)


def quantity(lines: dict[Line, Sold]) -> Fraction:
    return sum((sold.quantity for sold in lines.values()), ZERO)


def _comparable(
    now: dict[Line, Sold], then: dict[Line, Sold], convert: bool
) -> tuple[dict[Line, Sold], dict[Line, Sold]]:
    """Both sides keyed alike: by item where there is one, else by client."""
    sides: list[dict[Line, Sold]] = []
    for side in (now, then):
        merged: dict[Line, Sold] = defaultdict(Sold)
        for line, sold in side.items():
            key = line if line.item is None else line._replace(party=None)
            merged[key] = merged[key] + sold
        sides.append(dict(merged))
    if not convert:
        return sides[0], sides[1]
    known = {(line.account, line.item): set[str]() for side in sides for line in side}
    for line in sides[1]:
        known[line.account, line.item].add(line.currency)
    foreign = {
        (line.account, line.item)
        for line in sides[0]
        if known[line.account, line.item] and line.currency not in known[line.account, line.item]
    }
    return _in_base(sides[0], foreign), _in_base(sides[1], foreign)


def _in_base(side: dict[Line, Sold], chosen: set[tuple[str, str | None]]) -> dict[Line, Sold]:
    merged: dict[Line, Sold] = defaultdict(Sold)
    for line, sold in side.items():
        if (line.account, line.item) in chosen:
            line, sold = line._replace(currency="", party=None), Sold(sold.quantity, sold.base, sold.base)
        merged[line] = merged[line] + sold
    return dict(merged)


def _average_price(now: dict[Line, Sold], then: dict[Line, Sold]) -> Fraction | None:
    """Comparison price in base currency, over the lines that have one; None where none has."""
    priced = [sold for line, sold in then.items() if _has_volume(now.get(line, Sold()), sold)]
    total = sum(priced, Sold())
    return total.base / total.quantity if total.quantity else None


def _has_volume(sold: Sold, before: Sold) -> bool:
    return before.priced and (sold.priced or sold == Sold())


def _line_effects(sold: Sold, before: Sold, average: Fraction | None) -> list[tuple[str, Fraction]]:
    if before == Sold():
        return [("new", sold.base)]
    if average is None or not _has_volume(sold, before):
        return [("other", sold.base - before.base)]
    rate = before.base / before.amount
    price = before.amount / before.quantity
    more = sold.quantity - before.quantity
    return [
        ("fx", sold.base - sold.amount * rate),
        ("price", (sold.amount - sold.quantity * price) * rate),
        ("volume", more * average),
        ("mix", more * (price * rate - average)),
    ]
