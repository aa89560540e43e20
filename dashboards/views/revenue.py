"""Revenue: what the quarter will come to, what moved it, which deals will be won, and who has gone silent."""

import parts
import shown
import snapshot
import streamlit as st

parts.heading("revenue")
shown.metrics("revenue")
if snapshot.rows("revenue_forecast").is_empty():
    st.info("No forecast yet: the job wednesday makes it, from opportunities, projects, time and invoices.")
    st.stop()
shown.put("revenue", "headline", "revenue_forecast")

st.header("What moved it", anchor=False)
shown.put("revenue", "change_said", "revenue_change", "by_item")

st.header("Open deals", anchor=False)
shown.put("revenue", "deals_said", "deals")

st.header("Clients gone silent", anchor=False)
shown.put("revenue", "clients_silent")

st.header("How right has it been?", anchor=False)
shown.put("revenue", "backtest_said", "backtest")
shown.put("revenue", "win_said", "win_calibration")
