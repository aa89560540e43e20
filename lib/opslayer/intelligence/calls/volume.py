"""Calls by interval of the day: a day's total, forecast, spread over the day as it has been of late.

A day's level and its shape are apart, as Shen, Huang (2008), *Interday forecasting and intraday updating of
call center arrivals*. Intervals are conformal, from the errors of days before in standard deviations of a
Poisson count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opslayer.intelligence.forecast import forecast

Floats = NDArray[np.float64]
LEVEL = 0.8
FADES = 40  # days open after which a day's shape counts half
PRIOR = 2000.0  # calls that the shape of all days counts as, beside the weekday's own
SAME = 4  # weekdays whose mean stands beside the forecast of a total, at equal weight
LEAST = 10  # days before the first that is tried
TRIED = 20  # days that are tried, at most


@dataclass(frozen=True)
class Volume:
    """Rows are days to come, columns intervals: what is expected, and where 80 % of it lies."""

    expected: Floats
    lower: Floats
    upper: Floats
    error: float  # mean absolute error an interval over the days tried; NaN where none was
    naive_error: float
    fallback: str


def volume(counts: Floats, weekdays: NDArray[np.int64], ahead: NDArray[np.int64], *, week: int = 5) -> Volume:
    """`counts` has a row a day open, in order, and a column an interval; `weekdays` says which day each row
    is.

    `ahead` are the weekdays of the days to come, in order; `week` is how many days of a week are open.
    Raises ValueError for no days.
    """
    if not len(counts):
        raise ValueError("a forecast of calls needs a day of them")
    totals = counts.sum(axis=1)
    made = forecast(totals, period=week, horizon=len(ahead), floor=0.0)
    days_ahead = [
        (made.mean[step] + _lately(totals, weekdays, int(day))) / 2 for step, day in enumerate(ahead)
    ]
    expected = np.stack(
        [
            total * shape(counts, weekdays, int(day))
            for total, day in zip(days_ahead, ahead.tolist(), strict=True)
        ]
    )
    days = range(max(LEAST, len(counts) - min(TRIED, len(made.one_step))), len(counts))
    if not days:
        spread = 1.3 * np.sqrt(np.maximum(expected, 1.0))
        why = f"{len(counts)} days are too few to try the forecast on."
        return Volume(expected, np.maximum(expected - spread, 0), expected + spread, np.nan, np.nan, why)
    steps = made.one_step[len(made.one_step) - len(days) :]
    tried = np.stack(
        [
            (max(totals[day] - step, 0.0) + _lately(totals[:day], weekdays[:day], int(weekdays[day])))
            / 2
            * shape(counts[:day], weekdays[:day], int(weekdays[day]))
            for day, step in zip(days, steps.tolist(), strict=True)
        ]
    )
    came = counts[days.start :]
    naive = counts[days.start - week : len(counts) - week] if days.start >= week else tried * np.nan
    error = float(np.mean(np.abs(came - tried)))
    naive_error = float(np.mean(np.abs(came - naive)))
    why = ""
    if error > naive_error:
        why = f"On {len(days)} days before, the same interval a week before was nearer than the model."
        expected = np.stack([counts[len(counts) - week + step % week] for step in range(len(ahead))])
        tried = naive
    width = made.upper[0] - made.lower[0]  # grows with the days ahead
    growth = width / width[0] if width[0] > 0 else np.ones(len(ahead))
    half = _half(came, tried) * np.maximum(growth, 1.0)[:, None] * np.sqrt(np.maximum(expected, 1.0))
    return Volume(expected, np.maximum(expected - half, 0.0), expected + half, error, naive_error, why)


def shape(counts: Floats, weekdays: NDArray[np.int64], weekday: int) -> Floats:
    """The share of a day's calls in each interval, of a weekday: its own days and all, the latest most."""
    age = len(counts) - 1 - np.arange(len(counts))
    weights = 0.5 ** (age / FADES)
    every = weights @ counts + 1e-9
    every /= every.sum()
    own = (weights * (weekdays == weekday)) @ counts
    return np.asarray((own + PRIOR * every) / (own.sum() + PRIOR))


def _lately(totals: Floats, weekdays: NDArray[np.int64], weekday: int) -> float:
    """The mean of the last four such weekdays, or of all days where there was none."""
    same = totals[weekdays == weekday][-SAME:]
    return float(same.mean() if len(same) else totals.mean())


def _half(came: Floats, tried: Floats) -> float:
    scores = np.sort((np.abs(came - tried) / np.sqrt(np.maximum(tried, 1.0))).ravel())
    return float(scores[min(int(np.ceil((len(scores) + 1) * LEVEL)), len(scores)) - 1])
