"""Delivery: which projects are heading over their budget, since when it shows, and why."""

import parts
import snapshot
import streamlit as st

from opslayer.intelligence import overrun

parts.heading("Delivery", "Which projects are heading over their budget, and since when does it show?")
parts.metric_row("projects_over", "money_at_risk", "unbilled_milestones", "projects_without_budget")
if snapshot.rows("project_state").is_empty():
    st.info("No project has landed: name the tables project, task, person and time_entry in a mapping.")
    st.stop()
parts.figure("project_completion", "project_forecast")

st.header("Heading over budget", anchor=False)
parts.table(
    snapshot.rows("projects_named"),
    {"name": "Project", "party_name": "Client", "budget_hours": "Budget, h", "hours_to_date": "So far, h",
     "eac_hours": "At completion, h", "probability_over": "Chance of over", "money_at_risk_base": "At risk",
     "first_visible_on": "Visible since", "reasons": "Why"},
    empty="None has nine chances in ten of exceeding its budget. The job morning looks each day.",
)  # fmt: skip
parts.behind("projects_named", key="projects-named")

st.header("Finished and not billed", anchor=False)
parts.table(
    snapshot.rows("unbilled_milestones"),
    {"project_name": "Project", "party_name": "Client", "name": "Milestone", "completed_on": "Done",
     "days_waiting": "Days", "amount_base": f"Amount, {snapshot.firm().base_currency}"},
    empty="Nothing that is finished waits for its bill.",
)  # fmt: skip
parts.behind("unbilled_milestones", key="unbilled-milestones")

st.header("How right has it been?", anchor=False)
st.markdown(overrun.backtest_verdict(snapshot.rows("overrun_backtest")))
parts.behind("overrun_backtest", key="overrun-backtest")
