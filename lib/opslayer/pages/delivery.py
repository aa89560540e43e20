"""What the page Delivery shows."""

from __future__ import annotations

from opslayer.intelligence import overrun
from opslayer.pages.shown import Meeting, Page, figure, sentence, table, total

DELIVERY = Page(
    "delivery",
    "Which projects are heading over their budget, and since when does it show?",
    metrics=("projects_over", "money_at_risk", "unbilled_milestones", "projects_without_budget"),
    shows=(
        figure("project_completion", "project_forecast"),
        table(
            "projects_named",
            "projects_named",
            {
                "name": "Project",
                "party_name": "Client",
                "budget_hours": "Budget, h",
                "hours_to_date": "So far, h",
                "eac_hours": "At completion, h",
                "probability_over": "Chance of over",
                "money_at_risk_base": "At risk",
                "first_visible_on": "Visible since",
                "reasons": "Why",
            },
            empty="None has nine chances in ten of exceeding its budget. The job morning looks each day.",
            meets=(
                Meeting(
                    "hours so far are those of the projects' time entries",
                    total("hours_to_date"),
                    query="proof_hours_of_named",
                ),
            ),
        ),
        table(
            "unbilled_milestones",
            "unbilled_milestones",
            {
                "project_name": "Project",
                "party_name": "Client",
                "name": "Milestone",
                "completed_on": "Done",
                "days_waiting": "Days",
                "amount_base": "Amount, {currency}",
            },
            empty="Nothing that is finished waits for its bill.",
            meets=(
                Meeting(
                    "the rows add up to the number above", total("amount_base"), metric="unbilled_milestones"
                ),
            ),
        ),
        sentence("backtest_said", lambda read, **_: overrun.backtest_verdict(read("overrun_backtest"))),
    ),
)
