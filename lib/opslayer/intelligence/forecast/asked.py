"""What is asked of a forecast, a row a series, and who may answer: the combination, or the season before.

The combination says nothing where, at earlier origins, the season before was nearer, or where what came since
lay outside of its intervals more often than chance explains: then the season before stands, and says why.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import numpy as np
import polars as pl
from scipy.stats import binom
from threadpoolctl import threadpool_limits

from opslayer.intelligence.forecast.combination import LEVELS, MODEL, NAIVE, Forecast, forecast, season_before
from opslayer.intelligence.holiday import ordinary

CAPABILITY = "forecast"
WATCHED = ("failures", "table_rows")  # what contracts watch; nobody plans by it
HORIZON = {"day": 28, "week": 13, "month": 6}
PERIOD = {"day": 7, "week": 1, "month": 12}
KEPT = {"day": 420, "week": 156, "month": 120}  # periods before that teach
CLAIM = LEVELS[0]
CHANCE = 0.01  # of so few values within the interval, were it as wide as it claims
BESIDE = ("ahead", "lower_80", "upper_80", "lower_95", "upper_95", "one_step", "off_by")


def series(history: pl.DataFrame, holidays: Collection[date], coverage: pl.DataFrame) -> pl.DataFrame:
    """One row a metric and member: `subject`, what it is, and its values in order, holidays as ordinary days.

    `history` has the columns of marts.metric_history; `coverage` says of each series how many values came
    after a forecast (`came`), and how many of them within its 80 % interval (`inside`).
    """
    wanted = history.filter(~pl.col("metric").is_in(WATCHED)).sort("metric", "member", "period_start")
    known = {(row["metric"], row["member"]): row for row in coverage.iter_rows(named=True)}
    asked = []
    for (metric, member), rows in wanted.group_by("metric", "member", maintain_order=True):
        frequency = str(rows["frequency"][0])
        kept = rows.tail(KEPT[frequency])
        values = kept["value"].to_numpy().astype(np.float64)
        if frequency == "day":
            values = ordinary(kept["period_start"].to_list(), values, holidays)
        judged = known.get((metric, member), {"came": 0, "inside": 0})
        asked.append(
            {
                "subject": f"{metric}:{member}",
                "metric": metric,
                "member": member,
                "frequency": frequency,
                "unit": rows["unit"][0],
                "period": PERIOD[frequency],
                "horizon": HORIZON[frequency],
                "came": judged["came"],
                "inside": judged["inside"],
                "series": values.tolist(),
            }
        )
    return pl.DataFrame(asked, schema=ASKED)


ASKED = pl.Schema(
    {
        "subject": pl.String(), "metric": pl.String(), "member": pl.String(), "frequency": pl.String(),
        "unit": pl.String(), "period": pl.Int64(), "horizon": pl.Int64(), "came": pl.Int64(),
        "inside": pl.Int64(), "series": pl.List(pl.Float64),
    }
)  # fmt: skip


def combination(rows: pl.DataFrame) -> pl.DataFrame:
    """ETS, Theta and ARIMA combined; no answer, and why, where the season before is to stand."""
    with threadpool_limits(1):
        return pl.DataFrame([_combined(row) for row in rows.iter_rows(named=True)], schema=REPLY)


def seasonal_naive(rows: pl.DataFrame) -> pl.DataFrame:
    """The value of the same season before, with the intervals of its own errors."""
    found = []
    for row in rows.iter_rows(named=True):
        known = [value for value in row["series"] or [] if value is not None and np.isfinite(value)]
        if not known:
            found.append(_nothing("nothing is known of it"))
            continue
        values = np.array(known)
        made = season_before(values, period=row["period"], horizon=row["horizon"], floor=_floor(values))
        found.append(_reply(made, NAIVE, f"As {_before(row['frequency'])}."))
    return pl.DataFrame(found, schema=REPLY)


REPLY = pl.Schema(
    [
        ("answer", pl.Float64()),
        ("model", pl.String()),
        ("reasons", pl.String()),
        *((name, pl.List(pl.Float64)) for name in BESIDE),
    ]
)


def _combined(row: dict[str, object]) -> dict[str, object]:
    came, inside = int(str(row["came"])), int(str(row["inside"]))
    if binom.cdf(inside, came, CLAIM) < CHANCE:
        return _nothing(
            f"of {came} values that came after a forecast, {inside} were within its {CLAIM:.0%} interval"
        )
    values = np.array(row["series"], dtype=np.float64)
    made = forecast(
        values, period=int(str(row["period"])), horizon=int(str(row["horizon"])), floor=_floor(values)
    )
    if made.is_fallback:
        return _nothing(made.fallback)
    return _reply(made, MODEL, _reason(made, str(row["frequency"]), str(row["unit"]), len(values)))


def _nothing(why: str) -> dict[str, object]:
    return {"answer": None, "model": MODEL, "reasons": why, **{name: [] for name in BESIDE}}


def _reply(made: Forecast, model: str, reasons: str) -> dict[str, object]:
    lists = (made.mean, made.lower[0], made.upper[0], made.lower[1], made.upper[1], made.one_step)
    off_by = [None if np.isnan(one) else one for one in (made.error, made.naive_error)]
    beside = dict(zip(BESIDE, [*(one.tolist() for one in lists), off_by], strict=True))
    return {"answer": float(made.mean[0]), "model": model, "reasons": reasons, **beside}


def _floor(values: np.ndarray) -> float | None:
    """Nothing that was never negative is expected to be."""
    return 0.0 if values.min() >= 0 else None


def _reason(made: Forecast, frequency: str, unit: str, periods: int) -> str:
    word = {"days": " days", "hours": " hours"}.get(unit, "")
    shown = "{:.1%}" if unit == "share" else "{:,.0f}" if made.error >= 100 else "{:,.1f}"
    return (
        f"From {periods:,} {frequency}s before. At {made.origins} earlier origins it was off by "
        f"{shown.format(made.error)}{word} on average, {_before(frequency)} by "
        f"{shown.format(made.naive_error)}."
    )


def _before(frequency: str) -> str:
    return {
        "day": "the same weekday before",
        "week": "the value the week before",
        "month": "the same month a year before",
    }[frequency]
