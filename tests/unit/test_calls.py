"""Calls: what comes by the hour, who it takes, and who is called back first."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from opslayer.intelligence.calls import (
    agents,
    call_volume,
    intervals,
    rank_callers,
    service_level,
    volume,
)
from opslayer.intelligence.calls.call_back import hours_waited, points, questions
from opslayer.intelligence.calls.interval import by_total_and_shape, week_before

AS_OF = date(2026, 11, 16)
SHAPE = np.array([1.0, 4, 6, 3, 2])


def counts(days: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    weekdays = np.arange(days) % 5
    rate = (60 + 20 * (weekdays == 0))[:, None] * SHAPE / SHAPE.sum()
    return np.random.default_rng(seed).poisson(rate).astype(float), weekdays


def test_the_intervals_of_a_day_are_its_weekdays_and_hold_four_in_five() -> None:
    came, weekdays = counts(90)
    found = volume(came[:85], weekdays[:85], weekdays[85:])
    np.testing.assert_allclose(found.expected[0], 80 * SHAPE / SHAPE.sum(), rtol=0.25)
    assert found.expected[0].sum() > found.expected[1].sum()
    assert np.mean((came[85:] >= found.lower) & (came[85:] <= found.upper)) >= 0.6
    assert found.error < found.naive_error


def test_a_few_days_are_said_to_be_few_and_none_is_refused() -> None:
    came, weekdays = counts(6)
    assert "too few" in volume(came, weekdays, weekdays[:2]).fallback
    with pytest.raises(ValueError, match="a day"):
        volume(came[:0], weekdays[:0], weekdays[:2])


def test_people_at_the_phone_are_those_of_erlang() -> None:
    # 100 calls in half an hour of 3 minutes: 10 Erlangs, the textbook's case; 14 answer 88.8 % in 20 seconds
    assert service_level(14, 10.0, 180.0, 20.0) == pytest.approx(0.888, abs=0.001)
    assert agents(100, minutes=30, handling_minutes=3, answered=0.8, within=20) == 14
    assert service_level(13, 10.0, 180.0, 20.0) < 0.8
    assert service_level(10, 10.0, 180.0, 20.0) == 0
    assert agents(0, minutes=30, handling_minutes=3, answered=0.8, within=20) == 0
    with pytest.raises(ValueError, match="minutes"):
        agents(1, minutes=30, handling_minutes=0, answered=0.8, within=20)


def test_hours_of_days_open_are_drawn_and_closed_days_are_left_out() -> None:
    rows = []
    for back in range(1, 61):
        day = AS_OF - timedelta(days=back)
        if day.weekday() > 4:
            continue
        for hour, calls in ((9, 4), (12, 4), (16, 2)):
            for turn in range(calls):
                missed = hour == 12 and turn < 2
                rows.append(
                    {
                        "started_local": datetime.combine(day, time(hour, turn)),
                        "started_on": day, "outcome": "missed" if missed else "answered",
                        "person_id": None if missed else "mia", "minutes": None if missed else 5.0,
                    }
                )  # fmt: skip
    holiday = AS_OF + timedelta(days=1)
    drawn = intervals(pl.DataFrame(rows), {holiday}, as_of=AS_OF)
    assert drawn["day"].unique().sort().to_list() == [
        AS_OF + timedelta(days=step) for step in (0, 2, 3, 4, 7)
    ]
    said = {"model": pl.lit("m"), "model_version": pl.lit("1"), "is_fallback": pl.lit(False)}
    asked = week_before(drawn).with_columns(drawn["subject"], as_of=pl.lit(AS_OF), **said)
    risks = pl.DataFrame({"subject": drawn["slot"].unique(), "answer": 0.5})
    noon = call_volume(drawn, asked, risks, as_of=AS_OF).filter(pl.col("starts_at") == "12:00")
    assert drawn["modelled"].null_count() == len(drawn)  # each week was as the one before, which is nearer
    assert noon["calls"].to_list() == [4.0] * 5
    assert noon["probability_missed"].to_list() == [0.5] * 5
    assert "came in the hour from 12:00" in noon["reasons"][0]


def test_where_the_week_before_was_nearer_the_model_says_nothing() -> None:
    rows = pl.DataFrame(
        {"modelled": [3.0, None], "week_before": [5.0, 6.0], "why": [None, "It was nearer."]},
        schema={"modelled": pl.Float64, "week_before": pl.Float64, "why": pl.String},
    )
    assert by_total_and_shape(rows)["answer"].to_list() == [3.0, None]
    assert by_total_and_shape(rows)["reasons"][1] == "It was nearer."
    assert week_before(rows)["reasons"][1] == "It was nearer. So many came a week before."


def test_who_has_most_at_stake_and_has_waited_longest_comes_first() -> None:
    waiting = pl.DataFrame(
        {
            "subject": ["stranger", "client", "debtor"],
            "number": ["+1", "+2", "+3"],
            "party_id": [None, "acme", "bolt"],
            "name": ["+1", "Acme", "Bolt"],
            "calls": [1, 1, 3],
            "hours_waiting": [20.0, 2.0, 2.0],
            "owed_base": [Decimal(0), Decimal(0), Decimal("90000.00")],
            "offered_base": [Decimal(0), Decimal("50000.00"), Decimal(0)],
        }
    )
    asked = questions(waiting)

    def ranked(answers: pl.DataFrame) -> pl.DataFrame:
        said = {"model": pl.lit("m"), "model_version": pl.lit("1")}
        answered = answers.with_columns(asked["call_id"].alias("subject"), **said)
        return rank_callers(waiting, answered, as_of=AS_OF)

    found = ranked(points(asked))
    assert found["call_id"].to_list() == ["debtor", "client", "stranger"]
    assert found["rank"].to_list() == [1, 2, 3]
    assert "90,000 of its invoices is open." in found["reasons"][0]
    # log10(91) + 1 + 2 / 2 + 2 / 8; log10(51) + 1 + 2 / 8; 20 / 8
    assert found["score"].to_list() == [4.209, 2.958, 2.5]
    assert ranked(hours_waited(asked))["call_id"].to_list() == ["stranger", "client", "debtor"]
