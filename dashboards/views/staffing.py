"""Staffing: which projects lack people, who could be put on them, and what that costs."""

import parts
import shown
import snapshot
import streamlit as st

parts.heading("staffing")
if snapshot.rows("staffing_need").is_empty():
    st.info(
        "Nothing is known of the weeks ahead yet: name the tables project, person and assignment in a "
        "mapping; the job wednesday looks."
    )
    st.stop()
shown.put("staffing", "headline", "staffing_weeks")

st.header("The change that is proposed", anchor=False)
shown.put("staffing", "staffing_changes")
st.caption(
    "Costs: what a dearer person costs above the role, hours above their target, getting into the work and "
    "handing over. Never more than a project lacks, nor than a person has left; nobody is moved by this."
)

st.header("Who lacks somebody", anchor=False)
shown.put("staffing", "staffing_lacking")

st.header("Demand and capacity", anchor=False)
if snapshot.rows("capacity_balance").is_empty():
    shown.put("staffing", "balance")
else:
    shown.put("staffing", "balance", "capacity_weeks")
    shown.put("staffing", "shortage_map")
