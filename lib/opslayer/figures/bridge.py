"""A bridge: amounts that add up to a difference, one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.style import BAD, GOOD, INK, LINE, SOFT, Theme, empty, short, styled
from opslayer.intelligence import margin


def bridge(
    names: Sequence[str], amounts: Sequence[float], *, theme: Theme, title: str, reading: str
) -> go.Figure:
    """Each amount from where the one above it ended, and their sum below."""
    amounts = list(amounts)
    whole = sum(amounts)
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=[*names, "<b>Difference</b>"],
            x=[*amounts, whole],
            measure=["relative"] * len(amounts) + ["total"],
            text=[f"{'+' if amount > 0 else ''}{short(amount)}" for amount in [*amounts, whole]],
            textposition="outside",
            textfont={"color": INK[theme]},
            cliponaxis=False,
            increasing={"marker": {"color": GOOD[theme]}},
            decreasing={"marker": {"color": BAD[theme]}},
            totals={"marker": {"color": SOFT[theme]}},
            connector={"line": {"color": LINE[theme]}},
            hovertemplate="%{y}: %{delta:,.0f}<extra></extra>",
        )
    )
    styled(figure, theme, title=title, reading=reading, height=100 + 30 * len(names))
    low, high = reach(amounts)
    room = 0.2 * (high - low)  # for the labels beside the bars
    figure.update_xaxes(showticklabels=False, range=[low - room, high + room])
    figure.update_yaxes(
        autorange="reversed", showgrid=False, tickfont={"color": INK[theme]}, nticks=len(names) + 1
    )
    figure.update_layout(bargap=0.3)
    return figure


def margin_bridge(frame: pl.DataFrame, *, theme: Theme = "light", month: date | None = None) -> go.Figure:
    """What made a month (the last) differ from plan in margin; `frame` is the table margin_driver."""
    chosen = frame.filter(pl.col("month") == (month or pl.col("month").max()))
    if chosen.is_empty():
        return empty(
            "No closed month has both a budget and time behind it.", theme, title="Margin against plan"
        )
    sums = dict(chosen.group_by("driver").agg(pl.col("amount_base").sum().cast(float)).iter_rows())
    drivers = [driver for driver in margin.NAMES if driver in sums]
    return bridge(
        [margin.NAMES[driver] for driver in drivers],
        [sums[driver] for driver in drivers],
        theme=theme,
        title=f"Margin against plan, {chosen['month'].to_list()[0]:%B %Y}",
        reading="What added to the margin after direct costs, and what took from it.",
    )


def reach(amounts: list[float]) -> tuple[float, float]:
    """The lowest and the highest point of a bridge of `amounts`, its start among them."""
    points = [sum(amounts[:count]) for count in range(len(amounts) + 1)]
    return min(points), max([*points, min(points) + 1.0])
