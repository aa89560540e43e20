"""Hours, weeks and price from how the similar projects ended.

A reference class forecast (Kahneman and Tversky 1979; Flyvbjerg 2006, "From Nobel Prize to project
management"): what was asked, times what such projects took of what was agreed. The interval is between order
statistics of that ratio, which hold a new one of the same kind with the stated probability, whatever its
distribution (Lei et al. 2018, "Distribution-free predictive inference for regression", section 2.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.intelligence.inquiry.capacity import WEEK_HOURS

LEAST = 5  # similar projects below which nothing is said
MOST_RATIO = 10.0  # hours over budget beyond which a past project was another than was agreed


@dataclass(frozen=True)
class Estimate:
    """`lower` and `upper` hold 80 %, or all that is known where `is_whole` (too few projects for that)."""

    asked: float
    hours: float
    lower: float
    upper: float
    weeks: float
    share_over: float
    is_whole: bool

    @property
    def people(self) -> float:
        """Full time over the weeks."""
        return self.hours / self.weeks / WEEK_HOURS


def interval(ratios: NDArray[np.float64], level: float) -> tuple[float, float, bool]:
    """The order statistics that hold a new ratio with probability `level`; whether they are the extremes.

    Of n ratios the k-th and the (n + 1 - k)-th, k = floor((n + 1) (1 - level) / 2); below one, the extremes.
    """
    ordered = np.sort(ratios)
    rank = int(np.floor((len(ordered) + 1) * (1 - level) / 2 + 1e-9))
    whole = rank < 1
    rank = max(rank, 1)
    return float(ordered[rank - 1]), float(ordered[-rank]), whole


def estimate(
    asked: float,
    similar: pl.DataFrame,
    *,
    weeks: float | None = None,
    people: float | None = None,
    level: float = 0.8,
) -> Estimate:
    """From the size as asked (hours) and the most similar projects (columns hours, ratio, weeks).

    `weeks` are those that were asked for; without them the `people` asked for, full time, tell, else the
    similar projects' pace.
    """
    ratios = similar["ratio"].to_numpy().clip(1 / MOST_RATIO, MOST_RATIO)
    lower, upper, whole = interval(ratios, level)
    hours = asked * float(np.median(ratios))
    return Estimate(
        asked=asked,
        hours=hours,
        lower=asked * lower,
        upper=asked * upper,
        weeks=weeks
        or (max(1.0, float(np.ceil(hours / people / WEEK_HOURS))) if people else pace(similar, hours)),
        share_over=float((ratios > 1).mean()),
        is_whole=whole,
    )


def pace(similar: pl.DataFrame, hours: float) -> float:
    """Weeks that so many hours last at the similar projects' middle hours a week; one at least."""
    rate = similar["hours"].cast(pl.Float64).to_numpy() / similar["weeks"].cast(pl.Float64).to_numpy()
    return max(1.0, float(np.ceil(hours / np.median(rate))))


def by_role(hours: float, role_hours: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """role, hours (whole), rate_base and price_base: hours in the shares the similar projects had.

    `role_hours` has role and hours of those projects, `rates` role and rate_base. A role that would have less
    than an hour, or that has no price today, is left out.
    """
    shares = role_hours.group_by("role").agg(pl.col("hours").cast(pl.Float64).sum()).join(rates, on="role")
    whole = shares.with_columns((pl.col("hours") / pl.col("hours").sum() * hours).round(0).alias("hours"))
    priced = whole.filter(pl.col("hours") >= 1)
    return priced.select(
        "role",
        "hours",
        "rate_base",
        price_base=(pl.col("hours") * pl.col("rate_base").cast(pl.Float64)).round(2),
    ).sort("rate_base", "role", descending=[True, False])
