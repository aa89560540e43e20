"""From the marts to what a month's split needs: the plan, the work, and what was usual before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import polars as pl

from opslayer.intelligence.margin.drivers import ZERO, Practice, Work
from opslayer.intelligence.variance.timing import next_month

USUAL_MONTHS = 12
"""Months before the one explained that say what is usual."""
Key = tuple[str, str | None, str | None]
"""Practice, client, project."""


def practices_of(
    delivery: pl.DataFrame, plan: pl.DataFrame, costs: tuple[int, int], month: date
) -> list[Practice]:
    """The practices of one month, by name.

    `delivery` has the columns of marts.delivery_month and `plan` those of marts.practice_month, all months
    known; `costs` are the ledger's direct costs of the month and the plan's, in cents, negative.
    """
    here = {row["practice"]: row for row in plan.filter(pl.col("month") == month).iter_rows(named=True)}
    usual, capacity = usual_realisation(delivery, month), planned_capacity(plan, month)
    work = _work(delivery, month)
    weights = {name: Fraction(row["capacity_cost_base"]) for name, row in here.items()}
    spent, planned_cost = (spread(total, weights) for total in costs)
    found = []
    for name in sorted({*here, *work}):
        row = here.get(name, {})
        found.append(
            Practice(
                name=name,
                planned_hours=_fraction(row.get("planned_hours")),
                planned=_fraction(row.get("planned_base")),
                people_hours=_fraction(row.get("billable_hours")),
                usual=usual.get(name, Fraction(1)),
                capacity=_growth(row.get("capacity_a_day"), capacity.get(name)),
                cost=Fraction(spent.get(name, 0), 100),
                planned_cost=Fraction(planned_cost.get(name, 0), 100),
                work=tuple(work.get(name, ())),
            )
        )
    return found


def usual_realisation(delivery: pl.DataFrame, month: date) -> dict[str, Fraction]:
    """Billed at plan rates over standard value, the twelve months before, by practice; none without value."""
    sums = (
        delivery.filter(_before(month))
        .group_by("practice")
        .agg(pl.col("billed_base", "fx_base", "list_value_base").sum())
    )
    return {
        name: Fraction(billed - fx) / Fraction(value)
        for name, billed, fx, value in sums.iter_rows()
        if value > 0 and billed > fx
    }


def planned_capacity(plan: pl.DataFrame, month: date) -> dict[str, Fraction]:
    """Capacity a day that a plan asks for, by practice; a budget of hours does not say for how many people.

    That of the same month a year before, grown as the planned hours have; the mean of the months before
    where a year ago nobody was there.
    """
    known = plan.filter(_before(month) & (pl.col("capacity_a_day") > 0))
    sums = known.group_by("practice").agg(pl.col("capacity_a_day").sum(), pl.len())
    asked = {name: Fraction(hours) / count for name, hours, count in sums.iter_rows()}
    now = dict(plan.filter(pl.col("month") == month).select("practice", "planned_hours").iter_rows())
    then = known.filter(pl.col("month") == next_month(month, -USUAL_MONTHS))
    for name, capacity, hours in then.select("practice", "capacity_a_day", "planned_hours").iter_rows():
        grown = Fraction(now[name]) / Fraction(hours) if now.get(name) and hours else Fraction(1)
        asked[name] = Fraction(capacity) * grown
    return asked


def spread(total: int, weights: Mapping[str, Fraction]) -> dict[str, int]:
    """Cents over names by weight, which sum to `total`. Empty without weight: nobody knows whose they are."""
    whole = sum(weights.values(), ZERO)
    if whole <= 0:
        return {}
    given, so_far, parts = 0, ZERO, {}
    for name in sorted(weights):
        so_far += weights[name]
        parts[name] = round(total * so_far / whole) - given
        given += parts[name]
    return parts


def carried(worked: Sequence[tuple[Fraction, Fraction]]) -> list[Fraction]:
    """Hours that each month leaves for the next to bill; `worked` is (hours, hours billed) by month.

    What a month did not bill counts as far as the next bills more than it worked; what nobody bills does not.
    """
    pairs = pairwise(worked)
    return [max(ZERO, min(hours - billed, after - later)) for (hours, billed), (later, after) in pairs]


def _work(delivery: pl.DataFrame, month: date) -> dict[str, list[Work]]:
    before, after = next_month(month, -1), next_month(month)
    near: dict[date, dict[Key, dict[str, Decimal]]] = {}
    for when in (before, month, after):
        rows = delivery.filter(pl.col("month") == when).iter_rows(named=True)
        near[when] = {(row["practice"], row["party_id"], row["project_id"]): row for row in rows}
    found: dict[str, list[Work]] = defaultdict(list)
    for key, row in sorted(near[month].items(), key=lambda pair: tuple(part or "" for part in pair[0])):
        months = [_hours(near[when].get(key)) for when in (before, month, after)]
        came, left = carried(months)
        hours, billed_hours = months[1]
        value, billed = Fraction(row["list_value_base"]), Fraction(row["billed_base"])
        price = (billed - Fraction(row["fx_base"])) / billed_hours if billed_hours > 0 else ZERO
        moved = (
            Fraction(row["milestone_moved_base"]) + came * price - (left * value / hours if hours else ZERO)
        )
        found[key[0]].append(
            Work(
                party=key[1],
                project=key[2],
                hours=hours,
                value=value,
                overrun_hours=Fraction(row["overrun_hours"]),
                billed=billed,
                fx=Fraction(row["fx_base"]),
                moved=moved,
            )
        )
    return found


def _hours(row: Mapping[str, Decimal] | None) -> tuple[Fraction, Fraction]:
    return (Fraction(row["billable_hours"]), Fraction(row["billed_hours"])) if row else (ZERO, ZERO)


def _growth(now: Decimal | None, before: Fraction | None) -> Fraction | None:
    """Capacity against what the plan asks for; None where nobody's time is known, 1 in the first month."""
    if now is None or (not now and before is None):
        return None
    return Fraction(now) / before if before else Fraction(1)


def _before(month: date) -> pl.Expr:
    return (pl.col("month") < month) & (pl.col("month") >= next_month(month, -USUAL_MONTHS))


def _fraction(value: Decimal | None) -> Fraction:
    return Fraction(value or 0)
