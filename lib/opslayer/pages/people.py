"""What the page People shows."""

from __future__ import annotations

import polars as pl

from opslayer.intelligence import time_week, utilisation
from opslayer.pages.reading import Reading
from opslayer.pages.shown import Meeting, Page, Table, count, figure, sentence, table, total


def _headline(read: Reading, **_: str) -> str:
    people = read("utilisation")
    if people.is_empty():
        return ":gray[Not looked at yet: run the job monday.]"
    return utilisation.headline(people, read.currency)


def _aside(read: Reading, **_: str) -> str:
    people = read("utilisation")
    return "" if people.is_empty() else f":gray[{utilisation.setting_aside(people)}]"


def _week(read: Reading, **_: str) -> str:
    return time_week.headline(read("time_check"), read("time_week"), read.currency)


def _findings(drawn: Table) -> float:
    return float(drawn.frame["findings"].sum() or 0) if drawn.frame.height else 0.0


def _summary(read: Reading, **_: str) -> pl.DataFrame:
    return time_week.summarise(read("time_check"))


PEOPLE = Page(
    "people",
    "Who is below target, what would mend it, and was last week's time whole?",
    metrics=("utilisation", "people_below_target", "short_of_target", "missing_sheets", "time_in_question"),
    shows=(
        figure("utilisation_weeks", "utilisation_week"),
        sentence("headline", _headline),
        figure("utilisation_levels", "utilisation"),
        table(
            "utilisation_named",
            "utilisation_named",
            {
                "name": "Person",
                "role": "Role",
                "practice": "Practice",
                "utilisation": "Utilisation",
                "target": "Target",
                "money_short_base": "Short",
                "began_on": "Since",
                "mend": "What would mend it",
                "reasons": "Why",
            },
            empty="Nobody has nine chances in ten of being half a day a week below target.",
            meets=(
                Meeting("as many as the number above says", count, metric="people_below_target"),
                Meeting(
                    "their shortfalls add up to the number above",
                    total("money_short_base"),
                    metric="short_of_target",
                ),
            ),
        ),
        sentence("setting_aside", _aside),
        sentence("week", _week),
        table(
            "time_summary",
            _summary,
            {
                "title": "In question",
                "findings": "Findings",
                "people": "People",
                "hours": "Hours",
                "stake_base": "At stake",
                "mend": "What mends it",
            },
            empty="Nothing of it is in question.",
            meets=(
                Meeting(
                    "the findings add up to every one of the week",
                    _findings,
                    query="proof_time_checks",
                ),
            ),
        ),
        table(
            "time_told",
            lambda read, **_: time_week.told(read("time_check")),
            {
                "title": "What",
                "person_name": "Person",
                "manager_name": "Reports to",
                "project_name": "Project",
                "worked_on": "Day",
                "hours": "Hours",
                "stake_base": "At stake",
                "detail": "Detail",
            },
            empty="No sheet is missing and no entry has to be looked at.",
            height=320,
        ),
        figure("week_against_plan", "time_week"),
    ),
)
