"""Data health: what is published, how fresh it is, what broke a contract."""

import shared
import streamlit as st

from opslayer.runner import last_runs
from opslayer.warehouse import versions

shared.heading("Data health", "Can the numbers be trusted today?")
shared.metric_row("contracts_red", "quarantined", "unapplied", "ledger_age")

left, right = st.columns([3, 2], gap="large")
with left:
    st.subheader("Contracts", anchor=False)
    st.dataframe(
        shared.rows("contracts_summary"),
        hide_index=True,
        column_config={
            "contract": "Contract",
            "version": "Version",
            "green": "Green",
            "blocking": "Blocking red",
            "quarantining": "Setting aside",
            "warning": "Warnings",
            "rows_failed": st.column_config.NumberColumn("Rows", format="localized"),
        },
    )
    broken = shared.rows("broken_rules")
    if broken.is_empty():
        st.success("Every contract holds.", icon=":material/check:")
    else:
        st.dataframe(
            broken.select("table_name", "rule", "severity", "rows_failed", "sample"),
            hide_index=True,
            column_config={"table_name": "Table", "rule": "Rule", "severity": "Severity", "rows_failed": "Rows",
                           "sample": "Such as"},
        )  # fmt: skip
    shared.behind("broken_rules", key="broken")
with right:
    st.subheader("Receivables tie to the ledger", anchor=False)
    tie = shared.rows("reconciliation").row(0, named=True)
    for label, column in (
        ("Receivables account", "control_balance"),
        ("Open invoices", "open_base"),
        ("Unapplied receipts", "unapplied_base"),
        ("In quarantine", "quarantined_base"),
        ("Difference", "difference"),
    ):
        name, amount = st.columns(2)
        name.markdown(f":gray[{label}]")
        amount.markdown(f"{tie[column]:,.2f} {shared.firm().base_currency}")
    shared.behind("reconciliation", key="reconciliation")

st.subheader("Quarantine", anchor=False)
aside = shared.rows("quarantine_rows")
if aside.is_empty():
    st.caption("Empty: no row broke a contract.")
else:
    st.dataframe(
        aside.select("table_name", "source", "source_key", "rule", "row_json").head(shared.SHOWN),
        hide_index=True,
        column_config={
            "table_name": "Table",
            "source": "Source",
            "source_key": "Key there",
            "rule": "Rule it broke",
            "row_json": "Row",
        },
    )
    shared.behind("quarantine_rows", key="quarantine")

left, right = st.columns(2, gap="large")
with left:
    st.subheader("What landed", anchor=False)
    st.dataframe(
        shared.rows("source_freshness").select("source", "table_name", "rows", "landed_at"),
        hide_index=True,
        column_config={
            "source": "Source",
            "table_name": "Table",
            "rows": st.column_config.NumberColumn("Rows", format="localized"),
            "landed_at": st.column_config.DatetimeColumn("Landed", format="YYYY-MM-DD HH:mm"),
        },
    )
with right:
    st.subheader("Published versions", anchor=False)
    kept = [
        (v.name, v.published_at, v.contracts_green, v.contracts_red)
        for v in reversed(versions(shared.firm()))
    ]
    st.dataframe(
        [dict(zip(("Version", "Published", "Green", "Red"), row, strict=True)) for row in kept],
        hide_index=True,
        column_config={"Published": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
    )
    st.subheader("Last runs", anchor=False)
    st.dataframe(
        [
            {"Notebook": r.notebook, "State": r.state, "As of": r.as_of, "Cause": r.cause or ""}
            for r in last_runs(shared.store())
        ],
        hide_index=True,
    )
