"""What the page Revenue shows."""

from __future__ import annotations

import plotly.graph_objects as go

from opslayer.intelligence import revenue, win
from opslayer.pages.shown import Meeting, Page, count, figure, sentence, table, total


def _all_sources(drawn: go.Figure) -> float | None:
    """The points of the months' totals: the markers above the bars."""
    totals = [one for one in drawn.data if one.type == "scatter"]
    return float(sum(totals[0]["y"])) if totals else None


REVENUE = Page(
    "revenue",
    "What will the quarter come to, and what moved it since last week?",
    metrics=("quarter_revenue", "revenue_against_plan", "win_rate", "deals_past_close", "clients_silent"),
    shows=(
        sentence(
            "headline",
            lambda read, **_: revenue.headline(read("revenue_forecast"), currency=read.currency),
        ),
        figure(
            "revenue_forecast",
            meets=(
                Meeting(
                    "the months' sources add up to their totals", _all_sources, query="proof_revenue_sources"
                ),
            ),
        ),
        sentence(
            "change_said",
            lambda read, **_: revenue.change_headline(read("revenue_change"), currency=read.currency),
        ),
        figure(
            "revenue_change",
            meets=(
                Meeting(
                    "the causes add up to all that moved",
                    lambda drawn: float(drawn.data[0]["x"][-1]) if drawn.data else None,
                    query="proof_revenue_change",
                ),
            ),
        ),
        table(
            "by_item",
            lambda read, **_: revenue.by_item(read("revenue_change")),
            {
                "name": "What",
                "party_name": "Client",
                "cause": "Because",
                "before_base": "Expected then",
                "now_base": "Now",
                "change_base": "Change",
                "reasons": "Why",
            },
            empty="Nothing moved since last week.",
            meets=(
                Meeting(
                    "the rows add up to what moved of deals and projects",
                    total("change_base"),
                    query="proof_revenue_change_of_items",
                ),
            ),
        ),
        sentence("deals_said", lambda read, **_: win.headline(read("win_forecast"), currency=read.currency)),
        table(
            "deals",
            "win_forecast",
            {
                "name": "Deal",
                "party_name": "Client",
                "stage": "Stage",
                "amount_base": "Amount",
                "win_probability": "Chance",
                "stage_weight": "Stage's weight",
                "close_on": "Decided about",
                "expected_close_on": "Its owner says",
                "reasons": "Why",
            },
            empty="No deal is open.",
            meets=(
                Meeting(
                    "amounts are those of the deals in the CRM",
                    total("amount_base"),
                    query="proof_open_deals",
                ),
            ),
        ),
        table(
            "clients_silent",
            "clients_silent",
            {
                "party_name": "Client",
                "last_contact_on": "Last heard of",
                "silent_days": "Days since",
                "usual_days": "Usually every",
                "revenue_year_base": "Invoiced in a year",
                "reasons": "Why",
            },
            empty="No client with a rhythm has gone silent.",
            meets=(Meeting("as many as the number above says", count, metric="clients_silent"),),
        ),
        sentence("backtest_said", lambda read, **_: revenue.backtest_verdict(read("revenue_backtest"))),
        table(
            "backtest",
            lambda read, **_: revenue.backtest_summary(read("revenue_backtest")),
            {
                "horizon_weeks": "Weeks before the end",
                "model": "By",
                "quarters": "Spans",
                "mae_base": "Off by",
                "mape": "Off by, share",
                "bias": "On average",
                "coverage_80": "Within 80%",
            },
            empty="Too little history to test it.",
        ),
        sentence("win_said", lambda read, **_: win.verdict(read("win_backtest"))),
        figure("win_calibration", "win_backtest"),
    ),
)
