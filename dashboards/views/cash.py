"""Cash: where it stands, who owes, when it comes in."""

import shared
import streamlit as st

from opslayer.intelligence import cash

shared.heading("Cash", "Where does cash stand, and what comes in?")
shared.metric_row("cash", "dso", "overdue_share", "cash_in_4_weeks")

left, right = st.columns(2, gap="large")
with left:
    shared.figure("cash_forecast", "cash_forecast")
with right:
    shared.figure("aging", "aging")

forecast = shared.rows("payment_forecast")
if not forecast.is_empty():
    st.markdown(cash.headline(forecast, shared.rows("cash_forecast"), currency=shared.firm().base_currency))

left, right = st.columns(2, gap="large")
with left:
    shared.figure("cash_position", "cash_daily")
with right:
    shared.figure("dso", "dso")

st.subheader("Who will pay late, and why", anchor=False)
if forecast.is_empty():
    st.info("No forecast yet. Run `opslayer run morning`.")
else:
    shared.figure("payment_intervals", "payment_forecast")
    st.dataframe(
        cash.expected_late(forecast).select(
            "party_name",
            "open_base",
            "due_on",
            "expected_on",
            "lower_80",
            "upper_80",
            "probability_late",
            "reasons",
        ),
        hide_index=True,
        column_config={
            "party_name": "Client",
            "open_base": st.column_config.NumberColumn("Open", format="localized"),
            "due_on": st.column_config.DateColumn("Due"),
            "expected_on": st.column_config.DateColumn("Expected"),
            "lower_80": st.column_config.DateColumn("80 % from"),
            "upper_80": st.column_config.DateColumn("80 % to"),
            "probability_late": st.column_config.ProgressColumn(
                "Late", format="percent", min_value=0, max_value=1
            ),
            "reasons": st.column_config.TextColumn("Why", width="large"),
        },
    )

st.subheader("How right has the forecast been?", anchor=False)
backtest = shared.rows("cash_backtest")
if backtest.is_empty():
    st.info("There is too little history to test the model, or it has not run yet.")
else:
    st.markdown(cash.backtest_verdict(backtest))
    st.dataframe(cash.backtest_table(backtest), hide_index=True)
    shared.behind("cash_backtest", key="backtest")
