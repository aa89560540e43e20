"""Briefing: Monday in one screen; each line leads to its page."""

import brief
import parts
import polars as pl
import snapshot
import streamlit as st

from opslayer import actions, metrics
from opslayer.intelligence import inquiry, margin, overrun, revenue, utilisation

PAGES = {
    "results": ("revenue_against_budget", "gross_margin", "profit"),
    "delivery": ("projects_over", "money_at_risk", "projects_without_budget"),
    "people": ("utilisation", "people_below_target", "short_of_target", "missing_sheets", "time_in_question"),
    "revenue": ("quarter_revenue", "revenue_against_plan", "win_rate", "deals_past_close", "clients_silent"),
    "inquiries": ("inquiries", "inquiries_price", "mail_for_a_person"),
    "data_health": ("contracts_red", "quarantined", "ledger_age"),
}
PAGE_OF = {metric: page for page, names in PAGES.items() for metric in names}

parts.heading("Briefing", "What happened, what heads where it should not, and what waits for us this week?")
currency = snapshot.firm().base_currency


waiting = [p for p in actions.list_proposals(snapshot.store()) if p.state in ("proposed", "uncertain")]
decisions = pl.DataFrame(
    [(p.title, float(p.amount)) for p in sorted(waiting, key=lambda p: (-p.level, -p.amount))],
    schema={"title": pl.String, "amount": pl.Float64},
    orient="row",
)
left, middle, right = st.columns(3, gap="small")
with left:
    practices = margin.by_practice(margin.latest(snapshot.rows("margin_driver")))
    brief.part("The month against plan", margin.opening(snapshot.rows("margin_narrative")), "results",
         practices.sort(pl.col("margin_base").abs(), descending=True),
         {"practice": "Against plan", "revenue_base": "Revenue", "margin_base": "Margin"})  # fmt: skip
    forecast = snapshot.rows("revenue_forecast")  # Wednesday's: it says of which
    made = "" if forecast.is_empty() else f" As of {parts.day(forecast['as_of'][0])}."
    brief.part("The quarter's revenue", revenue.headline(forecast, currency=currency) + made, "revenue",
         forecast.clear(), {})  # fmt: skip
    brief.part("Waiting for a decision", f"**{len(waiting)}** proposals wait.", "actions", decisions,
         {"amount": f"Amount, {currency}", "title": "Proposal"})  # fmt: skip
with middle:
    brief.part("Projects heading over", overrun.headline(snapshot.rows("project_forecast")), "delivery",
         snapshot.rows("projects_named"), {"name": "Project", "money_at_risk_base": "At risk"})  # fmt: skip
    brief.part("People below target", utilisation.headline(snapshot.rows("utilisation"), currency), "people",
         snapshot.rows("utilisation_named"),
         {"name": "Person", "utilisation": "Utilisation", "target": "Target"})  # fmt: skip
with right:
    brief.part("The weekend's inquiries", inquiry.headline(snapshot.rows("inquiries")), "inquiries",
         snapshot.rows("inquiries_named"),
         {"from_name": "From", "subject": "Subject"})  # fmt: skip
with right, st.container(border=True, gap="xsmall"):
    values = snapshot.measured()
    out = [value for value in values.values() if value.out_of_range or value.failure]
    st.markdown(f"**Out of range: {len(out)} of {len(values)} numbers**")
    for value in out:
        page = PAGE_OF.get(value.metric.name, "cash")
        now = metrics.written(value.value, value.metric.unit, currency)
        st.page_link(f"views/{page}.py", label=f"{value.metric.title}: **{now}**", icon=":material/warning:")
