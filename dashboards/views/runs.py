"""Runs: what ran, how it ended, and what it showed; two runs of one notebook side by side."""

import parts
import rendered
import shown
import streamlit as st

parts.heading("runs")
shown.put("runs", "run_history")

st.header("What a run showed", anchor=False)
rendered.choose()
