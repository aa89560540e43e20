"""Last week's time: what is in question, what it puts at stake, and how the week stood beside its plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.wording import written


@dataclass(frozen=True)
class Finding:
    """A kind of finding: what is wrong, and what mends it."""

    title: str
    mend: str


FINDINGS = {
    "missing_sheet": Finding("No time for the whole week", "Ask for the sheet before the week is billed."),
    "over_24_hours": Finding(
        "More than 24 hours on a day", "Correct the day; until then it counts for nothing."
    ),
    "duplicate": Finding("Entered twice", "Delete the copy before it is billed."),
    "closed_project": Finding("On a project that has ended", "Move the entry, or open the project again."),
    "on_leave": Finding("On approved leave", "Correct the leave or the entry."),
    "not_employed": Finding(
        "By someone not employed that day", "Correct the person, the day, or their contract."
    ),
    "no_project": Finding("Without a project", "Name the project: nobody is billed for it."),
    "negative_hours": Finding("Less than no hours", "Set aside; correct the entry it was to correct."),
    "quarantined": Finding("Broke a contract", "Set aside; mend it in its system."),
}


def read(layer: Queries, *, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is in question of last week's time, and the week by project: the queries time_check and time_week.

    The first has what each finding is in words, too (`title`). Raises UsageError where
    the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    return told(layer.query("time_check")), layer.query("time_week")


def told(check: pl.DataFrame) -> pl.DataFrame:
    """The query time_check with the title of each finding, and hours with their fractions."""
    title = pl.col("finding").replace({kind: finding.title for kind, finding in FINDINGS.items()})
    return check.with_columns(title=title, hours=pl.col("hours").cast(pl.Float64))


def summarise(check: pl.DataFrame) -> pl.DataFrame:
    """One row a kind of finding, most money first: finding, title, mend, findings, people, hours, stake_base.

    `check` is the query time_check. What puts no known money at stake comes last.
    """
    mends = {kind: finding.mend for kind, finding in FINDINGS.items()}
    stake = pl.col("stake_base")
    return (
        told(check)
        .group_by("finding", "title")
        .agg(
            findings=pl.len().cast(pl.Int64),
            people=pl.col("person_id").n_unique().cast(pl.Int64),
            hours=pl.col("hours").sum(),
            stake_base=pl.when(stake.count() > 0).then(stake.sum()),
        )
        .with_columns(mend=pl.col("finding").replace_strict(mends, default=None, return_dtype=pl.String))
        .select("finding", "title", "mend", "findings", "people", "hours", "stake_base")
        .sort("stake_base", "findings", "finding", descending=[True, True, False], nulls_last=True)
    )


def headline(check: pl.DataFrame, week: pl.DataFrame, currency: str) -> str:
    """Two sentences: what was worked last week beside its plan, and what is in question.

    `check` and `week` are the queries of the same name.
    """
    if week.is_empty() and check.is_empty():
        return "No time was booked or planned last week: name the table time_entry in a mapping."
    return f"{_worked(week, currency)} {_questioned(check, currency)}"


def _worked(week: pl.DataFrame, currency: str) -> str:
    if week.is_empty():
        return "No project had time or a plan last week."
    first = week["week_start"][0]
    said = f"In the week of {first.day} {first:%B}, **{week['hours'].sum():,.0f} hours** were booked"
    planned = week.filter(pl.col("planned_hours").is_not_null())
    if len(planned):
        of_plan = f"{planned['hours'].sum():,.0f} of {planned['planned_hours'].sum():,.0f} planned"
        said += f" ({of_plan}, on the projects that have a plan)"
    value, listed = (Decimal(week[name].sum()) for name in ("value_base", "list_value_base"))
    if not value:
        return f"{said}; no price is known for them."
    said += f", worth **{written(value, currency)}**"
    return f"{said}, {value / listed:.0%} of list prices." if listed else f"{said}."


def _questioned(check: pl.DataFrame, currency: str) -> str:
    if check.is_empty():
        return "Nothing of it is in question."
    missing = check.filter(pl.col("finding") == "missing_sheet").height
    entries = len(check) - missing
    stake = check["stake_base"].drop_nulls()
    worth = f"; **{written(Decimal(stake.sum()), currency)}** is at stake" if len(stake) else ""
    sheets = f"**{missing}** {'sheet is' if missing == 1 else 'sheets are'} missing"
    return f"{sheets} and **{entries}** {'entry is' if entries == 1 else 'entries are'} in question{worth}."
