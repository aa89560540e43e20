"""The dashboards: `streamlit run dashboards/app.py`, for the firm of $OPSLAYER_FIRM."""

from __future__ import annotations

from pathlib import Path

import people
import snapshot
import streamlit as st

from opslayer.errors import OpslayerError

# a screen without a pointer shows the tools of each table all the time: they get a place of their own
TOUCHED = """<style>@media (hover: none) {
    [data-testid=stElementContainer]:has([data-testid=stDataFrame]) {margin-top: 2rem}
}</style>"""

# an icon of our own: the usual one would be fetched from the network
st.set_page_config(page_icon=Path(__file__).parent / "icon.svg", layout="wide")
page = st.navigation(
    [
        st.Page("views/briefing.py", title="Briefing", icon=":material/wb_twilight:", default=True),
        st.Page("views/cash.py", title="Cash", icon=":material/payments:"),
        st.Page("views/results.py", title="Results", icon=":material/bar_chart:"),
        st.Page("views/delivery.py", title="Delivery", icon=":material/construction:"),
        st.Page("views/people.py", title="People", icon=":material/groups:"),
        st.Page("views/staffing.py", title="Staffing", icon=":material/group_add:"),
        st.Page("views/inquiries.py", title="Inquiries", icon=":material/mark_email_unread:"),
        st.Page("views/what_if.py", title="What if", icon=":material/alt_route:"),
        st.Page("views/revenue.py", title="Revenue", icon=":material/trending_up:"),
        st.Page("views/actions.py", title="Actions", icon=":material/task_alt:"),
        st.Page("views/rules.py", title="Rules", icon=":material/rule:"),
        st.Page("views/models.py", title="Models", icon=":material/model_training:"),
        st.Page("views/data_health.py", title="Data health", icon=":material/verified:"),
    ],
    position="top",
)
st.html(TOUCHED)
try:
    people.enter()
    snapshot.watch()
    page.run()
except OpslayerError as error:
    st.error(error.message, icon=":material/error:")
    if error.mend:
        st.markdown(f"What mends it: {error.mend}")
