"""Staffing: which projects lack people, who could be put on them, and what that costs."""

import parts
import snapshot
import streamlit as st

from opslayer.intelligence import demand, staffing

parts.heading("Staffing", "Which projects lack people, who could be put on them, and what would that cost?")
need = snapshot.rows("staffing_need")
if need.is_empty():
    st.info(
        "Nothing is known of the weeks ahead yet: name the tables project, person and assignment in a "
        "mapping; the job wednesday looks."
    )
    st.stop()
change = snapshot.rows("staffing_change")
st.markdown(staffing.headline(need, change, currency=snapshot.firm().base_currency))
parts.figure("staffing_weeks", "staffing_need")

st.header("The change that is proposed", anchor=False)
parts.table(
    snapshot.rows("staffing_changes"),
    {"person_name": "Put", "role": "As", "project_name": "On", "hours": "Hours", "first_week": "From week of",
     "weeks_planned": "Weeks", "taken_from_name": "Taken from",
     "value_base": "Worth", "cost_base": "Costs", "bench_avoided_base": "Bench avoided", "reasons": "Why"},
    empty="No change is worth more than it costs.",
)  # fmt: skip
st.caption(
    "Costs: what a dearer person costs above the role, hours above their target, getting into the work and "
    "handing over. Never more than a project lacks, nor than a person has left; nobody is moved by this."
)
parts.behind("staffing_change", key="staffing-change")

st.header("Who lacks somebody", anchor=False)
parts.table(
    snapshot.rows("staffing_lacking"),
    {"name": "Project", "party_name": "Client", "role": "Lacks", "gap_hours": "Missing, h",
     "need_hours": "Needs, h", "assigned_hours": "Planned, h", "due_on": "Due", "reasons": "Why"},
    empty="Every project has the people its remaining work needs.",
)  # fmt: skip
parts.behind("staffing_need", key="staffing-need")

st.header("Demand and capacity", anchor=False)
balance = snapshot.rows("capacity_balance")
st.markdown(demand.headline(balance))
if not balance.is_empty():
    parts.figure("capacity_weeks", "capacity_balance")
    parts.figure("shortage_map", "capacity_balance")
