"""Figures of cash: where it stands, who owes, what comes in."""

from __future__ import annotations

from datetime import date, timedelta

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.style import BAD, INK, MAIN, Theme, empty, faded, short, styled

NO_FORECAST = "No forecast yet: run the job morning."
BUCKET_COLOURS = (0.35, 0.5, 0.65, 0.82, 1.0)


def aging(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """Receivables by days past due; `frame` has bucket, open_base, invoices."""
    title = "Receivables by days past due"
    if frame.is_empty() or not frame["open_base"].sum():
        return empty("Nothing is owed.", theme, title=title)
    amounts = frame["open_base"].cast(float).to_list()
    colours = [MAIN[theme] if bucket == "current" else BAD[theme] for bucket in frame["bucket"]]
    figure = go.Figure(
        go.Bar(
            x=["not due" if bucket == "current" else f"{bucket}<br>days" for bucket in frame["bucket"]],
            y=amounts,
            marker_color=[
                faded(c, o) if c == BAD[theme] else c for c, o in zip(colours, BUCKET_COLOURS, strict=True)
            ],
            text=[short(amount) for amount in amounts],
            textposition="outside",
            cliponaxis=False,
            customdata=frame["invoices"].to_list(),
            hovertemplate="%{x}: %{y:,.0f} in %{customdata} invoices<extra></extra>",
        )
    )
    styled(figure, theme, title=title)
    figure.update_xaxes(tickfont={"color": INK[theme]})
    figure.update_yaxes(showticklabels=False, showgrid=False)
    return figure


def cash_forecast(frame: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """Cash in by week with bands of 50, 80 and 95 %; `frame` is the table cash_forecast."""
    title = "Cash in from open invoices, by week"
    if frame.is_empty():
        return empty(NO_FORECAST, theme, title=title)
    weeks = frame["week_start"].to_list()
    figure = go.Figure()
    for level, opacity in ((95, 0.10), (80, 0.16), (50, 0.26)):
        low, high = (frame[f"{end}_{level}"].cast(float).to_list() for end in ("lower", "upper"))
        figure.add_scatter(
            x=[*weeks, *weeks[::-1]],
            y=[*high, *low[::-1]],
            fill="toself",
            fillcolor=faded(MAIN[theme], opacity),
            line={"width": 0},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=weeks,
        y=frame["expected_base"].cast(float).to_list(),
        mode="lines+markers",
        line={"color": MAIN[theme], "width": 2.5},
        marker={"size": 6},
        customdata=frame.select(pl.col("lower_80", "upper_80").cast(float)).rows(),
        hovertemplate="week of %{x|%d %b}: %{y:,.0f}<br>80%: %{customdata[0]:,.0f} to %{customdata[1]:,.0f}"
        "<extra></extra>",
    )
    styled(figure, theme, title=title, reading="Line: expected. Bands: 50, 80 and 95% of outcomes.")
    figure.update_xaxes(tickformat="%-d %b", tickvals=weeks[::3])
    _amounts(figure)
    return figure


def cash_position(frame: pl.DataFrame, *, theme: Theme = "light", days: int = 365) -> go.Figure:
    """Cash by day, the last `days`; `frame` has day, balance_base."""
    title = "Cash by day"
    if frame.is_empty():
        return empty("No account of the ledger is a bank account.", theme, title=title)
    last: date = frame["day"].to_list()[-1]
    shown = frame.filter(pl.col("day") > last - timedelta(days=days))
    return _line(
        shown["day"].to_list(), shown["balance_base"].cast(float).to_list(), title, theme, shape="hv"
    )


def dso(frame: pl.DataFrame, *, theme: Theme = "light", months: int = 24) -> go.Figure:
    """Days sales outstanding at the last `months` month ends; `frame` has month_end, dso_days."""
    title = "Days sales outstanding"
    known = frame.drop_nulls("dso_days").tail(months)
    if known.is_empty():
        return empty("Nothing was invoiced.", theme, title=title)
    return _line(known["month_end"].to_list(), known["dso_days"].to_list(), title, theme, unit=" days")


def payment_intervals(frame: pl.DataFrame, *, theme: Theme = "light", rows: int = 12) -> go.Figure:
    """When the largest open invoices are expected; dot and 80 % interval beside the due day."""
    title = "When the largest open invoices are expected"
    if frame.is_empty():
        return empty(NO_FORECAST, theme, title=title)
    shown = frame.sort("open_base", descending=True).head(rows).reverse()
    names = [
        f"{name or party} · {short(float(amount))}  "
        for name, party, amount in shown.select("party_name", "party_id", "open_base").rows()
    ]
    places = list(range(len(names)))
    figure = go.Figure()
    for place, row in enumerate(shown.iter_rows(named=True)):
        figure.add_scatter(
            x=[row["lower_80"], row["upper_80"]],
            y=[place, place],
            mode="lines",
            hoverinfo="skip",
            line={"color": faded(MAIN[theme], 0.35), "width": 7},
        )
    figure.add_scatter(
        x=shown["due_on"].to_list(),
        y=places,
        mode="markers",
        hoverinfo="skip",
        marker={"symbol": "line-ns", "size": 13, "line": {"width": 2, "color": INK[theme]}},
    )
    late = (shown["expected_on"] > shown["due_on"]).to_list()
    figure.add_scatter(
        x=shown["expected_on"].to_list(),
        y=places,
        mode="markers",
        marker={"size": 9, "color": [BAD[theme] if is_late else MAIN[theme] for is_late in late]},
        customdata=shown.select("reasons").rows(),
        hovertemplate="%{x|%d %b %Y}<br>%{customdata[0]}<extra></extra>",
    )
    reading = "Dot: expected, red where late. Bar: 80% of outcomes. Tick: due."
    styled(figure, theme, title=title, reading=reading, height=110 + 27 * len(names))
    figure.update_yaxes(
        tickvals=places, ticktext=names, showgrid=False, zeroline=False, tickfont={"color": INK[theme]}
    )
    figure.update_xaxes(tickformat="%-d %b", nticks=5)
    return figure


def _line(
    x: list[object], y: list[float], title: str, theme: Theme, *, shape: str = "linear", unit: str = ""
) -> go.Figure:
    figure = go.Figure(
        go.Scatter(
            x=x,
            y=y,
            mode="lines",
            line={"color": MAIN[theme], "width": 2.2, "shape": shape},
            fill="tozeroy",
            fillcolor=faded(MAIN[theme], 0.07),
            hovertemplate="%{x|%d %b %Y}: %{y:,.0f}" + unit + "<extra></extra>",
        )
    )
    figure.add_scatter(
        x=[x[-1]],
        y=[y[-1]],
        mode="markers+text",
        text=[f"{short(y[-1])}{unit}"],
        textposition="middle right",
        marker={"color": MAIN[theme], "size": 7},
        textfont={"color": INK[theme]},
        hoverinfo="skip",
        cliponaxis=False,
    )
    styled(figure, theme, title=title)
    figure.update_layout(margin_r=64)  # room for the label of the last point
    figure.update_xaxes(tickformat="%b<br>%Y", nticks=6)
    if unit:
        figure.update_yaxes(rangemode="tozero")
    else:
        _amounts(figure)
    return figure


def _amounts(figure: go.Figure) -> None:
    figure.update_yaxes(tickformat="~s", rangemode="tozero")
