"""Overrun: the arithmetic of an estimate at completion, what it learns from, and that it never sees ahead."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from opslayer.intelligence import overrun
from opslayer.intelligence.overrun.completion import Standing, complete
from opslayer.intelligence.overrun.experience import ended_by
from opslayer.intelligence.overrun.forecast import COLUMNS, first_visible
from opslayer.modelops.scores import auc, brier

AS_OF = date(2026, 11, 16)
NEUTRAL = overrun.Experience(projects=50, centre=0.0, spread=0.2, task_spread=0.8, share_over=0.5)


def standing(**columns: float) -> Standing:
    names = ("budget", "spent", "earned", "open", "open_budget", "tasks", "tasks_done")
    return Standing(*(np.array([float(columns.get(name, 0))]) for name in names))


def project(name: str, **columns: Any) -> dict[str, Any]:
    return {
        "project_id": name,
        "name": name,
        "party_name": None,
        "practice": None,
        "budget_hours": 100.0,
        "hours_to_date": 50.0,
        "value_to_date_base": 5000.0,
        "earned_hours": 50.0,
        "hours_open": 0.0,
        "budget_open": 0.0,
        "tasks": 20,
        "tasks_done": 10,
        "tasks_measured": 10,
        "task_spread": 0.8,
        "starts_on": date(2026, 1, 5),
        "due_on": None,
        "ended_on": None,
        "first_time_on": date(2026, 1, 5),
    } | columns


SCHEMA = pl.DataFrame([project("x", due_on=AS_OF, ended_on=AS_OF, party_name="", practice="")]).schema
WEEK = {"hours_open": 0.0, "budget_open": 0.0}
PROGRESS = pl.DataFrame(
    [
        {
            "project_id": "x",
            "week_start": AS_OF,
            "hours_to_date": 1.0,
            "earned_hours": 1.0,
            **WEEK,
            "tasks_done": 1,
        }
    ]
).schema


def state(*projects: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(projects), schema=SCHEMA)


def progress(name: str, *weeks: tuple[float, float], start: date = date(2026, 1, 5)) -> list[dict[str, Any]]:
    """Weeks of (hours to date, earned hours); a task done for every five hours earned."""
    return [
        {
            "project_id": name,
            "week_start": start + timedelta(weeks=number),
            "hours_to_date": float(hours),
            "earned_hours": float(earned),
            **WEEK,
            "tasks_done": int(earned // 5),
        }
        for number, (hours, earned) in enumerate(weeks)
    ]


def test_on_budget_is_a_coin() -> None:
    half = complete(standing(budget=100, spent=50, earned=50, tasks=20, tasks_done=10), NEUTRAL)
    assert half.probability_over()[0] == pytest.approx(0.5)
    assert half.hours(0.5)[0] == pytest.approx(100)
    assert half.hours(0.1)[0] < 100 < half.hours(0.9)[0]


def test_quantiles_and_probability_agree_with_simulation() -> None:
    completion = complete(
        standing(budget=400, spent=260, earned=200, open=10, open_budget=20, tasks=40, tasks_done=20), NEUTRAL
    )
    chance = np.random.default_rng(1)
    drawn = completion.settled + completion.remaining * np.exp(
        chance.normal(completion.centre, completion.spread, 400_000)
    )
    assert completion.probability_over()[0] == pytest.approx((drawn > 400).mean(), abs=0.003)
    assert completion.hours(0.9)[0] == pytest.approx(np.quantile(drawn, 0.9), rel=0.005)
    assert completion.expected_over()[0] == pytest.approx(np.maximum(drawn - 400, 0).mean(), rel=0.01)


@pytest.mark.parametrize(
    ("where", "probability"),
    [
        ({"budget": 100, "spent": 101, "earned": 80, "tasks": 5, "tasks_done": 4}, 1.0),  # over already
        ({"budget": 100, "spent": 90, "earned": 100, "tasks": 5, "tasks_done": 5}, 0.0),  # done within it
        ({"budget": 100, "spent": 100, "earned": 100, "tasks": 5, "tasks_done": 5}, 0.0),  # to the hour
        (
            {"budget": 100, "spent": 100, "earned": 90, "tasks": 5, "tasks_done": 4},
            1.0,
        ),  # nothing is left
        ({"budget": 100, "spent": 0, "earned": 0, "tasks": 0, "tasks_done": 0}, 0.5),  # nothing is known
    ],
)
def test_at_the_edges(where: dict[str, float], probability: float) -> None:
    completion = complete(standing(**where), NEUTRAL)
    assert completion.probability_over()[0] == pytest.approx(probability)
    assert np.isfinite(completion.hours(0.975)).all()
    assert completion.hours(0.025)[0] >= where["spent"]
    assert completion.expected_over()[0] >= max(where["spent"] - where["budget"], 0)


def test_the_more_is_done_the_more_its_own_record_counts() -> None:
    early = complete(standing(budget=100, spent=15, earned=10, tasks=50, tasks_done=5), NEUTRAL)
    late = complete(standing(budget=100, spent=75, earned=50, tasks=50, tasks_done=25), NEUTRAL)
    assert 0 < early.centre[0] < late.centre[0] < np.log(1.5)
    assert late.probability_over()[0] > early.probability_over()[0] > 0.5


def test_a_task_under_way_that_took_too_much_counts() -> None:
    """Hours on open tasks are held against a project once they exceed what those tasks should take."""
    begun = standing(budget=100, spent=50, earned=40, open=10, open_budget=20, tasks=10, tasks_done=4)
    stuck = standing(budget=100, spent=90, earned=40, open=50, open_budget=20, tasks=10, tasks_done=4)
    assert complete(begun, NEUTRAL).probability_over()[0] == pytest.approx(0.5)
    assert complete(stuck, NEUTRAL).probability_over()[0] > 0.95


def test_experience_is_drawn_towards_on_budget_while_it_is_small() -> None:
    none = overrun.learn(state().clear())
    assert (none.projects, none.centre, none.share_over) == (0, 0.0, 0.5)
    some = overrun.learn(state(*(project(str(n), hours_to_date=200.0, ended_on=AS_OF) for n in range(3))))
    many = overrun.learn(state(*(project(str(n), hours_to_date=200.0, ended_on=AS_OF) for n in range(300))))
    assert 0 < some.centre < many.centre < np.log(2)
    assert many.centre == pytest.approx(np.log(2), rel=0.02)


def test_the_forecast_names_ranks_and_gives_reasons() -> None:
    frame = overrun.forecast_projects(
        state(
            project("fine", hours_to_date=40.0),
            project("dear", hours_to_date=95.0, value_to_date_base=9500.0),
            project("cheap", hours_to_date=95.0, value_to_date_base=95.0),
            project("unknown", budget_hours=None),
            project("ended", ended_on=AS_OF),
        ),
        pl.DataFrame(progress("dear", (20, 20), (60, 30), (95, 50)), schema=PROGRESS),
        NEUTRAL,
        as_of=AS_OF,
    )
    assert tuple(frame.columns) == COLUMNS
    assert frame["project_id"].to_list() == ["dear", "fine", "cheap", "unknown"]
    assert overrun.named(frame)["project_id"].to_list() == ["dear", "cheap"]
    dear, *_, unknown = frame.to_dicts()
    assert dear["first_visible_on"] == date(2026, 1, 12)
    assert dear["reasons"].startswith("95% of the budget is spent and 50% of it earned (10 of 20 tasks).")
    assert "has taken 1.90 hours" in dear["reasons"]
    assert unknown["probability_over"] is None
    assert "no budget" in unknown["reasons"]
    assert overrun.headline(frame).startswith("**2 of 4** running projects")


def test_no_projects_at_all() -> None:
    empty = state().clear()
    frame = overrun.forecast_projects(empty, pl.DataFrame(schema=PROGRESS), NEUTRAL, as_of=AS_OF)
    assert frame.is_empty()
    assert overrun.headline(frame) == "No project is running."
    measured = overrun.backtest(empty, pl.DataFrame(schema=PROGRESS), as_of=AS_OF)
    assert measured.is_empty()
    assert "Too few" in overrun.backtest_verdict(measured)


def test_visible_since_the_last_quiet_week() -> None:
    weeks = progress("p", (20, 10), (30, 30), (60, 35), (95, 50))
    budgeted = state(project("p"))
    seen = first_visible(budgeted, pl.DataFrame(weeks, schema=PROGRESS), NEUTRAL)
    assert seen.to_dicts() == [{"project_id": "p", "first_visible_on": date(2026, 1, 19)}]


def simulated(count: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Ended projects of 100 hours with a growth ratio of their own, one starting each week."""
    chance = np.random.default_rng(seed)
    projects, weeks = [], []
    for number in range(count):
        ratio = float(np.exp(chance.normal(0.05, 0.3)))
        start = date(2020, 1, 6) + timedelta(weeks=number)
        effort = chance.gamma(4, 1, 20)
        hours = np.cumsum(effort / effort.sum()) * 100 * ratio
        weeks += progress(f"p{number:03d}", *((h, 5.0 * (k + 1)) for k, h in enumerate(hours)), start=start)
        projects.append(
            project(
                f"p{number:03d}",
                hours_to_date=float(hours[-1]),
                earned_hours=100.0,
                tasks_done=20,
                tasks_measured=20,
                task_spread=0.5,
                starts_on=start,
                due_on=start + timedelta(weeks=19),
                ended_on=start + timedelta(weeks=19, days=4),
                first_time_on=start,
            )
        )
    return state(*projects), pl.DataFrame(weeks, schema=PROGRESS)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_half_way_it_tells_overruns_apart_and_its_probabilities_hold(seed: int) -> None:
    ended, weeks = simulated(200, seed)
    replayed = overrun.replay(ended, weeks).tail(150)
    over, probability = replayed["over"].to_numpy(), replayed["probability"].to_numpy()
    assert auc(over, probability) > 0.85
    assert brier(over, probability) < brier(over, replayed["naive_probability"].to_numpy())
    for low, high in ((0.0, 0.3), (0.7, 1.0)):
        inside = (probability >= low) & (probability <= high)
        assert abs(over[inside].mean() - probability[inside].mean()) < 0.15
    measured = overrun.backtest(ended, weeks, as_of=AS_OF)
    assert set(measured["metric"]) == {"auc", "brier"}
    assert "the higher chance in" in overrun.backtest_verdict(measured)


def test_a_replay_knows_nothing_of_what_ended_later() -> None:
    """Projects that had not ended by a replayed day change nothing in its probability."""
    ended, weeks = simulated(80, 4)
    all_of_them = overrun.replay(ended, weeks).head(20)
    last = all_of_them["origin"].max()
    later = pl.col("ended_on") >= last
    bent = ended.with_columns(
        hours_to_date=pl.when(later & ~pl.col("project_id").is_in(all_of_them["project_id"].to_list()))
        .then(900.0)
        .otherwise("hours_to_date")
    )
    again = overrun.replay(bent, weeks).head(20)
    assert again["probability"].to_list() == all_of_them["probability"].to_list()
    assert ended_by(ended, date(2020, 1, 1)).is_empty()
