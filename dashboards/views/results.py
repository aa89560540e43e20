"""Results: profit and loss, and what made the difference."""

import shared
import streamlit as st

from opslayer.intelligence import variance

shared.heading("Results", "What did the firm earn, and why is it not what was planned?")
shared.metric_row("revenue_against_budget", "gross_margin", "profit")
shared.figure("pnl", "pnl_comparison")

narrative = shared.rows("variance_narrative")
against = st.segmented_control(
    "Against", ["budget", "prior"], default="budget", key="against",
    format_func=lambda word: {"budget": "Budget", "prior": "Month before"}[word],
) or "budget"  # fmt: skip
shared.figure("variance_bridge", "variance_driver", comparison=against)
if narrative.is_empty():
    st.info("No month is explained yet. Run `opslayer run morning`.")
else:
    st.markdown(variance.latest_paragraph(narrative, against))

left, right = st.columns(2, gap="large")
with left:
    st.subheader("Account months out of the ordinary", anchor=False)
    months = shared.rows("unusual_months")
    if months.is_empty():
        st.caption("None, or nobody has looked yet.")
    else:
        st.dataframe(
            months.select("month", "account_name", "amount_base", "lower", "upper", "reasons"),
            hide_index=True,
            column_config={
                "month": st.column_config.DateColumn("Month", format="MMM YYYY"),
                "account_name": "Account",
                "amount_base": st.column_config.NumberColumn("Amount", format="localized"),
                "lower": st.column_config.NumberColumn("Usual from", format="localized"),
                "upper": st.column_config.NumberColumn("to", format="localized"),
                "reasons": st.column_config.TextColumn("Why", width="large"),
            },
        )
    shared.behind("unusual_months", key="unusual-months")
with right:
    st.subheader("Journal lines out of the ordinary", anchor=False)
    lines = shared.rows("unusual_lines")
    if lines.is_empty():
        st.caption("None, or nobody has looked yet.")
    else:
        st.dataframe(
            lines.select("posted_on", "account_name", "amount_base", "reasons"),
            hide_index=True,
            column_config={
                "posted_on": st.column_config.DateColumn("Posted"),
                "account_name": "Account",
                "amount_base": st.column_config.NumberColumn("Amount", format="localized"),
                "reasons": st.column_config.TextColumn("Why", width="large"),
            },
        )
    shared.behind("unusual_lines", key="unusual-lines")
