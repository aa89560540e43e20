"""The month against budget or the month before, taken apart into drivers that add up to the cent.

Amounts are profit-signed: more revenue and less cost are positive. Every effect is an exact fraction until
the end. Rounding rule: within one account and item each driver is rounded to cents, half to even; what
rounding left over goes to the driver of the largest amount, the first in DRIVERS among equals. What an
account's invoices do not explain is its `other`, so drivers sum to actual - comparison of every account of
marts.pnl_comparison.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import polars as pl

from opslayer.intelligence.tables import MONEY, typed
from opslayer.intelligence.variance.revenue import (
    ZERO,
    Effects,
    Line,
    Sold,
    book,
    quantity,
    retimed,
    revenue_effects,
)
from opslayer.intelligence.variance.timing import moves, next_month

Comparison = Literal["budget", "prior"]
Retimed = tuple[dict[Line, Sold], dict[Line, Fraction]]
DRIVERS = ("volume", "price", "mix", "fx", "new", "timing", "other")
COLUMN = {"budget": "budget", "prior": "prior_month"}
MODEL = "variance_drivers"
MODEL_VERSION = "1"
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "month": pl.Date(),
        "comparison": pl.String(),
        "section": pl.String(),
        "account_code": pl.String(),
        "item": pl.String(),
        "driver": pl.String(),
        "amount_base": MONEY,
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def explain(
    pnl: pl.DataFrame, revenue: pl.DataFrame, *, month: date, comparison: Comparison, as_of: date
) -> pl.DataFrame:
    """The drivers of one month (columns of intelligence.variance_driver); zero amounts are left out.

    `pnl` has the columns of marts.pnl_comparison and `revenue` those of marts.revenue_driver, all months
    of each that are known: neighbours are needed to see what moved. Empty where the comparison has no
    amounts.
    """
    return explain_months(pnl, revenue, months=[month], comparisons=[comparison], as_of=as_of)


def explain_months(
    pnl: pl.DataFrame,
    revenue: pl.DataFrame,
    *,
    months: Sequence[date],
    comparisons: Sequence[Comparison],
    as_of: date,
) -> pl.DataFrame:
    """`explain` over every month and comparison, the books read once."""
    actual, budget = book(revenue, "actual"), book(revenue, "budget")
    found = [pl.DataFrame(schema=SCHEMA)]
    for month in months:
        now = retimed(actual, month, as_of)
        for comparison in comparisons:
            if comparison == "budget":
                then: Retimed = budget.get(month, {}), {}
            else:
                then = retimed(actual, next_month(month, -1), as_of)
            found.append(_explain(pnl, now, then, month, comparison, as_of))
    return pl.concat(found)


def _explain(
    pnl: pl.DataFrame, now: Retimed, then: Retimed, month: date, comparison: Comparison, as_of: date
) -> pl.DataFrame:
    rows = pnl.filter(pl.col("month") == month)
    if rows[COLUMN[comparison]].is_null().all():
        return pl.DataFrame(schema=SCHEMA)
    sold, flexed = _revenue(now, then, comparison)
    found: list[tuple[str, str, str | None, str, Decimal]] = []
    for section, account, actual, before in (
        rows.select("section", "account_code", "actual", COLUMN[comparison])
        .sort("section", "account_code")
        .iter_rows()
    ):
        total = _cents(actual) - _cents(before)
        if section == "revenue":
            items = {
                (item, driver): value
                for (code, item, driver), value in sold.items()
                if code == (account or "")
            }
        else:
            items = _cost_effects(pnl, section, account, month, comparison, flexed, as_of)
        for (item, driver), cents in settled(items, total).items():
            found.append((section, account, item, driver, Decimal(cents) / 100))
    frame = pl.DataFrame(
        found,
        schema={name: SCHEMA[name] for name in ("section", "account_code", "item", "driver", "amount_base")},
        orient="row",
    ).with_columns(
        as_of=pl.lit(as_of),
        month=pl.lit(month),
        comparison=pl.lit(comparison),
        model=pl.lit(MODEL),
        model_version=pl.lit(MODEL_VERSION),
    )
    return typed(frame, SCHEMA)


def latest_drivers(drivers: pl.DataFrame, pnl: pl.DataFrame, comparison: Comparison) -> pl.DataFrame:
    """The rows of the latest month of a variance_driver, largest first, with account_name as `pnl` has it."""
    mine = drivers.filter(pl.col("comparison") == comparison)
    latest = mine.filter(pl.col("month") == pl.col("month").max())
    names = pnl.select("section", "account_code", "account_name").unique(["section", "account_code"])
    order = [pl.col("amount_base").abs(), *(pl.col(name) for name in ("account_code", "item", "driver"))]
    return latest.join(names, on=["section", "account_code"], how="left").sort(
        order, descending=[True, False, False, False]
    )


def settled(
    effects: Mapping[tuple[str | None, str], Fraction], total: int
) -> dict[tuple[str | None, str], int]:
    """Effects of one account, by item and driver, in whole cents that sum to `total` (cents); no zeros.

    The rounding rule of this module; what `effects` do not reach is the account's own `other`.
    """
    cents: dict[tuple[str | None, str], int] = {}
    for item in sorted({item for item, _ in effects}, key=lambda name: (name is not None, name or "")):
        mine = {driver: 100 * effects[item, driver] for driver in DRIVERS if (item, driver) in effects}
        rounded = {driver: round(value) for driver, value in mine.items()}
        largest = max(rounded, key=lambda driver: abs(mine[driver]))
        rounded[largest] += round(sum(mine.values(), ZERO)) - sum(rounded.values())
        cents.update({(item, driver): value for driver, value in rounded.items()})
    rest = total - sum(cents.values())
    cents[None, "other"] = cents.get((None, "other"), 0) + rest
    return {key: value for key, value in cents.items() if value}


def _revenue(now: Retimed, then: Retimed, comparison: Comparison) -> tuple[Effects, Fraction | None]:
    """Effects on revenue, and by how much volume grew (None where quantities cannot say)."""
    moved = [*now[1].items(), *((line, -amount) for line, amount in then[1].items())]
    effects = revenue_effects(now[0], then[0], moved, convert=comparison == "budget")
    before, after = quantity(then[0]), quantity(now[0])
    return effects, after / before - 1 if before > 0 and after > 0 else None


def _cost_effects(
    pnl: pl.DataFrame,
    section: str,
    account: str,
    month: date,
    comparison: Comparison,
    flexed: Fraction | None,
    as_of: date,
) -> dict[tuple[str | None, str], Fraction]:
    """Timing of one account, and of direct costs what sales volume explains (a flexed budget)."""
    rows = pnl.filter((pl.col("section") == section) & (pl.col("account_code").eq_missing(account)))
    series = {when: Fraction(amount or 0) for when, amount in rows.select("month", "actual").iter_rows()}
    effects: dict[tuple[str | None, str], Fraction] = defaultdict(Fraction)
    shifts = [(month, 1)] if comparison == "budget" else [(month, 1), (next_month(month, -1), -1)]
    for when, sign in shifts:
        for move in moves(series, when, as_of=as_of):
            effects[None, "timing"] += sign * (-move.amount if move.belongs == when else move.amount)
    before = rows.filter(pl.col("month") == month)[COLUMN[comparison]].to_list()
    if section == "direct_cost" and flexed is not None and before and before[0]:
        effects[None, "volume"] += Fraction(before[0]) * flexed
    return dict(effects)


def _cents(amount: Decimal | None) -> int:
    return round(Fraction(amount or 0) * 100)
