"""Hours by person and whole week, as arrays: what could be worked, and what was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

WINDOW = 4  # weeks that are judged
HISTORY = 52  # weeks before them, from which it is learnt how much four weeks differ


@dataclass(frozen=True)
class Weeks:
    """Hours of each person (row) in each week (column, oldest first).

    A week without any time although there were hours to work is `missing`: a sheet that was not handed in
    says nothing of what was done, so its hours count neither as available nor as short; they are in
    `unseen`.
    """

    people: list[str]
    starts: list[date]
    available: Floats
    billable: Floats
    booked: Floats
    bench: Floats
    leave: Floats
    unseen: Floats

    @property
    def missing(self) -> Flags:
        return self.unseen > 0

    def window(self, hours: Floats) -> Floats:
        """The sum over the judged weeks, by person."""
        return np.asarray(hours[:, -WINDOW:].sum(axis=1))


def read_weeks(person_week: pl.DataFrame, people: list[str], as_of: date) -> Weeks:
    """From columns of marts.person_week: the judged weeks and HISTORY before them, for `people`."""
    monday = as_of - timedelta(days=as_of.weekday())
    count = WINDOW + HISTORY
    starts = [monday - timedelta(weeks=count - number) for number in range(count)]
    rows = person_week.filter(pl.col("week_start") >= starts[0], pl.col("week_start") < monday).join(
        pl.DataFrame({"person_id": people}, schema={"person_id": pl.String}).with_row_index("row"),
        on="person_id",
    )
    place = (
        rows["row"].to_numpy(),
        ((rows["week_start"] - starts[0]).dt.total_days() // 7).to_numpy(),
    )

    def laid(column: str) -> Floats:
        hours = np.zeros((len(people), count))
        hours[place] = rows[column].cast(pl.Float64).to_numpy()
        return hours

    available, booked = laid("available_hours"), laid("hours")
    missing = (available > 0) & (booked == 0)
    return Weeks(
        people,
        starts,
        np.where(missing, 0.0, available),
        laid("billable_hours"),
        booked,
        laid("bench_hours"),
        laid("leave_hours"),
        np.where(missing, available, 0.0),
    )


def rolling(hours: Floats) -> Floats:
    """Sums over WINDOW weeks, by the week they end with; the first WINDOW - 1 columns are of fewer."""
    total = np.cumsum(hours, axis=1)
    total[:, WINDOW:] -= total[:, :-WINDOW].copy()
    return total
