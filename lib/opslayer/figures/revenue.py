"""Figures of revenue: how right the chances of deals have been."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.style import INK, LINE, MAIN, SOFT, Theme, empty, styled

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
    for name, colour, place in ((RIVAL, SOFT[theme], "bottom right"), (MODEL, MAIN[theme], "top left")):
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
            text=[*[""] * (len(own) - 1), *label],
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
