"""Last week's time in words: what is in question, worth what, beside which plan."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from opslayer.intelligence import time_week

MONEY = pl.Decimal(18, 2)
CHECK = {
    "finding": pl.String,
    "subject": pl.String,
    "person_id": pl.String,
    "hours": pl.Float64,
    "stake_base": MONEY,
}
WEEK = {"week_start": pl.Date, "hours": pl.Float64, "planned_hours": pl.Float64, "value_base": MONEY,
        "list_value_base": MONEY}  # fmt: skip


def check(*rows: tuple[str, str, float, int | None]) -> pl.DataFrame:
    """Findings: (kind, person, hours, money at stake)."""
    return pl.DataFrame(
        [(kind, str(place), *row) for place, (kind, *row) in enumerate(rows)], schema=CHECK, orient="row"
    )


def week(**columns: Any) -> pl.DataFrame:
    row = {"week_start": date(2026, 11, 9), "hours": 100.0, "planned_hours": 120.0, "value_base": 9000,
           "list_value_base": 10000} | columns  # fmt: skip
    return pl.DataFrame([row], schema=WEEK)


def test_findings_are_ranked_by_what_is_at_stake() -> None:
    found = time_week.summarise(
        check(("duplicate", "a", 2.0, 100), ("missing_sheet", "b", 40.0, 3000), ("duplicate", "a", 3.0, 150),
              ("on_leave", "c", 8.0, None))
    )  # fmt: skip
    assert found.select("finding", "findings", "people", "hours").rows() == [
        ("missing_sheet", 1, 1, 40.0), ("duplicate", 2, 1, 5.0), ("on_leave", 1, 1, 8.0),
    ]  # fmt: skip
    assert found["stake_base"].to_list() == [3000, 250, None]
    assert found["title"].to_list()[1] == "Entered twice"
    assert found["mend"].null_count() == 0


def test_a_finding_without_words_is_still_told() -> None:
    found = time_week.summarise(check(("something_new", "a", 1.0, None)))
    assert found["title"].to_list() == ["something_new"]


def test_the_headline_has_the_week_its_plan_and_what_is_in_question() -> None:
    told = time_week.headline(
        check(("missing_sheet", "b", 40.0, 3000), ("duplicate", "a", 2.0, 100)), week(), "EUR"
    )
    assert told == (
        "In the week of 9 November, **100 hours** were booked (100 of 120 planned, on the projects that have "
        "a plan), worth **EUR 9,000**, 90% of list prices. **1** sheet is missing and **1** entry is in "
        "question; **EUR 3,100** is at stake."
    )


def test_what_is_not_known_is_said_or_left_out() -> None:
    none = check()
    assert "name the table time_entry" in time_week.headline(none, week().clear(), "EUR")
    told = time_week.headline(none, week(planned_hours=None, value_base=0, list_value_base=None), "EUR")
    assert told == (
        "In the week of 9 November, **100 hours** were booked; no price is known for them. "
        "Nothing of it is in question."
    )
    assert time_week.headline(check(("no_project", "a", 1.0, None)), week().clear(), "EUR") == (
        "No project had time or a plan last week. **0** sheets are missing and **1** entry is in question."
    )
