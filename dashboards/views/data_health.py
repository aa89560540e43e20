"""Data health: what is published, how fresh it is, what broke a contract, what ran."""

import parts
import snapshot
import streamlit as st
import tables

from opslayer import actions, figures

parts.heading("Data health", "Can the numbers be trusted today?")
parts.metric_row("contracts_red", "quarantined", "unapplied", "ledger_age")

left, right = st.columns([3, 2], gap="large")
with left:
    st.header("Contracts", anchor=False)
    parts.table(
        figures.in_words(snapshot.rows("contracts_summary")),
        {"contract": "Contract", "version": "Version", "green": "Rules green", "blocking": "Red, blocking",
         "quarantining": "Red, setting aside", "warning": "Red, warning", "rows_failed": "Rows"},
        empty="No contract was held to this snapshot.",
    )  # fmt: skip
    parts.behind("contracts_summary", key="contracts")
with right:
    st.header("Receivables tie to the ledger", anchor=False)
    st.markdown(tables.reconciliation())
    parts.behind("reconciliation", key="reconciliation")

st.header("Rules that do not hold", anchor=False)
parts.table(
    figures.in_words(snapshot.rows("broken_rules")),
    {
        "table_name": "Table",
        "rule": "Rule",
        "severity": "What follows",
        "rows_failed": "Rows",
        "sample": "Such as",
    },
    empty="Every rule of every contract holds.",
)
parts.behind("broken_rules", key="broken")

st.header("Rows set aside until their source mends them", anchor=False)
parts.table(
    figures.in_words(snapshot.rows("quarantine_rows").head(parts.SHOWN)),
    {"table_name": "Table", "source": "Source", "source_key": "Key there", "rule": "Rule it broke",
     "row": "What it says"},
    empty="None: every row that came in is in the books.",
)  # fmt: skip
parts.behind("quarantine_rows", key="quarantine")

left, right = st.columns(2, gap="large")
with left:
    st.header("What landed", anchor=False)
    parts.table(
        figures.in_words(snapshot.rows("source_freshness")),
        {"source": "Source", "table_name": "Table", "rows": "Rows", "landed_at": "Landed"},
        empty="Nothing landed yet.",
    )
    parts.behind("source_freshness", key="freshness")
with right:
    st.header("Published snapshots", anchor=False)
    parts.table(
        tables.versions(),
        {"name": "Snapshot", "published_at": "Published", "green": "Green", "red": "Red"},
        empty="None.",
    )
    st.header("Last runs", anchor=False)
    parts.table(
        figures.in_words(tables.runs()),
        {"started_at": "Started", "notebook": "Notebook", "state": "State", "cause": "Cause"},
        empty="No notebook has run yet; `opslayer run morning` runs the morning's.",
    )
    trail = actions.verify(snapshot.store())
    st.markdown(
        f":green-badge[:material/check: audit trail whole] :small[{trail.events:,} events]"
        if trail.holds
        else f":red-badge[:material/error: audit trail broken] {trail.why}"
    )
