"""Results: profit and loss, and what made the difference."""

import parts
import shown
import snapshot
import streamlit as st

from opslayer.intelligence import variance

AGAINST: dict[variance.Comparison, str] = {"budget": "Budget", "prior": "Month before"}

parts.heading("results")
shown.metrics("results")
shown.put("results", "pnl")

months = snapshot.rows("closed_months")["month"].to_list()
if not months:
    st.info("No month has ended in these books yet; the first that ends is explained here.")
    st.stop()
with st.container(horizontal=True, vertical_alignment="bottom"):
    month = st.selectbox("Month", months, key="month", format_func=lambda day: f"{day:%B %Y}", width=200)
    against = st.segmented_control(
        "Against",
        list(AGAINST),
        default="budget",
        required=True,
        key="against",
        format_func=AGAINST.__getitem__,
    )
chosen = {"month": month, "against": against}

left, right = st.columns([5, 6], gap="large")
with left:
    st.header(f"Profit and loss, {month:%B %Y}", anchor=False)
    shown.put("results", "statement", "narrative", **chosen)
with right:
    shown.put("results", "variance_bridge", **chosen)

st.header("Margin, by the work behind it", anchor=False)
left, right = st.columns([5, 6], gap="large")
with left:
    shown.put("results", "margin_paragraph", **chosen)
with right:
    shown.put("results", "margin_bridge", **chosen)
st.markdown("**Against plan, by practice**")
shown.put("results", "by_practice", **chosen)

st.header("Out of the ordinary", anchor=False)
shown.put("results", "unusual_months")
st.markdown("**Journal lines out of the ordinary**")
shown.put("results", "unusual_lines")
