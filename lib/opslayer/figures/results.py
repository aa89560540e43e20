"""Figures of results: profit and loss by month, and what made the difference."""

from __future__ import annotations

from datetime import date

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.style import BAD, GOOD, INK, LINE, MAIN, SOFT, Theme, empty, short, styled

DRIVER_TITLES = {
    "price": "Price",
    "volume": "Volume",
    "mix": "Mix",
    "fx": "Currency",
    "timing": "Timing",
    "other": "Other",
}
COMPARISONS = {"budget": "budget", "prior": "the month before"}


def pnl(frame: pl.DataFrame, *, theme: Theme = "light", months: int = 18) -> go.Figure:
    """Revenue and profit by month beside the budget; `frame` is the table pnl_comparison."""
    title = "Revenue and profit by month"
    if frame.is_empty():
        return empty("No journal touches a profit-and-loss account yet.", theme, title=title)
    revenue = pl.col("section") == "revenue"
    by_month = (
        frame.group_by("month")
        .agg(
            pl.col("actual").filter(revenue).sum().cast(float).alias("revenue"),
            pl.col("budget").filter(revenue).sum().cast(float).alias("planned"),
            pl.col("actual").sum().cast(float).alias("profit"),
        )
        .sort("month")
        .tail(months)
    )
    x = by_month["month"].to_list()
    hover = "%{x|%B %Y}: %{y:,.0f}<extra></extra>"
    figure = go.Figure(
        go.Bar(
            x=x,
            y=by_month["revenue"].to_list(),
            marker_color=MAIN[theme],
            opacity=0.85,
            hovertemplate="revenue " + hover,
        )
    )
    if by_month["planned"].sum():
        figure.add_scatter(
            x=x,
            y=by_month["planned"].to_list(),
            mode="markers",
            hovertemplate="budget " + hover,
            marker={"symbol": "line-ew", "size": 18, "line": {"width": 2, "color": INK[theme]}},
        )
    figure.add_scatter(
        x=x,
        y=by_month["profit"].to_list(),
        mode="lines+markers",
        hovertemplate="profit " + hover,
        line={"color": GOOD[theme], "width": 2.2},
    )
    for name, label in (("revenue", "revenue"), ("profit", "profit")):
        figure.add_annotation(
            x=x[-1],
            y=by_month[name][-1],
            text=f"{label} {short(by_month[name][-1])}",
            showarrow=False,
            yshift=0,
            xanchor="left",
            xshift=10,
            font={"color": INK[theme]},
        )
    styled(figure, theme, title=title)
    figure.update_layout(margin_r=104)  # room for the labels
    figure.update_xaxes(tickformat="%b %y")
    figure.update_yaxes(tickformat=".2s")
    return figure


def variance_bridge(frame: pl.DataFrame, *, comparison: str, theme: Theme = "light") -> go.Figure:
    """The last explained month's drivers, adding up to the whole; `frame` is the table variance_driver."""
    against = COMPARISONS.get(comparison, comparison)
    title = f"What made the difference to {against}"
    chosen = frame.filter(pl.col("comparison") == comparison).sort("month")
    if chosen.is_empty():
        why = (
            "There is no budget for a closed month."
            if comparison == "budget"
            else "No month is explained yet."
        )
        return empty(why, theme, title=title)
    month: date = chosen["month"].to_list()[-1]
    parts = (
        chosen.filter(pl.col("month") == month)
        .with_columns(
            kind=pl.when(pl.col("section") == "revenue").then(pl.col("driver")).otherwise(pl.col("section"))
        )
        .group_by("kind")
        .agg(pl.col("amount_base").sum().cast(float))
        .sort(pl.col("amount_base").abs(), descending=True)
    )
    names = [DRIVER_TITLES.get(kind, kind.replace("_", " ").capitalize()) for kind in parts["kind"]]
    amounts = parts["amount_base"].to_list()
    figure = go.Figure(
        go.Waterfall(
            x=[*names, "Total"],
            y=[*amounts, sum(amounts)],
            measure=["relative"] * len(amounts) + ["total"],
            text=[f"{'+' if amount > 0 else ''}{short(amount)}" for amount in [*amounts, sum(amounts)]],
            textposition="outside",
            cliponaxis=False,
            increasing={"marker": {"color": GOOD[theme]}},
            decreasing={"marker": {"color": BAD[theme]}},
            totals={"marker": {"color": SOFT[theme]}},
            connector={"line": {"color": LINE[theme]}},
            hovertemplate="%{x}: %{delta:,.0f}<extra></extra>",
        )
    )
    styled(figure, theme, title=f"{title}, {month:%B %Y}", height=360)
    figure.update_yaxes(tickformat=".2s")
    return figure
