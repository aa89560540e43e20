"""The cursor: how far back the next read reaches, and what a stray date cannot do to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opslayer.sources.cursor import capped, lagged, later

MOMENT = datetime(2026, 11, 16, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cursor", "floor"),
    [
        ("100", "40"),
        ("2026-11-16", "2026-11-15"),
        ("2026-11-16T06:00:30Z", "2026-11-16T05:59:30Z"),
        ("2026-11-16 06:00:30", "2026-11-16 05:59:30"),
        ("2026-11-16 06:00:30.25+00", "2026-11-16 05:59:30.250000+00:00"),
        ("2026-11-16T06:00:30+02:00", "2026-11-16T05:59:30+02:00"),
        ("INV-0042", "INV-0042"),
    ],
)
def test_the_next_read_begins_a_lag_earlier_in_the_same_style(cursor: str, floor: str) -> None:
    assert lagged(cursor, 60) == floor


@pytest.mark.parametrize(
    ("cursor", "limit"),
    [
        ("2099-01-01T00:00:00Z", "2026-11-16T06:00:00Z"),
        ("2099-01-01 00:00:00", "2026-11-16 06:00:00"),
        ("2099-01-01", "2026-11-16"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("4102444800", "4102444800"),
    ],
)
def test_a_date_to_come_does_not_move_the_cursor_past_now(cursor: str, limit: str) -> None:
    assert capped(cursor, MOMENT) == limit


@given(st.integers(10**7, 4 * 10**9), st.integers(0, 10**6))
def test_a_lag_is_exact_and_never_forward(second: int, lag: int) -> None:
    moment = datetime.fromtimestamp(second, UTC)
    floor = datetime.fromisoformat(lagged(moment.isoformat(), lag))
    assert floor == moment - timedelta(seconds=lag)


def test_numbers_compare_as_numbers_and_moments_across_zones() -> None:
    assert later("9", "10") == "10"
    assert later("2026-11-16T06:00:00+02:00", "2026-11-16T05:00:00Z") == "2026-11-16T05:00:00Z"
    assert later(None, "1") == "1"
    assert later(None, None) is None
