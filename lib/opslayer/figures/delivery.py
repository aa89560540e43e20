"""Figures of delivery: where projects are heading."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.style import BAD, INK, MAIN, Theme, empty, styled


def project_completion(frame: pl.DataFrame, *, theme: Theme = "light", projects: int = 15) -> go.Figure:
    """Hours at completion over budget of the projects most at risk; `frame` is the table project_forecast."""
    title = "Hours at completion, over budget"
    known = frame.filter(pl.col("probability_over").is_not_null()).head(projects)
    if known.is_empty():
        return empty("No running project has a budget.", theme, title=title)
    budget = pl.col("budget_hours").cast(pl.Float64)
    shares = known.select(
        pl.format("{}  ", pl.col("name")).alias("name"),
        (pl.col("lower_80") / budget - 1).alias("lower"),
        (pl.col("eac_hours") / budget - 1).alias("middle"),
        (pl.col("upper_80") / budget - 1).alias("upper"),
        pl.col("is_named").alias("named"),
    ).reverse()
    names = shares["name"].to_list()
    colours = [BAD[theme] if named else MAIN[theme] for named in shares["named"]]
    figure = go.Figure(
        go.Bar(
            y=names,
            base=shares["lower"].to_list(),
            x=(shares["upper"] - shares["lower"]).to_list(),
            orientation="h",
            marker={"color": colours, "opacity": 0.35},
            hoverinfo="skip",
        )
    )
    figure.add_scatter(
        y=names,
        x=shares["middle"].to_list(),
        mode="markers",
        marker={"color": colours, "size": 9},
        hovertemplate="%{y}: %{x:+.0%} of budget<extra></extra>",
    )
    figure.add_vline(x=0, line={"color": INK[theme], "width": 1.5})
    reading = "Bars: 80% of what can come. Red: nine chances in ten of going over."
    styled(figure, theme, title=title, reading=reading, height=110 + 26 * len(names))
    figure.update_xaxes(tickformat=".0%", nticks=7)
    figure.update_yaxes(tickmode="linear")
    return figure
