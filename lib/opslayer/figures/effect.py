"""Figures of rules: what they bring about beside those they leave alone."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.style import BAD, GOOD, INK, MAIN, SOFT, Theme, empty, short, styled

COLOURS = {"proven": GOOD, "harmful": BAD, "stopped": BAD, "unproven": SOFT}


def rule_effect(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """Each rule's difference with its 95 % interval; `frame` is what `actions.rule_effects` gives."""
    title = "More subjects settled than among those left alone"
    known = frame.filter(pl.col("difference").is_not_null()).reverse()
    if known.is_empty():
        return empty("Nobody has been judged yet in both arms of a rule.", theme, title=title)
    names = [f"{name.replace('_', ' ').capitalize()}  " for name in known["rule"]]
    colours = [COLOURS[verdict][theme] for verdict in known["verdict"]]
    figure = go.Figure(
        go.Bar(
            y=names,
            base=known["lower"].to_list(),
            x=(known["upper"] - known["lower"]).to_list(),
            orientation="h",
            marker={"color": colours, "opacity": 0.35},
            hoverinfo="skip",
        )
    )
    figure.add_scatter(
        y=names,
        x=known["difference"].to_list(),
        mode="markers",
        marker={"color": colours, "size": 9},
        customdata=known["verdict"].to_list(),
        hovertemplate="%{y}: %{x:+.1%}, %{customdata}<extra></extra>",
    )
    figure.add_vline(x=0, line={"color": INK[theme], "width": 1.5})
    reading = "Bars: 95% intervals. Grey: unproven, it may be nothing."
    styled(figure, theme, title=title, reading=reading, height=120 + 40 * len(names))
    figure.update_xaxes(tickformat="+.0%", nticks=7)
    figure.update_yaxes(tickmode="linear")
    return figure


def replay_months(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """How often a rule would have fired; `frame` is what `actions.replay_months` gives."""
    title = "Firings a month, had it been on"
    if frame.is_empty():
        return empty("The rule was not replayed yet.", theme, title=title)
    figure = go.Figure(
        go.Bar(
            x=[f"{month:%b}<br>{month:%Y}" for month in frame["month"]],
            y=frame["firings"].to_list(),
            text=[f"{count:,}" for count in frame["firings"]],
            textposition="outside",
            cliponaxis=False,
            marker={"color": MAIN[theme]},
            customdata=[short(float(amount)) for amount in frame["amount"]],
            hovertemplate="%{y:,} firings about %{customdata}<extra></extra>",
            width=min(0.65, 0.12 * len(frame)),
        )
    )
    styled(figure, theme, title=title, height=260)
    figure.update_xaxes(type="category")
    figure.update_yaxes(visible=False)
    return figure
