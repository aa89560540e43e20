"""Figures of results: profit and loss by month, what made the difference, what is out of the ordinary."""

from __future__ import annotations

from datetime import date, timedelta

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.bridge import bridge
from opslayer.figures.style import BAD, GOOD, INK, MAIN, Theme, empty, faded, short, styled

SECTIONS = {"direct_cost": "Direct costs", "overhead": "Overheads", "other_income": "Other income"}
DRIVERS = {
    "price": "Price",
    "volume": "Volume",
    "mix": "Mix",
    "fx": "Currency",
    "timing": "Timing",
    "new": "New",
    "other": "Other revenue",
}
COMPARISONS = {"budget": "budget", "prior": "the month before"}


def pnl(
    frame: pl.DataFrame, *, theme: Theme = "light", months: int = 18, as_of: date | None = None
) -> go.Figure:
    """Revenue and profit by month beside the budget; `frame` is the table pnl_comparison.

    Months that have not ended by `as_of` are pale.
    """
    title = "Revenue and profit by month"
    if frame.is_empty():
        return empty("No journal touches a profit-and-loss account yet.", theme, title=title)
    revenue = pl.col("section") == "revenue"
    by_month = (
        frame.group_by("month")
        .agg(
            pl.col("actual").filter(revenue).sum().cast(float).alias("revenue"),
            pl.col("budget").filter(revenue).sum().cast(float).alias("planned"),
            pl.col("actual").sum().cast(float).alias("profit"),
            (pl.col("month").dt.month_end().first() <= (as_of or date.max)).alias("ended"),
        )
        .sort("month")
        .tail(months)
    )
    x = by_month["month"].to_list()
    hover = "%{x|%B %Y}: %{y:,.0f}<extra></extra>"
    figure = go.Figure(
        go.Bar(
            x=x,
            y=by_month["revenue"].to_list(),
            marker_color=[faded(MAIN[theme], 0.85 if ended else 0.35) for ended in by_month["ended"]],
            hovertemplate="revenue " + hover,
        )
    )
    planned = by_month["planned"].sum()
    if planned:
        figure.add_scatter(
            x=x,
            y=by_month["planned"].to_list(),
            mode="markers",
            hovertemplate="budget " + hover,
            marker={"symbol": "line-ew", "size": 18, "line": {"width": 2, "color": INK[theme]}},
        )
    figure.add_scatter(
        x=x,
        y=by_month["profit"].to_list(),
        mode="lines+markers",
        hovertemplate="profit " + hover,
        line={"color": GOOD[theme], "width": 2.2},
    )
    reading = f"Bars: revenue{', ticks: its budget' if planned else ''}. Line: profit."
    if not by_month["ended"].all():
        reading += " Pale: the month so far."
    for name in ("revenue", "profit"):
        figure.add_annotation(
            x=x[-1], y=by_month[name][-1], text=short(by_month[name][-1]), showarrow=False, xanchor="left",
            xshift=24, font={"color": INK[theme]},
        )  # fmt: skip
    styled(figure, theme, title=title, reading=reading)
    figure.update_layout(margin_r=56)  # room for the labels of the last month
    edge = timedelta(days=20)
    figure.update_xaxes(tickformat="%b<br>%Y", nticks=7, range=[x[0] - edge, x[-1] + edge])
    figure.update_yaxes(tickformat="~s")
    return figure


def variance_bridge(
    frame: pl.DataFrame, *, comparison: str, theme: Theme = "light", month: date | None = None
) -> go.Figure:
    """A month's drivers, adding up to the whole; `frame` is the table variance_driver.

    `month` is the last one explained where it is not given.
    """
    against = COMPARISONS.get(comparison, comparison)
    title = f"Profit against {against}"
    chosen = frame.filter(pl.col("comparison") == comparison)
    chosen = chosen.filter(pl.col("month") == (month or pl.col("month").max()))
    if chosen.is_empty():
        missing = "There is no budget for this month" if comparison == "budget" else "No month before it"
        return empty(f"{missing}, or it is not explained yet: run the job morning.", theme, title=title)
    explained: date = chosen["month"].to_list()[0]
    totals: dict[str, float] = {}
    for section, driver, amount in chosen.select("section", "driver", "amount_base").rows():
        name = _driver_title(section, driver)
        totals[name] = totals.get(name, 0.0) + float(amount)
    order = [*DRIVERS.values(), *_cost_titles()]
    names = sorted(totals, key=lambda name: order.index(name) if name in order else len(order))
    reading = "What added to profit, and what took from it; revenue's drivers first."
    amounts = [totals[name] for name in names]
    return bridge(names, amounts, theme=theme, title=f"{title}, {explained:%B %Y}", reading=reading)


def unusual_months(frame: pl.DataFrame, *, theme: Theme = "light", rows: int = 10) -> go.Figure:
    """Account months beside what was to be expected; `frame` is the table unusual_account_month."""
    title = "Account months out of the ordinary"
    if frame.is_empty():
        return empty("None in the last look at the books.", theme, title=title)
    shown = frame.sort("score", descending=True).head(rows).reverse()
    names = [f"{name}, {month:%b %Y}  " for name, month in shown.select("account_name", "month").rows()]
    places = list(range(len(names)))
    figure = go.Figure()
    for place, (low, high) in enumerate(shown.select(pl.col("lower", "upper").cast(float)).rows()):
        figure.add_scatter(
            x=[low, high], y=[place, place], mode="lines", hoverinfo="skip",
            line={"color": faded(MAIN[theme], 0.35), "width": 7},
        )  # fmt: skip
    amounts = shown["amount_base"].cast(float).to_list()
    figure.add_scatter(
        x=amounts,
        y=places,
        mode="markers+text",
        text=[short(amount) for amount in amounts],
        textposition="top center",
        textfont={"color": INK[theme]},
        cliponaxis=False,
        marker={"size": 9, "color": BAD[theme]},
        customdata=shown.select("reasons").rows(),
        hovertemplate="%{x:,.0f}<br>%{customdata[0]}<extra></extra>",
    )
    reading = "Dot: booked. Bar: what the account's own past leads one to expect."
    styled(figure, theme, title=title, reading=reading, height=110 + 36 * len(names))
    figure.update_xaxes(tickformat="~s", nticks=4)
    figure.update_yaxes(
        tickvals=places, ticktext=names, showgrid=False, tickfont={"color": INK[theme]},
        range=[-0.6, len(names) - 0.2],
    )  # fmt: skip
    return figure


def _driver_title(section: str, driver: str) -> str:
    if section == "revenue":
        return DRIVERS.get(driver, driver.capitalize())
    whole = SECTIONS.get(section, section.replace("_", " ").capitalize())
    if section != "direct_cost":
        return whole
    return f"{whole}, {'spending' if driver == 'other' else DRIVERS.get(driver, driver).lower()}"


def _cost_titles() -> list[str]:
    return [_driver_title(section, driver) for section in SECTIONS for driver in DRIVERS]
