"""What open deals ask for: the hours each would need, by role and week, if and when it is won.

The day a deal closes is known by three quantiles; they stand for its distribution with the weights 0.3, 0.4
and 0.3 (Keefer and Bodily, "Three-point approximations for continuous random variables", Management Science
29, 1983: extended Swanson-Megill). Work begins some days after the close and is spread evenly over its weeks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEIGHTS = np.array([0.3, 0.4, 0.3])  # of the 10th, 50th and 90th percentile
START_LAG = 14.0  # days from close to start, where nobody has said
WEEK_HOURS = 40.0  # a week, to tell how long work takes where nobody has said
LEAST_WEEKS = 2.0


@dataclass(frozen=True)
class Deals:
    """Open deals; rows of the frame and of the arrays are the same, in the order of opportunity_id.

    `start` has the shape (deals, 3): day the work begins, counted from `origin`, in each of three cases of
    equal or different weight WEIGHTS; `length` is in days. `hours` has the shape (deals, roles).
    """

    origin: date
    frame: pl.DataFrame
    probability: Floats
    start: Floats
    length: Floats
    roles: tuple[str, ...]
    hours: Floats

    def keep(self, rows: NDArray[np.bool_]) -> Deals:
        """Those of `rows`, one element a deal."""
        return replace(
            self,
            frame=self.frame.filter(pl.Series(rows, dtype=pl.Boolean)),
            probability=self.probability[rows],
            start=self.start[rows],
            length=self.length[rows],
            hours=self.hours[rows],
        )

    def spread(self, boundaries: list[date]) -> Floats:
        """Share of the work from each boundary to the next, shape (deals, 3, len(boundaries)).

        The last holds what is later. What lies before the first boundary counts for the first span.
        """
        edges = np.array([(day - self.origin).days for day in boundaries], dtype=np.float64)
        done = np.clip((edges - self.start[:, :, None]) / self.length[:, None, None], 0.0, 1.0)
        done[:, :, 0] = 0.0
        return np.diff(done, axis=2, append=1.0)

    def expected(self, boundaries: list[date]) -> Floats:
        """The same, over the three cases and times the chance of winning; shape (deals, len(boundaries))."""
        share: Floats = np.einsum("dsw,s,d->dw", self.spread(boundaries), WEIGHTS, self.probability)
        return share


def deals_of(open_deals: pl.DataFrame, deal_roles: pl.DataFrame, *, as_of: date) -> Deals:
    """From the queries forecast_deals and deal_roles. A close in the past is taken for today."""
    frame = open_deals.sort("opportunity_id")
    wide = deal_roles.group_by("opportunity_id", "role").agg(pl.col("hours").cast(pl.Float64).sum())
    roles = tuple(sorted(wide["role"].unique()))
    row = {key: place for place, key in enumerate(frame["opportunity_id"])}
    hours = np.zeros((len(frame), len(roles)))
    for key, role, value in wide.sort("opportunity_id", "role").iter_rows():
        if key in row:
            hours[row[key], roles.index(role)] = value
    lag = frame["start_lag"].cast(pl.Float64).fill_null(START_LAG).clip(lower_bound=0).to_numpy()
    quantiles = frame.select(
        (pl.coalesce(name, "close_on", pl.lit(as_of)) - pl.lit(as_of)).dt.total_days().clip(lower_bound=0)
        for name in ("close_earliest", "close_on", "close_latest")
    )
    close = quantiles.cast(pl.Float64).to_numpy().reshape(len(frame), 3)
    told = frame["weeks"].cast(pl.Float64).to_numpy()
    guessed = np.maximum(np.ceil(hours.sum(axis=1) / WEEK_HOURS), LEAST_WEEKS)
    weeks = np.where(np.nan_to_num(told) > 0, told, guessed)
    probability = frame["win_probability"].fill_null(0.0).clip(0.0, 1.0).to_numpy()
    return Deals(as_of, frame, probability, close + lag[:, None], 7.0 * weeks, roles, hours)


def hourly(deals: Deals, rates: pl.DataFrame, column: str) -> Floats:
    """Money an hour by deal and role: its practice's rate; else the role's in the firm; else the firm's mean.

    `rates` has the columns of the query practice_rates.
    """
    values = rates.select("practice", "role", pl.col(column).cast(pl.Float64)).drop_nulls()
    exact = {(practice, role): rate for practice, role, rate in values.iter_rows()}
    roles = dict(values.group_by("role").agg(pl.col(column).mean()).iter_rows())
    mean = float(values[column].mean() or 0.0)  # type: ignore[arg-type]
    found = [
        [exact.get((practice, role), roles.get(role, mean)) for role in deals.roles]
        for practice in deals.frame["practice"]
    ]
    return np.array(found, dtype=np.float64).reshape(len(deals.frame), len(deals.roles))


def weeks_from(start: date, weeks: int) -> list[date]:
    """Mondays of `weeks` weeks and the one after the last."""
    return [start + timedelta(weeks=week) for week in range(weeks + 1)]


def whole(expected: Floats, total: Floats) -> NDArray[np.int64]:
    """Cells in whole units that add up, along the last axis, to each row's rounded total exactly.

    Running totals are rounded, so no cell is off by more than one unit. `expected` (..., cells) are shares of
    `total` (...).
    """
    running = np.cumsum(expected, axis=-1) * total[..., None]
    cells: NDArray[np.int64] = np.rint(np.round(running, 6)).astype(np.int64)
    return np.concatenate([cells[..., :1], cells[..., 1:] - cells[..., :-1]], axis=-1)
