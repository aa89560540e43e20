"""Account months that are out of the ordinary, against a robust seasonal expectation.

Expectation: the median of the twelve months before, or the same month of the year before where that is
nearer: a month is unusual only if it is so against both the level and the season (the naive and
seasonal-naive benchmarks of Hyndman & Athanasopoulos, "Forecasting: Principles and Practice", 3rd ed.,
section 5.2, made robust). Scale: 1.4826 times the account's median absolute error (Leys et al., J.
Experimental Social Psychology 49, 2013), in proportion where the season's amount is larger. An account
that is empty in most months has no spread to measure; its scale is its usual non-empty amount, as a count
of such amounts would vary by one. False alarms: two-sided Student p-values, Benjamini-Hochberg over all
account months judged (J. Royal Statistical Society B 57, 1995), and a floor of size.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, t

from opslayer.intelligence.tables import MONEY, typed

Floats = NDArray[np.float64]
MODEL = "seasonal_median"
MODEL_VERSION = "1"
JUDGED = 12
"""Latest closed months judged."""
HISTORY = 12
FEWEST = 6
"""Months of history below which an account month is not judged."""
FALSE_DISCOVERIES = 0.05
MATERIAL = 0.002
"""Share of the firm's median monthly revenue below which a surprise is not worth a reader's minute."""
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "month": pl.Date(),
        "account_code": pl.String(),
        "account_name": pl.String(),
        "amount_base": MONEY,
        "expected": MONEY,
        "lower": MONEY,
        "upper": MONEY,
        "score": pl.Float64(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def account_months(pnl: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row an unusual account month (columns of intelligence.unusual_account_month), worst first.

    `pnl` has the columns of marts.pnl_month: month, section, account_code, account_name, amount_base.
    Months that had not ended by `as_of` are left out. `lower` and `upper` hold 95 % of ordinary months;
    `score` is minus log10 of the p-value.
    """
    closed = pnl.filter(pl.col("month").dt.month_end() <= as_of)
    if closed.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    months = closed.select(pl.date_range(pl.col("month").min(), pl.col("month").max(), "1mo"))["month"]
    revenue = closed.filter(pl.col("section") == "revenue").group_by("month").agg(pl.col("amount_base").sum())
    middle = revenue.select(pl.col("amount_base").cast(pl.Float64).abs().median()).item()
    material = MATERIAL * (middle or 0.0)
    accounts = closed.group_by(code=pl.coalesce("account_code", "account_name")).agg(
        pl.col("account_name").min()
    )
    keyed = closed.with_columns(code=pl.coalesce("account_code", "account_name"))
    judged = [
        row
        for code, name in accounts.sort("code").iter_rows()
        for row in _judge(code, name, _series(keyed.filter(pl.col("code") == code), months), months.to_list())
    ]
    return _alarms(judged, material, as_of)


def _series(rows: pl.DataFrame, months: pl.Series) -> Floats:
    sums = rows.group_by("month").agg(pl.col("amount_base").sum().cast(pl.Float64))
    whole = months.to_frame("month").join(sums, on="month", how="left").sort("month")
    return whole["amount_base"].fill_null(0.0).to_numpy()


Judged = tuple[date, str, str, float, float, float, int, str]
"""month, account code and name, amount, expected, scale, degrees of freedom, reasons."""


def _judge(code: str, name: str, values: Floats, months: list[date]) -> list[Judged]:
    first = int(np.argmax(values != 0))
    level = np.array(
        [np.median(values[max(first, i - HISTORY) : i]) if i > first else np.nan for i in range(len(values))]
    )
    found: list[Judged] = []
    for i in range(max(len(values) - JUDGED, first + FEWEST), len(values)):
        past = values[first:i]
        filled = np.abs(past[past != 0])
        usual = float(np.median(filled))
        floor = usual if len(filled) < len(past) / 2 else 0.05 * max(abs(float(level[i])), usual)
        errors = np.abs(values[first + 1 : i] - level[first + 1 : i])
        scale = max(1.4826 * float(np.median(errors)), floor, 0.01)
        expected, basis = float(level[i]), "the twelve months before"
        if i - 12 >= first and abs(values[i] - values[i - 12]) < abs(values[i] - expected):
            expected, basis = float(values[i - 12]), "the same month a year before"
            scale *= max(1.0, abs(expected) / max(abs(float(level[i])), usual))
        why = _reason(float(values[i]), past, expected, basis)
        found.append((months[i], code, name, float(values[i]), expected, scale, len(errors) - 1, why))
    return found


def _reason(amount: float, past: Floats, expected: float, basis: str) -> str:
    parts = [f"{amount:,.0f} against {expected:,.0f} expected from {basis}"]
    if amount == 0:
        parts.append("nothing was booked in a month that usually has something")
    elif expected and amount / expected > 0:
        parts.append(f"{amount / expected:.1f} times the usual")
    elif expected:
        parts.append("the sign is the other way round")
    if abs(amount) > np.abs(past).max():
        parts.append(f"the largest of {len(past) + 1} months")
    return "; ".join(parts)


def _alarms(judged: list[Judged], material: float, as_of: date) -> pl.DataFrame:
    if not judged:
        return pl.DataFrame(schema=SCHEMA)
    amount, expected, scale, freedom = (
        np.array([row[k] for row in judged], dtype=float) for k in (3, 4, 5, 6)
    )
    distance = np.abs(amount - expected) / scale
    adjusted = false_discovery_control(2 * t.sf(distance, freedom), method="bh")
    score = -(np.log(2) + t.logsf(distance, freedom)) / np.log(10)
    half = t.ppf(0.975, freedom) * scale
    frame = pl.DataFrame(
        {
            "as_of": [as_of] * len(judged),
            "month": [row[0] for row in judged],
            "account_code": [row[1] for row in judged],
            "account_name": [row[2] for row in judged],
            "amount_base": np.round(amount, 2),
            "expected": np.round(expected, 2),
            "lower": np.round(expected - half, 2),
            "upper": np.round(expected + half, 2),
            "score": np.round(score, 2),
            "reasons": [row[7] for row in judged],
            "model": [MODEL] * len(judged),
            "model_version": [MODEL_VERSION] * len(judged),
        }
    ).filter((adjusted <= FALSE_DISCOVERIES) & (np.abs(amount - expected) >= material))
    return typed(frame, SCHEMA).sort(["score", "month", "account_code"], descending=[True, True, False])
