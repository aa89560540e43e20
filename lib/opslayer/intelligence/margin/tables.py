"""What pages and reports read of a margin_driver and a margin_narrative."""

from __future__ import annotations

from datetime import date

import polars as pl

from opslayer.intelligence.margin.drivers import DRIVERS
from opslayer.intelligence.tables import MONEY

NOT_A_PRACTICE = "Not by practice"
ALL = "All"
NOTHING = "No closed month has both a budget and time to take it apart."
NAMES = {
    "volume": "Capacity",
    "rate": "Rate",
    "mix": "Mix",
    "utilisation": "Utilisation",
    "realisation": "Realisation",
    "scope": "Scope",
    "timing": "Timing",
    "fx": "Exchange",
    "cost": "Cost",
    "other": "Other",
}
"""Drivers as people read them."""
TITLES = {
    "practice": "Practice",
    "revenue_base": "Revenue",
    "margin_base": "Margin",
    **{f"{driver}_base": name for driver, name in NAMES.items()},
}
"""Columns of `by_practice` as people read them."""
OWN = ("rate", "realisation", "scope", "timing", "fx")
"""Drivers that stand by project."""


def latest(drivers: pl.DataFrame) -> pl.DataFrame:
    """The rows of the latest month."""
    return drivers.filter(pl.col("month") == pl.col("month").max())


def by_driver(drivers: pl.DataFrame) -> pl.DataFrame:
    """driver, revenue, cost, margin (revenue and cost together) of one month, in the order of DRIVERS."""
    sums = _wide(drivers, "driver")
    order = pl.DataFrame({"driver": list(DRIVERS)})
    return order.join(sums, on="driver", how="inner", maintain_order="left")


def by_practice(drivers: pl.DataFrame) -> pl.DataFrame:
    """One row a practice, a column a driver, and their sums revenue and margin; the last is the firm."""
    named = drivers.with_columns(pl.col("practice").fill_null(NOT_A_PRACTICE))
    both = pl.concat([named, named.with_columns(practice=pl.lit(ALL))])
    wide = both.pivot("driver", index="practice", values="amount_base", aggregate_function="sum")
    missing = [pl.lit(None, MONEY).alias(driver) for driver in DRIVERS if driver not in wide.columns]
    wide = wide.with_columns(missing).with_columns(pl.col(*DRIVERS).fill_null(0))
    table = wide.join(_wide(both, "practice"), on="practice")
    table = table.with_columns(last=(pl.col("practice") == ALL) * 2 + (pl.col("practice") == NOT_A_PRACTICE))
    table = table.sort("last", "practice").rename(lambda name: name if name == "practice" else f"{name}_base")
    return table.select(*TITLES)


def largest(drivers: pl.DataFrame, *, by: str = "party_name", rows: int = 5) -> pl.DataFrame:
    """The clients (or, by `project_name`, projects) that moved the month most: name, amount_base, driver (its
    largest)."""
    mine = drivers.filter(pl.col("driver").is_in(OWN), pl.col(by).is_not_null())
    parts = mine.group_by(by, "driver").agg(pl.col("amount_base").sum())
    ranked = parts.sort(pl.col("amount_base").abs(), "driver", descending=[True, False], maintain_order=True)
    whole = ranked.group_by(by, maintain_order=True).agg(
        pl.col("amount_base").sum(), pl.col("driver").first()
    )
    order = [pl.col("amount_base").abs(), pl.col(by)]
    return in_words(whole.sort(order, descending=[True, False]).head(rows).rename({by: "name"}))


def in_words(frame: pl.DataFrame) -> pl.DataFrame:
    """Any of these tables with its drivers as people read them."""
    return frame.with_columns(pl.col("driver").replace({name: said.lower() for name, said in NAMES.items()}))


def paragraph(narratives: pl.DataFrame, month: date | None = None, practice: str | None = None) -> str:
    """What is said of a month (the latest), of the firm or one practice; a sentence where nothing can be."""
    mine = narratives.filter(pl.col("practice").eq_missing(pl.lit(practice, pl.String))).sort("month")
    if month is not None:
        mine = mine.filter(pl.col("month") == month)
    return str(mine["paragraph"][-1]) if len(mine) else NOTHING


def opening(narratives: pl.DataFrame) -> str:
    """The first two sentences of the latest month of the firm: what it brought, and why."""
    return ". ".join(paragraph(narratives).split(". ")[:2]).removesuffix(".") + "."


def _wide(drivers: pl.DataFrame, by: str) -> pl.DataFrame:
    amount = pl.col("amount_base")
    return drivers.group_by(by).agg(
        revenue=amount.filter(pl.col("measure") == "revenue").sum(),
        cost=amount.filter(pl.col("measure") == "cost").sum(),
        margin=amount.sum(),
    )
