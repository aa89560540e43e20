"""One look for every figure: few colours, direct labels, no decoration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from textwrap import wrap
from typing import Literal

import plotly.graph_objects as go

Theme = Literal["light", "dark"]

INK = {"light": "#1b2430", "dark": "#e4e9ef"}
SOFT = {"light": "#5f6b7a", "dark": "#9aa7b8"}
LINE = {"light": "#e6eaef", "dark": "#2b3440"}
MAIN = {"light": "#2457a6", "dark": "#7fb0ff"}
GOOD = {"light": "#1a7f4b", "dark": "#4ac58a"}
BAD = {"light": "#c0392b", "dark": "#ff8a80"}
READING = 66  # letters of a line that a phone shows whole
FONT = '"Source Sans", system-ui, -apple-system, "Segoe UI", sans-serif'


def styled(figure: go.Figure, theme: Theme, *, title: str, reading: str = "", height: int = 320) -> go.Figure:
    """The figure in the house's look; transparent, so that it takes its page's colour.

    `reading` is a line below the title that says what the marks are, in place of a legend; a long one is
    broken, so that a phone shows all of it.
    """
    parts = -(-len(reading) // READING)
    lines = wrap(reading, len(reading) // parts + 8) if parts > 1 else [reading] * parts
    figure.update_layout(
        title={
            "text": f"<b>{title}</b>",
            "subtitle": {"text": "<br>".join(lines), "font": {"size": 13, "color": SOFT[theme]}},
            "font": {"size": 16, "color": INK[theme]},
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 8, "l": 2},
        },
        font={"family": FONT, "size": 13, "color": SOFT[theme]},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 4, "r": 12, "t": 48 + 18 * len(lines), "b": 4},
        height=height,
        showlegend=False,
        hoverlabel={"font": {"family": FONT}},
        separators=".,",
        bargap=0.35,
        dragmode=False,
    )
    figure.update_xaxes(
        showgrid=False, zeroline=False, automargin=True, linecolor=LINE[theme], title=None, fixedrange=True,
        tickangle=0,
    )  # fmt: skip
    figure.update_yaxes(
        gridcolor=LINE[theme],
        zerolinecolor=LINE[theme],
        automargin=True,
        title=None,
        fixedrange=True,
        nticks=5,
    )
    return figure


def name_weeks(figure: go.Figure, weeks: Sequence[date], *, every: int = 1) -> None:
    """Names each (or every so many) of the weeks "16 Nov" across an axis of categories, on two lines: a phone
    has room for thirteen."""
    named = list(weeks)[::every]
    figure.update_xaxes(
        type="category",
        tickmode="array",
        tickvals=[week_name(day) for day in named],
        ticktext=[week_name(day).replace(" ", "<br>") for day in named],
    )


def week_name(day: date) -> str:
    """A week by its first day: 16 Nov."""
    return f"{day.day} {day:%b}"


def empty(message: str, theme: Theme, *, title: str) -> go.Figure:
    """A figure that says why there is nothing to see, and what to do."""
    figure = go.Figure()
    figure.add_annotation(
        text=message, showarrow=False, font={"size": 14, "color": SOFT[theme]}, xref="paper", yref="paper",
        x=0, y=0.5, xanchor="left", align="left",
    )  # fmt: skip
    styled(figure, theme, title=title, height=120)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def faded(colour: str, opacity: float) -> str:
    """A hex colour with an opacity."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def short(value: float) -> str:
    """An amount in a label: 1.3M, 24k, 310."""
    size = abs(value)
    for least, divisor, word in ((1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if size >= least:
            return f"{value / divisor:,.1f}{word}" if word == "M" else f"{value / divisor:,.0f}{word}"
    return f"{value:,.0f}"
