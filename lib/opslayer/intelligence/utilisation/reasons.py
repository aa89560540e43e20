"""Why a person is where they are, and what would mend it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from opslayer.intelligence.utilisation.demand import Offer
from opslayer.intelligence.utilisation.weeks import WINDOW

Row = Mapping[str, Any]


def reason(row: Row, projects: Sequence[Row]) -> str:
    """Of one row of assess_people; `projects` are the person's rows of unbilled_time, most hours first."""
    match row["cause"]:
        case "left":
            told = f"Left on {_day(row['left_on'])}."
        case "new":
            told = f"Started on {_day(row['hired_on'])}: judged once there are four whole weeks."
        case "no_hours":
            told = "There were no hours to work: no weekly hours are known, or none lie in the four weeks."
        case "leave":
            away, left = _hours(row["leave_hours"]), _hours(row["available_hours"])
            told = f"On approved leave for {away} h; the {left} h left to work say too little to judge."
        case "few_hours":
            left = _hours(row["available_hours"])
            told = f"Only {left} h to work in the four weeks: too few to judge."
        case _:
            told = _use(row)
            if row["is_named"]:
                told += f" {_where(row, projects)} {_since(row)}"
    if row["missing_weeks"] and row["cause"] not in ("left", "no_hours"):
        told += f" {_missing(row)}"
    return told.strip()


def mend(row: Row, projects: Sequence[Row], offer: Offer | None) -> str | None:
    """What would bring a person back to the target; None where nothing is to be done."""
    steps = []
    if row["missing_weeks"] and row["cause"] not in ("left", "no_hours"):
        steps.append(f"Hand in {_sheets(row)}.")
    if row["is_named"]:
        if row["cause"] == "non_billable" and projects:
            steps.append(
                f"Leave {projects[0]['project_name']} ({_hours(projects[0]['hours'])} h in four weeks)."
            )
        if row["cause"] == "unbooked":
            steps.append(f"Book the {_hours(row['unbooked_hours'])} h that are on no project.")
        steps.append(_offered(row, offer))
    return " ".join(steps) or None


def _use(row: Row) -> str:
    if row["utilisation"] is None:
        return ""
    used = f"{row['utilisation']:.0%} of {_hours(row['available_hours'])} available hours were billable"
    if row["utilisation_target"] is None:
        return f"{used}; there is no target to hold it against."
    if not row["is_judged"]:
        return f"{used}."
    return (
        f"{used}; the target is {row['utilisation_target']:.0%}. Allowing for chance, the level is "
        f"{row['lower_95']:.0%} to {row['upper_95']:.0%}."
    )


def _where(row: Row, projects: Sequence[Row]) -> str:
    match row["cause"]:
        case "bench":
            return f"{_hours(row['bench_hours'])} h were between assignments."
        case "non_billable" if projects:
            most, whole = _hours(projects[0]["hours"]), _hours(row["internal_hours"])
            on = f"{'all' if most == whole else f'{most} h of them'} on {projects[0]['project_name']}"
            return f"{whole} h were worked and billed to nobody, {on}."
        case "non_billable":
            return f"{_hours(row['internal_hours'])} h were worked and billed to nobody."
        case _:
            return f"{_hours(row['unbooked_hours'])} h are booked on nothing."


def _since(row: Row) -> str:
    return f"{_hours(row['short_since_hours'])} h short since the week of {_day(row['began_on'])}."


def _missing(row: Row) -> str:
    weeks = "One week has" if row["missing_weeks"] == 1 else f"{row['missing_weeks']} weeks have"
    return f"{weeks} no time at all: that counts neither way."


def _sheets(row: Row) -> str:
    if row["missing_weeks"] == WINDOW:
        return f"the sheets since {_day(row['window_start'])}, or say that there was no work"
    return "the missing sheet" if row["missing_weeks"] == 1 else f"the {row['missing_weeks']} missing sheets"


def _offered(row: Row, offer: Offer | None) -> str:
    if offer is None or offer.free < 1:
        return "No hour is free in the next four weeks: what is planned has to be billable work."
    ahead = f"{_hours(offer.free)} h are free in the next four weeks"
    if offer.needed < 1:
        return f"{ahead}, and what is planned already reaches the target."
    role = f"the role {row['role']}" if row["role"] else "any role"
    who = f"{role} in {row['practice'] or 'this practice'}"
    asked = f"{ahead}; the target asks for {_hours(offer.needed)}"
    if not offer.parts:
        more = f" Could also work on: {row['skills']}." if row["skills"] else ""
        return f"{asked}, and nothing is open for {who}: lend, train or sell.{more}"
    parts = "; ".join(
        f"{_hours(hours)} h on {project}{' that a colleague cannot work' if taken else ''}"
        for hours, project, taken in offer.parts
    )
    return f"{asked}. Open for {who}: {parts}."


def _hours(value: float) -> str:
    return f"{value:,.0f}"


def _day(when: date) -> str:
    return f"{when.day} {when:%b %Y}"
