"""Data health: what is published, how fresh it is, what broke a contract, what ran."""

import parts
import shown
import streamlit as st

parts.heading("data_health")
shown.metrics("data_health")

left, right = st.columns([3, 2], gap="large")
with left:
    st.header("Contracts", anchor=False)
    shown.put("data_health", "contracts_summary")
with right:
    st.header("Receivables tie to the ledger", anchor=False)
    shown.put("data_health", "reconciliation")

st.header("Rules that do not hold", anchor=False)
shown.put("data_health", "broken_rules")

st.header("Rows set aside until their source mends them", anchor=False)
shown.put("data_health", "quarantine_rows")

left, right = st.columns(2, gap="large")
with left:
    st.header("What landed", anchor=False)
    shown.put("data_health", "source_freshness")
with right:
    st.header("Published snapshots", anchor=False)
    shown.put("data_health", "versions")
    st.header("Last runs", anchor=False)
    shown.put("data_health", "runs")
    shown.put("data_health", "trail")
