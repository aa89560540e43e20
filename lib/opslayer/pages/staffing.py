"""What the page Staffing shows."""

from __future__ import annotations

from opslayer.intelligence import demand, staffing
from opslayer.pages.reading import Reading
from opslayer.pages.shown import Meeting, Page, bars, figure, sentence, table, total


def _headline(read: Reading, **_: str) -> str:
    return staffing.headline(read("staffing_need"), read("staffing_change"), currency=read.currency)


STAFFING = Page(
    "staffing",
    "Which projects lack people, who could be put on them, and what would that cost?",
    shows=(
        sentence("headline", _headline),
        figure(
            "staffing_weeks",
            "staffing_need",
            meets=(
                Meeting(
                    "what is missing adds up to what the projects lack",
                    bars(trace=0),
                    query="proof_hours_lacking",
                ),
            ),
        ),
        table(
            "staffing_changes",
            "staffing_changes",
            {
                "person_name": "Put",
                "role": "As",
                "project_name": "On",
                "hours": "Hours",
                "first_week": "From week of",
                "weeks_planned": "Weeks",
                "taken_from_name": "Taken from",
                "value_base": "Worth",
                "cost_base": "Costs",
                "bench_avoided_base": "Bench avoided",
                "reasons": "Why",
            },
            empty="No change is worth more than it costs.",
            meets=(
                Meeting(
                    "the hours are those of every week of the change",
                    total("hours"),
                    query="proof_hours_moved",
                ),
            ),
        ),
        table(
            "staffing_lacking",
            "staffing_lacking",
            {
                "name": "Project",
                "party_name": "Client",
                "role": "Lacks",
                "gap_hours": "Missing, h",
                "need_hours": "Needs, h",
                "assigned_hours": "Planned, h",
                "due_on": "Due",
                "reasons": "Why",
            },
            empty="Every project has the people its remaining work needs.",
            meets=(
                Meeting(
                    "the projects lack what all weeks and roles lack",
                    total("gap_hours"),
                    query="proof_hours_lacking",
                ),
            ),
        ),
        sentence("balance", lambda read, **_: demand.headline(read("capacity_balance"))),
        figure(
            "capacity_weeks",
            "capacity_balance",
            meets=(
                Meeting(
                    "demand adds up to the hours of projects and of open deals",
                    lambda drawn: sum(sum(one["y"]) for one in drawn.data[:2]) if drawn.data else None,
                    query="proof_hours_asked_for",
                ),
            ),
        ),
        figure("shortage_map", "capacity_balance"),
    ),
)
