"""Figures of staffing: who is lacking and who is spare, by week."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.style import BAD, GOOD, INK, Theme, empty, name_weeks, short, styled, week_name


def staffing_weeks(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """Hours missing (up) and spare (down) by week; `frame` is the table staffing_need."""
    title = "Hours missing and spare, by week"
    if frame.is_empty():
        return empty("No client project has work left or people planned.", theme, title=title)
    weeks = frame.group_by("week_start").agg(pl.col("gap_hours", "surplus_hours").sum()).sort("week_start")
    days = [week_name(day) for day in weeks["week_start"]]
    figure = go.Figure()
    for column, sign, colour, word in (
        ("gap_hours", 1, BAD[theme], "missing"),
        ("surplus_hours", -1, GOOD[theme], "spare"),
    ):
        hours = weeks[column].to_list()
        figure.add_bar(
            x=days,
            y=[sign * value for value in hours],
            marker={"color": colour},
            text=[short(value) for value in hours],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"week of %{{x}}: %{{text}} hours {word}<extra></extra>",
        )
    figure.update_layout(barmode="relative")
    figure.add_hline(y=0, line={"color": INK[theme], "width": 1})
    styled(
        figure,
        theme,
        title=title,
        reading="Above: what projects lack. Below: what is planned beyond their need.",
    )
    name_weeks(figure, weeks["week_start"].to_list())
    figure.update_yaxes(visible=False)
    return figure
