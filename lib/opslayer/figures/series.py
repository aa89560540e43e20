"""Figures of series: how a metric goes on, what of it is out of the ordinary, and the calls of a day."""

from __future__ import annotations

from datetime import timedelta

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.style import BAD, INK, MAIN, Theme, empty, styled

BEFORE = 24  # periods shown beside what is expected
AROUND = 35  # days shown on both sides of what was out of the ordinary


def metric_ahead(
    history: pl.DataFrame, forecast: pl.DataFrame, metric: str, *, title: str, theme: Theme = "light"
) -> go.Figure:
    """A metric of the firm as it was and is expected; marts.metric_history and the table metric_forecast."""
    firm = (pl.col("metric") == metric, pl.col("member") == "firm")
    before, ahead = history.filter(*firm).tail(BEFORE), forecast.filter(*firm).sort("period_start")
    if before.is_empty() or ahead.is_empty():
        return empty("It has no history yet.", theme, title=title)
    days = ahead["period_start"].to_list()
    figure = go.Figure()
    figure.add_scatter(
        x=days + days[::-1],
        y=ahead["upper_80"].to_list() + ahead["lower_80"].to_list()[::-1],
        fill="toself",
        mode="none",
        fillcolor=MAIN[theme],
        opacity=0.25,
        hoverinfo="skip",
    )
    figure.add_trace(_past(before, theme))
    figure.add_scatter(
        x=days,
        y=ahead["value"].to_list(),
        mode="lines+markers",
        line={"color": MAIN[theme], "width": 2, "dash": "dot"},
        hovertemplate="%{x|%d %b %Y}: %{y:,.0f} expected<extra></extra>",
    )
    styled(figure, theme, title=title, reading="Dotted: expected. The band holds 80% of what can come.")
    figure.update_yaxes(rangemode="tozero")
    return figure


def metric_surprise(history: pl.DataFrame, found: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """The most surprising of the table metric_anomaly, with what is usual, beside the periods around it."""
    title = "The most surprising"
    if found.is_empty():
        return empty("Nothing was out of the ordinary.", theme, title=title)
    worst = found.sort("score", descending=True).row(0, named=True)
    reach = timedelta(days={"day": AROUND, "week": 7 * AROUND, "month": 31 * AROUND}[worst["frequency"]])
    near = history.filter(
        pl.col("metric") == worst["metric"],
        pl.col("member") == worst["member"],
        pl.col("period_start").is_between(worst["period_start"] - reach, worst["period_start"] + reach),
    ).sort("period_start")
    figure = go.Figure(_past(near, theme))
    figure.add_scatter(
        x=[worst["period_start"]] * 2,
        y=[worst["lower"], worst["upper"]],
        mode="lines",
        line={"color": MAIN[theme], "width": 6},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[worst["period_start"]],
        y=[worst["value"]],
        mode="markers",
        marker={"color": BAD[theme], "size": 10},
        hovertemplate="%{x|%d %b %Y}: %{y:,.0f} came<extra></extra>",
    )
    if worst["unit"] == "share":
        figure.update_yaxes(tickformat=".1%")
    of = "" if worst["member"] == "firm" else f" of {worst['member']}"
    title = f"{worst['metric'].replace('_', ' ').capitalize()}{of}"
    styled(figure, theme, title=title, reading="Red: what came. The thick line: what is usual there.")
    figure.update_yaxes(rangemode="tozero")
    return figure


def _past(history: pl.DataFrame, theme: Theme) -> go.Scatter:
    """The line of what was."""
    return go.Scatter(
        x=history["period_start"].to_list(),
        y=history["value"].to_list(),
        mode="lines",
        line={"color": INK[theme], "width": 2},
        hovertemplate="%{x|%d %b %Y}: %{y:,.0f}<extra></extra>",
    )


def call_hours(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """Calls by the hour of the next day open; `frame` is the table call_volume."""
    title = "Calls by the hour"
    if frame.is_empty():
        return empty("Too few calls are on record.", theme, title=title)
    day = frame.filter(pl.col("day") == pl.col("day").min()).sort("starts_at")
    figure = go.Figure(
        go.Bar(
            x=day["starts_at"].to_list(),
            y=day["calls"].to_list(),
            marker={"color": MAIN[theme]},
            error_y={
                "type": "data",
                "array": (day["upper_80"] - day["calls"]).to_list(),
                "arrayminus": (day["calls"] - day["lower_80"]).to_list(),
                "color": INK[theme],
                "thickness": 1,
            },
            hovertemplate="%{x}: %{y:.1f} calls<extra></extra>",
        )
    )
    styled(
        figure,
        theme,
        title=f"{title}, {day['day'][0]:%A %-d %B}",
        reading="Bars: expected. Whiskers hold 80% of what can come.",
    )
    figure.update_xaxes(type="category")
    return figure
