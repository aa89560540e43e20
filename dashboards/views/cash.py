"""Cash: where it stands, who owes, when it comes in."""

import parts
import polars as pl
import snapshot
import streamlit as st

from opslayer.intelligence import cash

parts.heading("Cash", "Where does cash stand, and what comes in?")
parts.metric_row("cash", "cash_in_4_weeks", "cash_in_13_weeks", "dso", "overdue_share", "over_90")
forecast = snapshot.rows("payment_forecast")
if not forecast.is_empty():
    weekly = snapshot.rows("cash_forecast")
    st.markdown(cash.headline(forecast, weekly, currency=snapshot.firm().base_currency))

with st.grid(2, min_column_width=340, gap="medium"):
    for name, query in (
        ("cash_forecast", "cash_forecast"),
        ("aging", "aging"),
        ("cash_position", "cash_daily"),
        ("dso", "dso"),
    ):
        with st.container(gap=None):
            parts.figure(name, query)

st.header("Who will pay late, and why", anchor=False)
wanted = st.text_input("Client", key="client", placeholder="Any client", icon=":material/search:", width=340)
mine = forecast.filter(pl.col("party_name").str.to_lowercase().str.contains(wanted.lower(), literal=True))
parts.figure("payment_intervals", "payment_forecast", frame=mine if wanted else None)
late = cash.expected_late(mine).with_columns(
    days_late=(pl.col("expected_on") - pl.col("due_on")).dt.total_days()
)
st.markdown(
    f"**Expected after their due date** :gray[{late.height:,} invoices, most money for most days first]"
)
parts.table(
    late.head(parts.SHOWN),
    {
        "party_name": "Client",
        "open_base": "Open",
        "due_on": "Due",
        "expected_on": "Expected",
        "days_late": "Days late",
        "lower_80": "80% from",
        "upper_80": "80% to",
        "reasons": "Why",
    },
    empty="Nothing is expected late." if not forecast.is_empty() else "No forecast yet: run the job morning.",
)

st.header("How right has the forecast been?", anchor=False)
backtest = snapshot.rows("cash_backtest")
st.markdown(cash.backtest_verdict(backtest))
parts.table(
    cash.backtest_table(backtest),
    {"measure": "At past days", "model": "The model", "baseline": "Due date and mean lateness"},
    empty="The job morning tests it as soon as there are months of payments to test it on.",
)
parts.behind("cash_backtest", key="backtest")
