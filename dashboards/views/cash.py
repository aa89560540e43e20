"""Cash: where it stands, who owes, when it comes in."""

import parts
import shown
import streamlit as st

parts.heading("cash")
shown.metrics("cash")
shown.put("cash", "headline")
with st.grid(2, min_column_width=340, gap="medium"):
    for name in ("cash_forecast", "aging", "cash_position", "dso"):
        with st.container(gap=None):
            shown.put("cash", name)

st.header("Who will pay late, and why", anchor=False)
client = st.text_input("Client", key="client", placeholder="Any client", icon=":material/search:", width=340)
shown.put("cash", "payment_intervals", client=client)
shown.put("cash", "late_said", "late", client=client)

st.header("How right has the forecast been?", anchor=False)
shown.put("cash", "backtest_said", "backtest")
