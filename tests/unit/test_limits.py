"""When a client may be written to: in its own day, on its own working days."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pytz import country_timezones

from opslayer.actions.limits import LONGEST, STEP, opens_at
from opslayer.config import LimitsSection

DUBLIN = ZoneInfo("Europe/Dublin")
BY_DAY = LimitsSection(send_from=time(8), send_until=time(19))
WORKING = LimitsSection(send_from=time(8), send_until=time(19), working_days=True)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("limits", "country", "moment", "opens"),
    [
        (LimitsSection(), "IE", utc(2026, 11, 15, 3), utc(2026, 11, 15, 3)),
        (BY_DAY, "IE", utc(2026, 11, 16, 6), utc(2026, 11, 16, 8)),
        (BY_DAY, "IE", utc(2026, 11, 16, 8), utc(2026, 11, 16, 8)),
        (BY_DAY, "IE", utc(2026, 11, 16, 18, 59), utc(2026, 11, 16, 18, 59)),
        (BY_DAY, "IE", utc(2026, 11, 16, 19), utc(2026, 11, 17, 8)),
        # Tokyo is nine hours ahead
        (BY_DAY, "JP", utc(2026, 11, 16, 12), utc(2026, 11, 16, 23)),
        # a good hour in New York and in Honolulu
        (BY_DAY, "US", utc(2026, 11, 16, 13), utc(2026, 11, 16, 18)),
        # the clocks of summer
        (BY_DAY, "IE", utc(2026, 7, 1, 6), utc(2026, 7, 1, 7)),
        # nobody says where it is, or what that is: the firm's own zone
        (BY_DAY, None, utc(2026, 11, 16, 6), utc(2026, 11, 16, 8)),
        (BY_DAY, "XX", utc(2026, 11, 16, 6), utc(2026, 11, 16, 8)),
        # Christmas Eve in the evening, Friday to Sunday off, and what Ireland makes up for on Monday
        (WORKING, "IE", utc(2026, 12, 24, 20), utc(2026, 12, 28, 8)),
        (WORKING, "GB", utc(2026, 12, 24, 20), utc(2026, 12, 29, 8)),
        # Friday is the weekend in Egypt, Sunday is not
        (WORKING, "EG", utc(2026, 11, 20, 9), utc(2026, 11, 22, 6)),
        (WORKING, "XX", utc(2026, 11, 21, 9), utc(2026, 11, 23, 8)),
    ],
)
def test_a_client_is_written_to_in_its_own_day(
    limits: LimitsSection, country: str | None, moment: datetime, opens: datetime
) -> None:
    assert opens_at(limits, country, DUBLIN, moment) == opens


@given(
    country=st.sampled_from(["IE", "DE", "US", "IN", "NP", "AU", "BR", "JP", "EG"]),
    moment=st.integers(0, 4 * 365 * 24 * 60).map(
        lambda minutes: utc(2024, 1, 1) + timedelta(minutes=minutes)
    ),
    hours=st.tuples(st.integers(0, 9), st.integers(14, 23)),
    working=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_it_is_the_first_good_moment(
    country: str, moment: datetime, hours: tuple[int, int], working: bool
) -> None:
    limits = LimitsSection(send_from=time(hours[0]), send_until=time(hours[1]), working_days=working)
    zones = [ZoneInfo(name) for name in country_timezones[country]]
    days = holidays.country_holidays(country)

    def good(at: datetime) -> bool:
        there = [at.astimezone(zone) for zone in zones]
        return all(hours[0] <= t.hour < hours[1] for t in there) and (
            not working or all(days.is_working_day(t.date()) for t in there)
        )

    opens = opens_at(limits, country, DUBLIN, moment)
    if opens is None:
        assert not any(good(moment + STEP * n) for n in range(LONGEST // STEP))
        return
    assert opens >= moment
    assert good(opens)
    before = opens - timedelta(minutes=1)
    assert opens == moment or not good(before) or before < moment


@pytest.mark.parametrize(
    "values",
    [
        {"send_from": time(8)},
        {"send_until": time(8)},
        {"send_from": time(19), "send_until": time(8)},
        {"daily_messages": -1},
        {"daily_amount": 0},
        {"client_messages": 0},
    ],
)
def test_limits_that_make_no_sense_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LimitsSection.model_validate(values)
