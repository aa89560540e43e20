"""Delivery: which projects are heading over their budget, since when it shows, and why."""

import parts
import shown
import snapshot
import streamlit as st

parts.heading("delivery")
shown.metrics("delivery")
if snapshot.rows("project_state").is_empty():
    st.info("No project has landed: name the tables project, task, person and time_entry in a mapping.")
    st.stop()
shown.put("delivery", "project_completion")

st.header("Heading over budget", anchor=False)
shown.put("delivery", "projects_named")

st.header("Finished and not billed", anchor=False)
shown.put("delivery", "unbilled_milestones")

st.header("How right has it been?", anchor=False)
shown.put("delivery", "backtest_said")
