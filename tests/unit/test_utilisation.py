"""Utilisation: what counts, what chance does, who is named and why, and what is offered."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opslayer.intelligence import utilisation
from opslayer.intelligence.utilisation.demand import match_demand
from opslayer.intelligence.utilisation.level import Noise, Others, judge
from opslayer.intelligence.utilisation.reasons import mend, reason
from opslayer.intelligence.utilisation.weeks import WINDOW, read_weeks

AS_OF = date(2026, 11, 16)
FIRST = AS_OF - timedelta(weeks=56)
HOURS = ("available_hours", "leave_hours", "hours", "billable_hours", "bench_hours")
Week = tuple[float, ...]


def person(name: str, **columns: Any) -> dict[str, Any]:
    return {
        "person_id": name,
        "name": name,
        "practice": "Strategy",
        "role": "Consultant",
        "manager_name": None,
        "hired_on": date(2020, 1, 6),
        "left_on": None,
        "weekly_hours": 40.0,
        "utilisation_target": 0.65,
        "price_base": 100.0,
        "skills": None,
    } | columns


PEOPLE = pl.DataFrame([person("x", manager_name="", left_on=AS_OF, skills="")]).schema
WEEKS = pl.DataFrame(
    schema={"person_id": pl.String, "week_start": pl.Date} | dict.fromkeys(HOURS, pl.Float64)
)


def weeks(name: str, *rows: Week) -> list[dict[str, Any]]:
    """The last weeks of a person, each (available, leave, booked, billable, bench)."""
    start = AS_OF - timedelta(weeks=len(rows))
    return [
        {"person_id": name, "week_start": start + timedelta(weeks=number)}
        | dict(zip(HOURS, row, strict=True))
        for number, row in enumerate(rows)
    ]


def usual(name: str, seed: int, level: float = 0.65) -> list[Week]:
    """A year and four weeks around a level, as a coin for each half day would have it."""
    chance = np.random.default_rng([seed, len(name)])
    return [(40.0, 0.0, 40.0, 4.0 * chance.binomial(10, level), 0.0) for _ in range(56)]


def assessed(people: list[dict[str, Any]], rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = utilisation.assess_people(
        pl.DataFrame(rows, schema=WEEKS.schema), pl.DataFrame(people, schema=PEOPLE), as_of=AS_OF
    )
    return {row["person_id"]: row for row in found.to_dicts()}


def firm(count: int = 30) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """People who are at their targets but for chance."""
    names = [f"p{number:02d}" for number in range(count)]
    rows = [row for number, name in enumerate(names) for row in weeks(name, *usual(name, number))]
    return [person(name) for name in names], rows


def joined(last: list[Week], **columns: Any) -> dict[str, Any]:
    """One more person, whose last weeks are those given and whose year before was as usual."""
    people, rows = firm()
    mine = [*usual("one more", 99)[: 56 - len(last)], *last]
    return assessed([*people, person("one more", **columns)], [*rows, *weeks("one more", *mine)])["one more"]


def test_chance_names_nobody() -> None:
    people, rows = firm(60)
    assert [name for name, row in assessed(people, rows).items() if row["is_named"]] == []


@pytest.mark.parametrize(
    ("week", "cause"),
    [
        ((40.0, 0.0, 40.0, 10.0, 30.0), "bench"),
        ((40.0, 0.0, 40.0, 10.0, 0.0), "non_billable"),
        ((40.0, 0.0, 12.0, 10.0, 0.0), "unbooked"),
    ],
)
def test_who_is_far_below_is_named_with_where_the_hours_went(week: Week, cause: str) -> None:
    found = joined([week] * 8)
    assert found["is_named"]
    assert found["cause"] == cause
    assert found["began_on"] == AS_OF - timedelta(weeks=8)
    assert AS_OF - timedelta(weeks=8) < found["first_visible_on"] <= AS_OF
    assert found["short_hours"] == pytest.approx(4 * (26 - 10))
    assert found["short_since_hours"] == pytest.approx(8 * (26 - 10))
    assert found["money_short_base"] == 6400
    assert found["lower_95"] < 0.25 < found["upper_95"] < 0.65


def test_a_little_below_is_not_named_however_sure() -> None:
    found = joined([(40.0, 0.0, 40.0, 24.0, 0.0)] * 56)
    assert not found["is_named"]
    assert found["cause"] == "none"


def test_approved_leave_and_part_time_are_no_shortfall() -> None:
    found = joined([(0.0, 40.0, 0.0, 0.0, 0.0)] * 2 + [(24.0, 0.0, 24.0, 16.0, 0.0)] * 2)
    assert found["utilisation"] == pytest.approx(2 / 3)
    assert not found["is_named"]


def test_a_sheet_that_is_missing_counts_neither_way() -> None:
    found = joined([(40.0, 0.0, 40.0, 26.0, 0.0)] * 3 + [(40.0, 0.0, 0.0, 0.0, 0.0)])
    assert found["utilisation"] == pytest.approx(0.65)
    assert (found["missing_weeks"], found["missing_hours"]) == (1, 40)
    assert found["cause"] == "missing_sheet"
    assert not found["is_named"]
    assert "One week has no time at all" in reason(found, [])
    assert mend(found, [], None) == "Hand in the missing sheet."


@pytest.mark.parametrize(
    ("last", "columns", "cause", "told"),
    [
        ([(40.0, 0.0, 40.0, 0.0, 40.0)], {"hired_on": date(2026, 11, 9)}, "new", "Started on 9 Nov 2026"),
        ([(8.0, 0.0, 8.0, 0.0, 8.0)] * 4, {"weekly_hours": 8.0}, "few_hours", "Only 32 h to work"),
        ([(0.0, 40.0, 0.0, 0.0, 0.0)] * 3 + [(32.0, 8.0, 32.0, 0.0, 0.0)], {}, "leave", "leave for 128 h"),
        ([(40.0, 0.0, 40.0, 0.0, 40.0)] * 4, {"left_on": AS_OF}, "left", "Left on 16 Nov 2026."),
        ([(40.0, 0.0, 40.0, 0.0, 40.0)] * 4, {"utilisation_target": None}, "no_target", "there is no target"),
        ([(40.0, 0.0, 0.0, 0.0, 0.0)] * 4, {}, "missing_sheet", "4 weeks have no time at all"),
        ([], {"weekly_hours": None}, "no_hours", "no hours to work"),
    ],
)  # fmt: skip
def test_who_cannot_be_judged_is_not_and_the_reason_says_so(
    last: list[Week], columns: dict[str, Any], cause: str, told: str
) -> None:
    people, rows = firm()
    found = assessed([*people, person("one more", **columns)], [*rows, *weeks("one more", *last)])["one more"]
    assert found["level"] is None
    assert found["cause"] == cause
    assert not found["is_named"]
    assert told in reason(found, [])


def test_the_year_ahead_of_as_of_is_never_seen() -> None:
    people, rows = firm(6)
    later = [
        row | {"week_start": AS_OF + timedelta(weeks=n), "billable_hours": 0.0} for n, row in enumerate(rows)
    ]
    assert assessed(people, [*rows, *later]) == assessed(people, rows)


def test_few_people_lean_on_the_assumptions() -> None:
    found = assessed([person("only")], weeks("only", *[(40.0, 0.0, 40.0, 8.0, 32.0)] * 4))["only"]
    assert found["is_named"]
    assert found["upper_95"] - found["lower_95"] > 0.1


def test_nobody_at_all() -> None:
    assert assessed([], []) == {}


@given(gap=st.floats(-0.6, 0.3), hours=st.floats(40, 160), noise=st.floats(0.05, 3))
def test_more_hours_are_surer_and_the_others_pull(gap: float, hours: float, noise: float) -> None:
    one = Noise(np.array([noise]), np.array([10.0]))
    others = Others(0.05, 0.01, 0.05)
    target = np.array([0.6])
    few, many = (
        judge(np.array([0.6 + gap]), np.array([size]), target, one, others) for size in (hours, hours * 2)
    )
    assert (many.spread < few.spread).all()
    low, high = sorted((gap, others.centre))
    assert ((low - 1e-9 <= few.centre) & (few.centre <= high + 1e-9)).all()
    assert few.weight.sum() == pytest.approx(1)
    assert few.below(0.1)[0] <= few.below()[0]
    assert few.below(-few.gap(0.3))[0] == pytest.approx(0.3)


def test_weeks_are_laid_by_monday() -> None:
    rows = weeks("a", (40.0, 0.0, 40.0, 20.0, 0.0), (32.0, 8.0, 32.0, 16.0, 0.0))
    laid = read_weeks(pl.DataFrame(rows, schema=WEEKS.schema), ["a", "b"], AS_OF + timedelta(days=2))
    assert laid.starts[0] == FIRST
    assert laid.available[0, -2:].tolist() == [40, 32]
    assert laid.window(laid.billable).tolist() == [36, 0]
    assert WINDOW == 4


def demand(*rows: tuple[str, str | None, float]) -> pl.DataFrame:
    """Open work of Strategy: (project, role, hours)."""
    return pl.DataFrame(
        [
            {
                "kind": "not_planned" if role is None else "colleague_over",
                "project_id": project,
                "role": role,
                "project_name": project,
                "party_name": None,
                "practice": "Strategy",
                "hours": hours,
            }
            for project, role, hours in rows
        ],
        schema_overrides={"party_name": pl.String, "role": pl.String},
    )


def test_hours_are_offered_once_and_no_more_than_the_target_asks() -> None:
    short = pl.DataFrame([person("first"), person("second"), person("other", role="Partner")], schema=PEOPLE)
    ahead = {"available_hours": 160.0, "assigned_hours": 64.0, "free_hours": 96.0}
    free = pl.DataFrame([{"person_id": name} | ahead for name in ("first", "second", "other")])
    found = match_demand(short, free, demand(("A", "Consultant", 30.0), ("B", None, 20.0)))
    assert found["first"].parts == ((30.0, "A", True), (10.0, "B", False))  # 0.65 * 160 - 64 = 40
    assert found["second"].parts == ((10.0, "B", False),)
    assert found["other"].parts == ()
    assert found["other"].needed == pytest.approx(40)


def test_the_mend_says_what_to_leave_and_what_is_open() -> None:
    found = joined([(40.0, 0.0, 40.0, 10.0, 0.0)] * 8)
    own = [{"project_name": "Own product", "hours": 110.0}]
    offer = utilisation.Offer(40.0, 96.0, ((30.0, "A (Calder Foods)", True), (10.0, "B", False)))
    assert mend(found, own, offer) == (
        "Leave Own product (110 h in four weeks). 96 h are free in the next four weeks; the target asks for "
        "40. Open for the role Consultant in Strategy: 30 h on A (Calder Foods) that a colleague cannot "
        "work; 10 h on B."
    )
    assert "nothing is open" in str(mend(found, own, utilisation.Offer(40.0, 96.0, ())))
    assert "No hour is free" in str(mend(found, own, None))


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"cause": "none", "target": 0.6, "level": 0.6, "is_named": False, "short_hours": 0.0,
          "money_short_base": None, "probability_below": 0.2} | row for row in rows],
        schema_overrides={"money_short_base": pl.Decimal(18, 2), "target": pl.Float64, "level": pl.Float64,
                          "probability_below": pl.Float64},
    )  # fmt: skip


def test_the_headline_says_what_cannot_be_said() -> None:
    assert "Nobody is known" in utilisation.headline(table().clear(), "EUR")
    untold, unknown = table({"target": None}, {"target": None}), table({"cause": "no_hours"}, {})
    assert "None of 2 people has a target, so nobody" in utilisation.headline(untold, "EUR")
    assert "None of 1 people has weekly hours, so nobody" in utilisation.headline(unknown.head(1), "EUR")
    assert "has" not in utilisation.headline(unknown, "EUR")
    named = {"is_named": True, "short_hours": 60.0, "cause": "bench"}
    assert "no price is known" in utilisation.headline(table(named), "EUR")
    assert "**1 of 2** people" in utilisation.headline(table(named, {}), "EUR")
    aside = utilisation.setting_aside(
        table({"cause": "left"}, {"cause": "no_target"}, {"probability_below": 0.95})
    )
    assert aside == (
        "Of 3 people: 1 left; 1 without a target; 1 more below their target, by less than half a day a week."
    )
    assert utilisation.setting_aside(table({})) == ""


@pytest.mark.parametrize("seed", range(5))
def test_named_and_intervals_are_as_right_as_they_say(seed: int) -> None:
    """People whose true level is known: of five named four or more are truly short, nine in ten of the levels
    lie in their 95 % intervals, and of those far below three in four are named."""
    chance = np.random.default_rng(seed)
    names = [f"p{number:03d}" for number in range(300)]
    usually = chance.normal(0.68, 0.05, len(names))
    now = np.where(chance.random(len(names)) < 0.08, chance.uniform(0.1, 0.6, len(names)), usually)
    rows = []
    for name, before, level in zip(names, usually, now, strict=True):
        levels = [*[before] * 46, *[level] * 10]
        days = [chance.binomial(10, one) for one in levels]  # half days that are billable
        rows += weeks(name, *[(40.0, 0.0, 40.0, 4.0 * billable, 0.0) for billable in days])
    found = assessed([person(name) for name in names], rows)
    level = dict(zip(names, now, strict=True))
    named = [name for name in names if found[name]["is_named"]]
    truly = [name for name in names if level[name] < 0.65 - utilisation.MARGIN]
    assert len(set(named) - set(truly)) <= len(named) / 5
    far = {name for name in truly if level[name] < 0.35}
    assert len(far & set(named)) >= 0.75 * len(far) > 0
    held = [found[name]["lower_95"] <= level[name] <= found[name]["upper_95"] for name in names]
    assert np.mean(held) >= 0.9
