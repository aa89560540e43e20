"""Figures of inquiries: what they would come to, and whether there is room for them."""

from __future__ import annotations

from html import escape

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.style import BAD, INK, MAIN, SOFT, Theme, empty, faded, short, styled

LABEL = 38  # characters of a subject
SKILLS = 12
TIGHT = 100  # hours a week of a skill: less than three people


def scope_prices(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """Price ranges of the scopes and what may be spent; `frame` is the table intelligence.scope."""
    title = "What the inquiries would come to"
    if frame.is_empty():
        return empty("No inquiry says enough for a scope.", theme, title=title)
    scopes = frame.sort("price_base", "message_id")
    lower, middle, upper, budget = (
        scopes[name].cast(pl.Float64).to_list()
        for name in ("price_lower_80_base", "price_base", "price_upper_80_base", "budget_base")
    )
    # two may have one subject: the axis goes by place, and shows the subjects
    places = list(range(len(scopes)))
    short_of = [spent is not None and spent < least for spent, least in zip(budget, lower, strict=True)]
    figure = go.Figure(
        go.Bar(
            y=places,
            base=lower,
            x=[high - low for low, high in zip(lower, upper, strict=True)],
            orientation="h",
            marker={"color": MAIN[theme], "opacity": 0.35},
            hoverinfo="skip",
        )
    )
    figure.add_scatter(
        y=places, x=middle, mode="markers", marker={"color": MAIN[theme], "size": 9}, hoverinfo="skip"
    )
    figure.add_scatter(
        y=places,
        x=budget,
        mode="markers",
        marker={
            "color": [BAD[theme] if less else INK[theme] for less in short_of],
            "size": 13,
            "symbol": "line-ns-open",
            "line": {"width": 3},
        },
        hovertemplate="may be spent: %{x:,.0f}<extra></extra>",
    )
    reading = "Bars: 80% of what can come. Ticks: what may be spent."
    styled(figure, theme, title=title, reading=reading, height=110 + 30 * len(places))
    figure.update_xaxes(tickformat="~s", nticks=6, rangemode="tozero")
    figure.update_yaxes(tickmode="array", tickvals=places, ticktext=[_label(s) for s in scopes["subject"]])
    return figure


def inquiry_room(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """Hours left free by skill and week, were all inquiries won; `frame` is intelligence.inquiry_capacity."""
    title = "Room for all of them, by skill and week"
    sized = frame.filter(pl.col("needed_hours").is_not_null())
    if sized.is_empty():
        return empty(
            "No inquiry says how much of a skill it needs in the 13 weeks ahead.", theme, title=title
        )
    left = (
        sized.group_by("skill", "week_start")
        .agg(left=pl.col("free_hours").max() - pl.col("needed_hours").sum())
        .sort("skill", "week_start")
    )
    worst = left.group_by("skill").agg(pl.col("left").min()).sort("left", "skill").head(SKILLS)
    skills = worst["skill"].to_list()[::-1]
    weeks = sorted(set(left["week_start"]))
    hours = {(row["skill"], row["week_start"]): row["left"] for row in left.to_dicts()}
    values = [[hours.get((skill, week)) for week in weeks] for skill in skills]
    most = max(abs(value) for row in values for value in row if value is not None) or 1.0
    figure = go.Figure(
        go.Heatmap(
            x=[f"{week.day} {week:%b}" for week in weeks],
            y=skills,
            z=values,
            text=[[_tight(value) for value in row] for row in values],
            texttemplate="%{text}",
            textfont={"color": INK[theme], "size": 11},
            zmin=-most,
            zmax=most,
            colorscale=[
                [0, faded(BAD[theme], 0.85)],
                [0.499, faded(BAD[theme], 0.25)],
                [0.501, faded(MAIN[theme], 0.06)],
                [1, faded(MAIN[theme], 0.3)],
            ],
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y}, week of %{x}: %{z:,.0f} hours left<extra></extra>",
        )
    )
    reading = "Free less needed hours; named where under 100 are left."
    styled(figure, theme, title=title, reading=reading, height=120 + 28 * len(skills))
    figure.update_xaxes(type="category", tickfont={"size": 11, "color": SOFT[theme]}, nticks=7)
    figure.update_yaxes(tickmode="linear", showgrid=False)
    return figure


def _tight(hours: float | None) -> str:
    """The hours that are left, where they are few."""
    return short(hours) if hours is not None and hours < TIGHT else ""


def _label(subject: str | None) -> str:
    """A subject as text: what its sender wrote is no markup."""
    text = subject or "(no subject)"
    return escape(f"{text[: LABEL - 1]}…" if len(text) > LABEL else text) + "  "
