"""Calls by five minutes at a bank, a week ahead: ours beside the week before and beside the mean of four
weeks.

Nine origins over the last 40 of 164 weekdays, each judged on the five days after it: mean absolute error an
interval of five minutes (lower is better), and the share of intervals within the interval of 80 %.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from opslayer.config import PROJECT
from opslayer.intelligence.calls import volume

DATA = PROJECT.parent / "shared" / "data" / "calls" / "bank_calls.csv"
FIRST, STEP, WEEK = 124, 4, 5


def main() -> list[dict[str, Any]]:
    """No rows where the data set is not there."""
    if not DATA.is_file():
        return []
    calls = pl.read_csv(DATA, try_parse_dates=True).with_columns(day=pl.col("datetime_utc").dt.date())
    days = calls.group_by("day", maintain_order=True).agg("calls")
    counts = np.array(days["calls"].to_list(), dtype=np.float64)
    weekdays = days["day"].dt.weekday().to_numpy() - 1
    ours, inside, rivals = [], [], {"the week before": [], "the mean of four weeks": []}
    with threadpool_limits(1):
        for origin in range(FIRST, len(counts) - WEEK + 1, STEP):
            came = counts[origin : origin + WEEK]
            found = volume(counts[:origin], weekdays[:origin], weekdays[origin : origin + WEEK])
            ours.append(np.abs(found.expected - came).mean())
            inside.append(np.mean((came >= found.lower) & (came <= found.upper)))
            before = [counts[origin - WEEK * back : origin - WEEK * back + WEEK] for back in (1, 2, 3, 4)]
            rivals["the week before"].append(np.abs(before[0] - came).mean())
            rivals["the mean of four weeks"].append(np.abs(np.mean(before, axis=0) - came).mean())
    return [
        {
            "name": "calls in five minutes, up to a week ahead, off by",
            "scale": f"{len(ours)} origins, {counts[FIRST:].mean():.0f} calls an interval",
            "ours": f"{np.mean(ours):.1f}",
            "rival": rival,
            "rivals": f"{np.mean(errors):.1f}",
            "claim": f"below the rival's; {np.mean(inside):.0%} within the interval of 80 %",
        }
        for rival, errors in rivals.items()
    ]
