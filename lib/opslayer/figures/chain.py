"""Figures of demand and of the chain: who is short when, and what a deal moves."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.style import (
    BAD,
    GOOD,
    INK,
    MAIN,
    SOFT,
    Theme,
    empty,
    faded,
    name_weeks,
    short,
    styled,
    week_name,
)


def capacity_weeks(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """Demand by week, of projects and of open deals, against capacity; `frame` is capacity_balance."""
    title = "Demand against capacity, hours by week"
    if frame.is_empty():
        return empty("Nobody's availability is known.", theme, title=title)
    columns = ("project_hours", "pipeline_hours", "capacity_hours")
    weeks = frame.group_by("week_start").agg(pl.col(columns).sum()).sort("week_start")
    days = [week_name(day) for day in weeks["week_start"]]
    figure = go.Figure()
    for column, colour, word in (
        ("project_hours", MAIN[theme], "projects under way"),
        ("pipeline_hours", faded(MAIN[theme], 0.4), "open deals, expected"),
    ):
        figure.add_bar(
            x=days,
            y=weeks[column].to_list(),
            marker={"color": colour},
            hovertemplate=f"%{{x}}: %{{y:,.0f}} h, {word}<extra></extra>",
        )
    figure.add_scatter(
        x=days,
        y=weeks["capacity_hours"].to_list(),
        mode="lines",
        line={"color": INK[theme], "width": 2, "shape": "hvh"},
        hovertemplate="%{x}: %{y:,.0f} h are meant to be billed<extra></extra>",
    )
    figure.update_layout(barmode="stack")
    reading = (
        "Full: projects under way. Pale: open deals, times their chance. Line: hours meant to be billed."
    )
    styled(figure, theme, title=title, reading=reading)
    name_weeks(figure, weeks["week_start"].to_list())
    return figure


def shortage_map(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """How likely each practice and role is short, by week; `frame` is capacity_balance."""
    title = "How likely demand exceeds capacity"
    if frame.is_empty():
        return empty("Nobody's availability is known.", theme, title=title)
    named = frame.with_columns(name=pl.format("{}, {}  ", "practice", "role")).sort(
        "practice", "role", "week_start", descending=[True, True, False]
    )
    names = named["name"].unique(maintain_order=True).to_list()
    weeks = sorted(named["week_start"].unique())
    days = [week_name(day) for day in weeks]
    chance = named["probability_short"].to_numpy().reshape(len(names), len(days))
    hours = named["shortage_hours"].to_numpy().reshape(len(names), len(days))
    figure = go.Figure(
        go.Heatmap(
            x=days,
            y=names,
            z=chance,
            zmin=0,
            zmax=1,
            customdata=hours,
            colorscale=[[0, faded(SOFT[theme], 0.06)], [0.5, faded(BAD[theme], 0.25)], [1, BAD[theme]]],
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y}%{x}: %{z:.0%}, %{customdata:,.0f} h short<extra></extra>",
        )
    )
    reading = "The redder, the likelier that a role is short in that week."
    styled(figure, theme, title=title, reading=reading, height=110 + 22 * len(names))
    figure.update_yaxes(tickmode="linear", showgrid=False)
    figure.update_xaxes(side="bottom")
    name_weeks(figure, weeks, every=3)
    return figure


def chain_moves(frame: pl.DataFrame, *, step: str, theme: Theme = "light") -> go.Figure:
    """What moved in one step, cell by cell; `frame` has the columns of `chain.moves`."""
    title = {
        "revenue": "Revenue by month",
        "margin": "Margin by month",
        "cash": "Cash by week",
        "demand": "Hours by week",
    }[step]
    cells = (
        frame.filter(pl.col("step") == step)
        .group_by("starts_on", "is_later")
        .agg(pl.col("moved").cast(pl.Float64).sum())
        .sort("starts_on")
    )
    if cells.is_empty():
        return empty("Nothing moves here.", theme, title=title)
    later = float(cells.filter("is_later")["moved"].sum())
    cells = cells.filter(~pl.col("is_later"))
    by_month = step in ("revenue", "margin")
    names = [f"{day:%b %Y}" if by_month else week_name(day) for day in cells["starts_on"]]
    moved = cells["moved"].to_list()
    figure = go.Figure(
        go.Bar(
            x=names,
            y=moved,
            marker={"color": [GOOD[theme] if value > 0 else BAD[theme] for value in moved]},
            text=[("+" if value > 0 else "") + short(value) for value in moved] if by_month else None,
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x}: %{y:+,.0f}<extra></extra>",
        )
    )
    reading = (
        f"What it becomes, less what it was; later than shown: {'+' if later > 0 else ''}{short(later)}."
    )
    styled(figure, theme, title=title, reading=reading, height=240)
    figure.update_xaxes(type="category", showline=False)
    if by_month:
        figure.update_yaxes(visible=False)
    else:  # too many for a label each
        figure.update_yaxes(tickformat="~s", nticks=4)
        name_weeks(figure, cells["starts_on"].to_list())
    figure.add_hline(y=0, line={"color": SOFT[theme], "width": 1})  # bars may all hang below it
    return figure
