"""Revenue and margin of a month against plan: by practice, client and project, to the cent, and in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.margin.drivers import DRIVERS, Practice, Work, month_cents
from opslayer.intelligence.margin.months import practices_of
from opslayer.intelligence.margin.narrative import SCHEMA as NARRATIVE_SCHEMA
from opslayer.intelligence.margin.narrative import draft_month
from opslayer.intelligence.margin.tables import (
    ALL,
    NAMES,
    NOT_A_PRACTICE,
    NOTHING,
    TITLES,
    by_driver,
    by_practice,
    in_words,
    largest,
    latest,
    opening,
    paragraph,
)
from opslayer.intelligence.margin.unusual import unusual_months
from opslayer.intelligence.tables import MONEY, typed

__all__ = [
    "ALL",
    "DRIVERS",
    "MONTHS",
    "NAMES",
    "NOTHING",
    "NOT_A_PRACTICE",
    "TITLES",
    "Practice",
    "Work",
    "by_driver",
    "by_practice",
    "explain",
    "in_words",
    "largest",
    "latest",
    "month_cents",
    "opening",
    "paragraph",
    "run",
    "unusual_months",
]

MODEL = "margin_drivers"
MODEL_VERSION = "1"
MONTHS = 12
"""Closed months explained by a run."""
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "month": pl.Date(),
        "practice": pl.String(),
        "party_id": pl.String(),
        "party_name": pl.String(),
        "project_id": pl.String(),
        "project_name": pl.String(),
        "measure": pl.String(),
        "driver": pl.String(),
        "amount_base": MONEY,
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def run(layer: Queries, *, as_of: date, currency: str, months: int = MONTHS) -> dict[str, pl.DataFrame]:
    """The tables of the question, by name: margin_driver, margin_narrative, margin_unusual.

    Explains the last `months` months that had ended by `as_of` and have a budget of revenue. Empty where no
    time is kept: what was behind the revenue nobody knows, and `variance` explains what the ledger says.
    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    delivery, plan, pnl = (
        layer.query(name) for name in ("delivery_month", "practice_month", "pnl_comparison")
    )
    worked = delivery.filter(pl.col("billable_hours") > 0)["month"]
    planned = pnl.filter((pl.col("section") == "revenue") & pl.col("budget").is_not_null())
    closed = planned.filter(pl.col("month").dt.month_end() <= as_of, pl.col("month").is_in(worked.implode()))
    chosen = closed["month"].unique().sort().to_list()[-months:]
    drivers = pl.concat(
        [
            pl.DataFrame(schema=SCHEMA),
            *(explain(delivery, plan, pnl, month=month, as_of=as_of) for month in chosen),
        ]
    )
    narratives = [draft_month(drivers, pnl, month=month, currency=currency, as_of=as_of) for month in chosen]
    return {
        "margin_driver": drivers,
        "margin_narrative": pl.concat([pl.DataFrame(schema=NARRATIVE_SCHEMA), *narratives]),
        "margin_unusual": unusual_months(drivers, pnl, currency=currency, as_of=as_of),
    }


def explain(
    delivery: pl.DataFrame, plan: pl.DataFrame, pnl: pl.DataFrame, *, month: date, as_of: date
) -> pl.DataFrame:
    """The drivers of one month (columns of intelligence.margin_driver); zero amounts are left out.

    `delivery` has the columns of the query delivery_month, `plan` of practice_month and `pnl` of
    pnl_comparison, with the twelve months before and the one after, where they are known.
    """
    ledger = pnl.filter(pl.col("month") == month).group_by("section").agg(pl.col("actual", "budget").sum())
    totals = {section: (_cents(actual), _cents(budget)) for section, actual, budget in ledger.iter_rows()}
    (revenue, planned), (cost, planned_cost) = (totals.get(s, (0, 0)) for s in ("revenue", "direct_cost"))
    cells = month_cents(
        practices_of(delivery, plan, (cost, planned_cost), month),
        revenue=revenue - planned,
        cost=cost - planned_cost,
    )
    keys = ("practice", "party_id", "project_id", "measure", "driver")
    rows = [(*cell, Decimal(value) / 100) for cell, value in sorted(cells.items(), key=lambda c: str(c[0]))]
    frame = pl.DataFrame(rows, schema={name: SCHEMA[name] for name in (*keys, "amount_base")}, orient="row")
    parties = delivery.select("party_id", "party_name").drop_nulls().unique("party_id")
    projects = delivery.select("project_id", "project_name").drop_nulls().unique("project_id")
    named = frame.join(parties, on="party_id", how="left", maintain_order="left")
    named = named.join(projects, on="project_id", how="left", maintain_order="left")
    return typed(
        named.with_columns(
            as_of=pl.lit(as_of), month=pl.lit(month), model=pl.lit(MODEL), model_version=pl.lit(MODEL_VERSION)
        ),
        SCHEMA,
    )


def _cents(amount: Decimal | None) -> int:
    return round((amount or Decimal(0)) * 100)
