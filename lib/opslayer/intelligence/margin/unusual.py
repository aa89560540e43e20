"""Months whose driver lies far from what it is in the months around them, with the reason.

A Hampel filter (Pearson, "Outliers in process modeling and identification", IEEE Transactions on Control
Systems Technology 10, 2002): the distance from the median of the REACH months before and after, against the
scaled median of all such distances, so that an exchange rate may drift. Far is beyond FAR, and worth WORTH of
the month's plan.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

from opslayer.intelligence.margin.narrative import WORDS
from opslayer.intelligence.tables import MONEY, typed
from opslayer.intelligence.wording import written

MODEL = "margin_unusual"
MODEL_VERSION = "1"
REACH = 2
FAR = 5.0
"""3 is usual for one series; here nine drivers of a dozen months are looked at together."""
SCALED = 1.4826  # of the median absolute deviation, to be a standard deviation of normal values
WORTH = 0.01
FEWEST = 6
"""Months without which nobody can say what is usual."""
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "month": pl.Date(),
        "driver": pl.String(),
        "amount_base": MONEY,
        "usual_base": MONEY,
        "score": pl.Float64(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def unusual_months(drivers: pl.DataFrame, pnl: pl.DataFrame, *, currency: str, as_of: date) -> pl.DataFrame:
    """Rows of intelligence.margin_unusual, latest month first; `drivers` is a margin_driver.

    Empty with fewer than FEWEST months.
    """
    months = drivers.select("month").unique()
    if len(months) < FEWEST:
        return pl.DataFrame(schema=SCHEMA)
    sums = (
        drivers.filter(pl.col("measure") == "revenue")
        .group_by("month", "driver")
        .agg(pl.col("amount_base").sum().cast(pl.Float64))
    )
    every = months.join(sums.select("driver").unique(), how="cross")
    planned = (
        pnl.filter(pl.col("section") == "revenue")
        .group_by("month")
        .agg(pl.col("budget").sum().cast(pl.Float64))
    )
    amount = pl.col("amount_base")
    around = [
        amount.shift(step).over("driver", order_by="month") for step in range(-REACH, REACH + 1) if step
    ]
    off = amount - pl.col("usual_base")
    found = (
        every.join(sums, on=["month", "driver"], how="left")
        .join(planned, on="month", how="left")
        .with_columns(amount.fill_null(0))
        .with_columns(usual_base=pl.concat_list(around).list.drop_nulls().list.median())
        .with_columns(spread=SCALED * off.abs().median().over("driver"))
        .filter(off.abs() > FAR * pl.col("spread"), off.abs() > WORTH * pl.col("budget"))
        # a driver that is never there but once has no spread, and its score no bound
        .with_columns(score=off.abs() / pl.max_horizontal("spread", 0.001 * pl.col("budget")))
        .sort("month", "driver", descending=[True, False])
    )
    reasons = [
        _reason(driver, Decimal(str(value)), Decimal(str(usual)), currency)
        for driver, value, usual in found.select("driver", "amount_base", "usual_base").iter_rows()
    ]
    return typed(
        found.with_columns(
            pl.Series("reasons", reasons, dtype=pl.String),
            as_of=pl.lit(as_of),
            model=pl.lit(MODEL),
            model_version=pl.lit(MODEL_VERSION),
        ).with_columns(pl.col("amount_base", "usual_base").round(2)),
        SCHEMA,
    )


def _reason(driver: str, amount: Decimal, usual: Decimal, currency: str) -> str:
    effect = ("took", "added")
    return (
        f"{WORDS[driver]} {effect[amount > 0]} {written(amount, currency)}, "
        f"where {written(usual, currency)} {'gained' if usual > 0 else 'lost'} is usual around it"
    )
