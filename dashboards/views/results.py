"""Results: profit and loss, and what made the difference."""

import parts
import polars as pl
import snapshot
import streamlit as st

from opslayer.intelligence import margin, variance

AGAINST: dict[variance.Comparison, str] = {"budget": "Budget", "prior": "Month before"}

parts.heading("Results", "What did the firm earn, and why is it not what was planned?")
parts.metric_row("revenue_against_budget", "gross_margin", "profit")
parts.figure("pnl", "pnl_comparison", as_of=snapshot.as_of())

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

left, right = st.columns([5, 6], gap="large")
with left:
    st.header(f"Profit and loss, {month:%B %Y}", anchor=False)
    parts.table(
        snapshot.rows("pnl_statement", month=month),
        {
            "line": "",
            "actual": "Actual",
            "budget": "Budget",
            "against_budget": "Difference",
            "prior_month": "Month before",
            "prior_year": "Year before",
        },
        empty="Nothing was booked.",
    )
    parts.behind("pnl_statement", key="statement", month=month)
    told = snapshot.rows("variance_narrative").filter(pl.col("month") == month)
    if told.is_empty():
        st.markdown(":gray[This month is not explained: the job morning explains the last twelve.]")
    else:
        st.markdown(variance.latest_paragraph(told, against))
        parts.behind("variance_narrative", key="narrative")
with right:
    parts.figure("variance_bridge", "variance_driver", comparison=against, month=month)

st.header("Margin, by the work behind it", anchor=False)
drivers = snapshot.rows("margin_driver").filter(pl.col("month") == month)
left, right = st.columns([5, 6], gap="large")
with left:
    st.markdown(margin.paragraph(snapshot.rows("margin_narrative"), month))
    parts.behind("margin_narrative", key="margin-narrative")
with right:
    parts.figure("margin_bridge", "margin_driver", month=month)
st.markdown("**Against plan, by practice**")
parts.table(
    margin.by_practice(drivers), margin.TITLES, empty="The job monday explains the last twelve months."
)

st.header("Out of the ordinary", anchor=False)
parts.figure("unusual_months", "unusual_months")
st.markdown("**Journal lines out of the ordinary**")
parts.table(
    snapshot.rows("unusual_lines"),
    {"posted_on": "Posted", "account_name": "Account", "amount_base": "Amount", "reasons": "Why"},
    empty="None in the last look at the books; the job morning looks.",
)
parts.behind("unusual_lines", key="unusual-lines")
