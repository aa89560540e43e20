"""Revenue: what the quarter will come to, what moved it, which deals will be won, and who has gone silent."""

import parts
import snapshot
import streamlit as st

from opslayer.intelligence import revenue, win

currency = snapshot.firm().base_currency
parts.heading("Revenue", "What will the quarter come to, and what moved it since last week?")
parts.metric_row("quarter_revenue", "revenue_against_plan", "win_rate", "deals_past_close", "clients_silent")
if snapshot.rows("revenue_forecast").is_empty():
    st.info("No forecast yet: the job wednesday makes it, from opportunities, projects, time and invoices.")
    st.stop()
st.markdown(revenue.headline(snapshot.rows("revenue_forecast"), currency=currency))
parts.figure("revenue_forecast", "revenue_forecast")

st.header("What moved it", anchor=False)
st.markdown(revenue.change_headline(snapshot.rows("revenue_change"), currency=currency))
parts.figure("revenue_change", "revenue_change")
parts.table(
    revenue.by_item(snapshot.rows("revenue_change")),
    {"name": "What", "party_name": "Client", "cause": "Because", "before_base": "Expected then",
     "now_base": "Now", "change_base": "Change", "reasons": "Why"},
    empty="Nothing moved since last week.",
)  # fmt: skip

st.header("Open deals", anchor=False)
st.markdown(win.headline(snapshot.rows("win_forecast"), currency=currency))
parts.table(
    snapshot.rows("win_forecast"),
    {"name": "Deal", "party_name": "Client", "stage": "Stage", "amount_base": "Amount",
     "win_probability": "Chance", "stage_weight": "Stage's weight", "close_on": "Decided about",
     "expected_close_on": "Its owner says", "reasons": "Why"},
    empty="No deal is open.",
)  # fmt: skip

st.header("Clients gone silent", anchor=False)
parts.table(
    snapshot.rows("clients_silent"),
    {"party_name": "Client", "last_contact_on": "Last heard of", "silent_days": "Days since",
     "usual_days": "Usually every", "revenue_year_base": "Invoiced in a year", "reasons": "Why"},
    empty="No client with a rhythm has gone silent.",
)  # fmt: skip

st.header("How right has it been?", anchor=False)
st.markdown(revenue.backtest_verdict(snapshot.rows("revenue_backtest")))
parts.table(
    revenue.backtest_summary(snapshot.rows("revenue_backtest")),
    {"horizon_weeks": "Weeks before the end", "model": "By", "quarters": "Spans", "mae_base": "Off by",
     "mape": "Off by, share", "bias": "On average", "coverage_80": "Within 80%"},
    empty="Too little history to test it.",
)  # fmt: skip
st.markdown(win.verdict(snapshot.rows("win_backtest")))
parts.figure("win_calibration", "win_backtest")
