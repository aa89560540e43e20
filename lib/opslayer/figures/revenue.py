"""Figures of revenue: what the months will come to, what moved it, how right chances have been."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.bridge import reach
from opslayer.figures.style import BAD, GOOD, INK, LINE, MAIN, SOFT, Theme, empty, faded, short, styled
from opslayer.intelligence import revenue

MODEL, RIVAL = "competing risks by week", "stage weights"
LARGEST = 26  # of the dots, in pixels


def win_calibration(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """Share won against the chance given, by tenths of it; `frame` is the table win_backtest."""
    title = "Won, of the deals given a chance"
    if frame.is_empty():
        return empty("Too few deals have closed to test the model.", theme, title=title)
    points = (
        frame.filter(pl.col("bucket") > 0)
        .pivot("metric", index=["model", "bucket", "deals"], values="value")
        .sort("model", "bucket")
    )
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": LINE[theme], "width": 1.5}, hoverinfo="skip"
    )
    most = float(points["deals"].max())  # type: ignore[arg-type]
    for name, colour, place in ((RIVAL, SOFT[theme], "bottom center"), (MODEL, MAIN[theme], "top left")):
        own = points.filter(model=name)
        label = ["stage weights" if name == RIVAL else "model"]
        figure.add_scatter(
            x=own["forecast_share"].to_list(),
            y=own["won_share"].to_list(),
            mode="markers+lines+text",
            line={"color": colour, "width": 1.5},
            marker={
                "color": colour,
                "size": [6 + (LARGEST - 6) * (deals / most) ** 0.5 for deals in own["deals"]],
                "opacity": 0.75,
            },
            text=[*[""] * (len(own) - 2), *label, ""] if name == MODEL else [*label, *[""] * (len(own) - 1)],
            textposition=place,
            textfont={"color": colour},
            customdata=own["deals"].to_list(),
            hovertemplate="given %{x:.0%}, won %{y:.0%} of %{customdata:,} deals<extra></extra>",
        )
    reading = "Across: chance given. Up: share won. On the line, chances are right."
    styled(figure, theme, title=title, reading=reading, height=380)
    figure.update_xaxes(tickformat=".0%", range=[0, 1], tickfont={"color": INK[theme]})
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return figure


STRENGTH = {
    "invoiced": 1.0,
    "recurring": 0.78,
    "backlog": 0.6,
    "won_not_started": 0.42,
    "pipeline": 0.28,
    "not_in_pipeline": 0.14,
}
CAUSES = {"stage": "Another stage", "lost": "Deals lost", "won": "Deals won", "amount": "Another amount"}
NO_FORECAST = "No forecast yet: run the job wednesday."


def revenue_forecast(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """Months by source with the 80 % interval of their total; `frame` is the table revenue_forecast."""
    title = "Revenue by month and source"
    months = frame.filter(period="month")
    if months.is_empty() or not months["expected_base"].sum():
        return empty(NO_FORECAST, theme, title=title)
    figure = go.Figure()
    for component, opacity in STRENGTH.items():
        label = revenue.SOURCE_NAMES[component]
        own = months.filter(component=component).sort("period_start")
        figure.add_bar(
            x=[f"{day:%b %Y}" for day in own["period_start"]],
            y=own["expected_base"].cast(float).to_list(),
            marker={"color": faded(MAIN[theme], opacity), "line": {"width": 0}},
            name=label,
            hovertemplate=f"%{{x}}, {label}: %{{y:,.0f}}<extra></extra>",
        )
    total = months.filter(component="total").sort("period_start")
    expected, lower, upper = (
        total[name].cast(float).to_list() for name in ("expected_base", "lower_80", "upper_80")
    )
    figure.add_scatter(
        x=[f"{day:%b %Y}" for day in total["period_start"]],
        y=expected,
        mode="markers",
        marker={"color": INK[theme], "size": 7},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [high - middle for high, middle in zip(upper, expected, strict=True)],
            "arrayminus": [middle - low for low, middle in zip(lower, expected, strict=True)],
            "color": INK[theme],
            "thickness": 1.5,
        },
        showlegend=False,
        hovertemplate="%{x}: %{y:,.0f}<extra></extra>",
    )
    figure.add_scatter(
        x=[f"{day:%b %Y}" for day in total["period_start"]],
        y=upper,
        mode="text",
        text=[short(amount) for amount in expected],
        textposition="top center",  # above the line, which it would lie on
        textfont={"color": INK[theme]},
        showlegend=False,
        hoverinfo="skip",
    )
    styled(figure, theme, title=title, reading="Line: 80% of what can come. Strongest: invoiced.", height=380)
    figure.update_layout(
        barmode="stack",
        showlegend=True,
        legend={"orientation": "h", "y": -0.14, "x": 0, "font": {"size": 12}, "traceorder": "normal"},
    )
    figure.update_yaxes(range=[0, 1.12 * max([1.0, *upper])])  # room for the labels
    return figure


def revenue_change(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """What moved the quarter since last week, by cause; `frame` is the table revenue_change."""
    title = "What moved the quarter since last week"
    if frame.is_empty():
        return empty("There is no forecast of last week to compare with.", theme, title=title)
    causes = (
        frame.group_by("cause")
        .agg(change=pl.col("change_base").sum().cast(float), items=pl.len())
        .sort("change", "cause", descending=[True, False])
    )
    names = [*(CAUSES.get(cause, cause.capitalize()) for cause in causes["cause"]), "<b>Since last week</b>"]
    changes = [*causes["change"].to_list(), float(causes["change"].sum())]
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=[f"{name}  " for name in names],
            x=changes,
            measure=[*["relative"] * len(causes), "total"],
            increasing={"marker": {"color": GOOD[theme]}},
            decreasing={"marker": {"color": BAD[theme]}},
            totals={"marker": {"color": MAIN[theme]}},
            connector={"line": {"color": LINE[theme], "width": 1}},
            text=[f"{'+' if amount > 0 else '−'}{short(abs(amount))}" for amount in changes],
            textposition="outside",
            cliponaxis=False,
            customdata=[*causes["items"].to_list(), len(frame)],
            hovertemplate="%{y}: %{delta:+,.0f} over %{customdata} lines<extra></extra>",
        )
    )
    styled(figure, theme, title=title, height=110 + 32 * len(names))
    low, high = reach(changes[:-1])
    room = 0.22 * (high - low)  # for the labels beside the bars
    figure.update_xaxes(showticklabels=False, range=[low - room, high + room])
    figure.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": INK[theme]}, nticks=0)
    figure.update_yaxes(tickmode="linear")
    return figure
