"""Alerts: what is out of range, who has taken it on, and what became of it."""

import alarms
import parts
import people
import shown
import streamlit as st

parts.heading("alerts")
shown.put("alerts", "headline", "standing")

st.header("Say what is done", anchor=False)
alarms.show(people.choose_decider())

st.header("What fired", anchor=False)
shown.put("alerts", "episodes")

st.header("Who was told", anchor=False)
shown.put("alerts", "notices")
