"""Figures of people: who is below target, the firm's utilisation by week, last week beside its plan."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.style import BAD, INK, MAIN, SOFT, Theme, empty, faded, styled


def utilisation_levels(frame: pl.DataFrame, *, theme: Theme = "light", people: int = 15) -> go.Figure:
    """Level and target of those furthest below it; `frame` is the table intelligence.utilisation."""
    title = "Furthest below their targets"
    known = frame.filter(pl.col("level").is_not_null())
    if known.is_empty():
        return empty("Nobody has a target and enough hours.", theme, title=title)
    far = known.sort(pl.col("level") - pl.col("target"), "person_id").head(people).reverse()
    # two people may have one name: the axis goes by place, and shows the names
    places = list(range(len(far)))
    names = [
        f"{name}, {role}  " if role else f"{name}  "
        for name, role in zip(far["name"].fill_null(far["person_id"]), far["role"], strict=True)
    ]
    colours = [BAD[theme] if named else MAIN[theme] for named in far["is_named"]]
    figure = go.Figure(
        go.Bar(
            y=places,
            base=far["lower_95"].to_list(),
            x=(far["upper_95"] - far["lower_95"]).to_list(),
            orientation="h",
            marker={"color": colours, "opacity": 0.35},
            hoverinfo="skip",
        )
    )
    figure.add_scatter(
        y=places,
        x=far["level"].to_list(),
        customdata=names,
        mode="markers",
        marker={"color": colours, "size": 9},
        hovertemplate="%{customdata}: %{x:.0%}<extra></extra>",
    )
    figure.add_scatter(
        y=places,
        x=far["target"].to_list(),
        mode="markers",
        marker={"symbol": "line-ns-open", "color": INK[theme], "size": 14, "line": {"width": 2}},
        hovertemplate="Target: %{x:.0%}<extra></extra>",
    )
    reading = "Dot: level, bar: 95% sure. Line: target. Red: named."
    styled(figure, theme, title=title, reading=reading, height=110 + 26 * len(places))
    figure.update_xaxes(tickformat=".0%", nticks=7, rangemode="tozero")
    figure.update_yaxes(tickmode="array", tickvals=places, ticktext=names)
    return figure


def utilisation_weeks(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """The firm's utilisation by week beside its people's targets; `frame` is the query utilisation_week."""
    title = "Utilisation by week"
    known = frame.filter(pl.col("utilisation").is_not_null())
    if known.is_empty():
        return empty("No weekly hours are known, so nobody has hours to work.", theme, title=title)
    weeks = known["week_start"].to_list()
    figure = go.Figure(
        go.Scatter(
            x=weeks,
            y=known["utilisation"].to_list(),
            mode="lines",
            line={"color": MAIN[theme], "width": 2.5},
            hovertemplate="Week of %{x|%-d %b %Y}: %{y:.1%}<extra></extra>",
        )
    )
    reading = "Billable over available hours."
    if known["target"].null_count() < len(known):
        figure.add_scatter(
            x=weeks,
            y=known["target"].to_list(),
            mode="lines",
            line={"color": SOFT[theme], "width": 1.5, "dash": "dot"},
            hovertemplate="Targets: %{y:.1%}<extra></extra>",
        )
        reading += " Dotted: what the targets ask for."
    styled(figure, theme, title=title, reading=reading, height=300)
    figure.update_yaxes(tickformat=".0%")
    figure.update_xaxes(tickformat="%b %Y", nticks=5)
    return figure


def week_against_plan(frame: pl.DataFrame, *, theme: Theme = "light", projects: int = 12) -> go.Figure:
    """Hours over and under plan of the projects furthest from it; `frame` is the query time_week."""
    title = "Last week, hours over and under plan"
    known = frame.filter(pl.col("over_plan_hours").is_not_null()).head(projects).reverse()
    if known.is_empty():
        return empty("No project has a plan for last week.", theme, title=title)
    over = known["over_plan_hours"].cast(pl.Float64).to_list()
    places = list(range(len(over)))
    figure = go.Figure(
        go.Bar(
            y=places,
            x=over,
            customdata=known.select(pl.col("hours", "planned_hours").cast(pl.Float64)).rows(),
            orientation="h",
            marker={"color": [MAIN[theme] if hours > 0 else faded(SOFT[theme], 0.7) for hours in over]},
            hovertemplate="%{customdata[0]:,.0f} h of %{customdata[1]:,.0f} planned<extra></extra>",
        )
    )
    reading = "Furthest from plan. Left of the line: less was worked."
    styled(figure, theme, title=title, reading=reading, height=110 + 24 * len(places))
    figure.add_vline(x=0, line={"color": INK[theme], "width": 1.5})
    figure.update_xaxes(tickformat=",.0f", nticks=5)
    figure.update_yaxes(tickmode="array", tickvals=places, ticktext=[f"{name}  " for name in known["name"]])
    return figure
