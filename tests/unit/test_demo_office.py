"""The demo firm's appointments and calls: fitted to public records, and nobody's real numbers."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from opslayer.demo import office

CLIENTS = [office.Client(f"C{n:05d}", f"E{n:05d}", f"J{n:05d}", None, office._number(n)) for n in range(1, 5)]
AS_OF = date(2026, 11, 16)


@pytest.mark.real
def test_calls_by_hour_are_those_of_the_call_centre(real_data: Path) -> None:
    counts = pl.read_csv(real_data / "calls" / "bank_calls.csv", try_parse_dates=True)
    assert len(counts) == 27_716
    by_hour = dict(counts.group_by(pl.col("datetime_utc").dt.hour()).agg(pl.col("calls").sum()).iter_rows())
    for hour, share in enumerate(office.BY_HOUR, start=7):
        assert 100 * by_hour[hour] / counts["calls"].sum() == pytest.approx(share, abs=0.06), hour


@pytest.mark.real
def test_no_shows_are_those_of_the_bookings(real_data: Path) -> None:
    bookings = pl.read_csv(real_data / "bookings" / "hotel_bookings.csv.gz", infer_schema=False)
    status = dict(bookings.group_by("reservation_status").len().iter_rows())
    assert status["No-Show"] / (status["No-Show"] + status["Check-Out"]) == pytest.approx(
        office.NO_SHOW, abs=0.0005
    )


def test_the_demo_firms_calls_are_fitted_to_them() -> None:
    rows, due = office._calls(CLIENTS, set(), AS_OF, np.random.default_rng(1), 2.0)
    came = [row for row in rows if row["direction"] == "in"]
    hours = Counter(datetime.fromisoformat(row["started_at"]).astimezone(office.ZONE).hour for row in came)
    for hour, share in enumerate(office.BY_HOUR, start=7):
        assert 100 * hours[hour] / len(came) == pytest.approx(share, abs=1.5), hour
    missed = Counter(
        datetime.fromisoformat(row["started_at"]).astimezone(office.ZONE).hour
        for row in came
        if row["outcome"] == "missed"
    )
    at_other_hours = [hour for hour in hours if hour not in office.AT_LUNCH]
    share = sum(missed[hour] for hour in at_other_hours) / sum(hours[hour] for hour in at_other_hours)
    assert share == pytest.approx(office.MISSED, abs=0.015)
    for hour, share in office.AT_LUNCH.items():
        assert missed[hour] / hours[hour] == pytest.approx(share, abs=0.06)
    assert len(due) == 4


def test_every_number_is_one_kept_for_fiction() -> None:
    rows, _ = office._calls(CLIENTS, set(), AS_OF, np.random.default_rng(2), 0.2)
    numbers = {row["number"] for row in rows} - {None}
    assert numbers
    assert all(re.fullmatch(r"\+3532091\d{5}", number) for number in numbers)
