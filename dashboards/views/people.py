"""People: who is below target and what would mend it; last week's time and what is in question."""

import parts
import shown
import snapshot
import streamlit as st

parts.heading("people")
shown.metrics("people")
if snapshot.rows("person_standing").is_empty():
    st.info("No person has landed: name the tables person and time_entry in a mapping.")
    st.stop()
shown.put("people", "utilisation_weeks")

st.header("Below target", anchor=False)
if snapshot.rows("utilisation").is_empty():
    shown.put("people", "headline")
else:
    shown.put("people", "headline", "utilisation_levels")
    shown.put("people", "utilisation_named", "setting_aside")

st.header("Last week's time", anchor=False)
shown.put("people", "week", "time_summary", "time_told")
shown.put("people", "week_against_plan")
