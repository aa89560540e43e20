"""The pages: `streamlit run dashboards/server.py` runs this, for the firm of $OPSLAYER_FIRM."""

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
VIEWS = {
    "today": ("Today", ":material/today:"),
    "briefing": ("Briefing", ":material/wb_twilight:"),
    "alerts": ("Alerts", ":material/notifications:"),
    "cash": ("Cash", ":material/payments:"),
    "results": ("Results", ":material/bar_chart:"),
    "delivery": ("Delivery", ":material/construction:"),
    "people": ("People", ":material/groups:"),
    "staffing": ("Staffing", ":material/group_add:"),
    "inquiries": ("Inquiries", ":material/mark_email_unread:"),
    "documents": ("Documents", ":material/description:"),
    "what_if": ("What if", ":material/alt_route:"),
    "revenue": ("Revenue", ":material/trending_up:"),
    "actions": ("Actions", ":material/task_alt:"),
    "rules": ("Rules", ":material/rule:"),
    "models": ("Models", ":material/model_training:"),
    "data_health": ("Data health", ":material/verified:"),
    "runs": ("Runs", ":material/play_circle:"),
}

# an icon of our own: the usual one would be fetched from the network
st.set_page_config(page_icon=Path(__file__).parent / "icon.svg", layout="wide")
st.html(TOUCHED)
try:
    people.enter()
    mine = [name for name in VIEWS if people.may_open(name)]
    # one that is not open to who is looking is no entry of the menu; its address says that it is denied
    page = st.navigation(
        [
            st.Page(
                f"views/{name}.py",
                title=title,
                icon=icon,
                url_path=name,
                default=name == next(iter(mine), "today"),
                visibility="visible" if name in mine else "hidden",
            )
            for name, (title, icon) in VIEWS.items()
        ],
        position="top",
    )
    snapshot.watch()
    page.run()
except OpslayerError as error:
    st.error(error.message, icon=":material/error:")
    if error.mend:
        st.markdown(f"What mends it: {error.mend}")
