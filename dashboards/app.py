"""The dashboards: `streamlit run dashboards/app.py`, for the firm of $OPSLAYER_FIRM."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).parent))  # the views import what they share from beside them

import shared

st.set_page_config(page_title="opslayer", layout="wide")
page = st.navigation(
    [
        st.Page("views/cash.py", title="Cash", icon=":material/payments:", default=True),
        st.Page("views/results.py", title="Results", icon=":material/bar_chart:"),
        st.Page("views/actions.py", title="Actions", icon=":material/task_alt:"),
        st.Page("views/data_health.py", title="Data health", icon=":material/verified:"),
    ],
    position="top",
)
shared.sign_in()
shared.watch()
page.run()
