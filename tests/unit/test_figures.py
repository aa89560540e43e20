"""Figures: what they show is what the frame says, and an empty frame says what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import plotly.graph_objects as go
import polars as pl
import pytest

from opslayer import figures
from opslayer.figures import Theme
from opslayer.figures.style import INK, short

DAY = date(2026, 11, 16)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
AGING = pl.DataFrame(
    {
        "bucket": ["current", "1-30", "31-60", "61-90", "90+"],
        "open_base": [
            Decimal("11054785.19"),
            Decimal("1961354.45"),
            Decimal("344092.29"),
            Decimal(0),
            Decimal(0),
        ],
        "invoices": [597, 113, 18, 0, 0],
    }
)
FORECAST = pl.DataFrame(
    {
        "week_start": [DAY + timedelta(weeks=week) for week in range(13)],
        "expected_base": [Decimal(1000 - 50 * week) for week in range(13)],
        **{
            f"{end}_{level}": [Decimal(1000 - 50 * week + sign * level) for week in range(13)]
            for level in (50, 80, 95)
            for end, sign in (("lower", -1), ("upper", 1))
        },
    }
)
CASH = pl.DataFrame(
    {
        "day": [DAY - timedelta(days=400), DAY - timedelta(days=100), DAY],
        "balance_base": [Decimal(5), Decimal(7_000_000), Decimal(21_357_029)],
    }
)
DSO = pl.DataFrame({"month_end": [date(2026, 10, 31), DAY], "dso_days": [37.9, 39.4]})
PAYMENTS = pl.DataFrame(
    {
        "party_id": ["l:1", "l:2"],
        "party_name": ["Penrose Health", None],
        "open_base": [Decimal(500), Decimal(177_592)],
        "due_on": [DAY, DAY],
        "expected_on": [DAY, DAY + timedelta(days=9)],
        "lower_80": [DAY, DAY + timedelta(days=2)],
        "upper_80": [DAY, DAY + timedelta(days=30)],
        "reasons": ["", "paid 9 days late on average"],
    }
)
PNL = pl.DataFrame(
    {
        "month": [OCTOBER, OCTOBER, NOVEMBER, NOVEMBER],
        "section": ["revenue", "overhead", "revenue", "overhead"],
        "actual": [Decimal(900), Decimal(-700), Decimal(400), Decimal(-350)],
        "budget": [Decimal(850), Decimal(-650), None, None],
    }
)
DRIVERS = pl.DataFrame(
    [
        (OCTOBER, "budget", "revenue", "volume", 574.0),
        (OCTOBER, "budget", "revenue", "price", -13.0),
        (OCTOBER, "budget", "direct_cost", "volume", -342.0),
        (OCTOBER, "budget", "direct_cost", "other", 316.0),
        (OCTOBER, "budget", "overhead", "other", -100.0),
        (OCTOBER, "budget", "overhead", "other", -23.0),
        (date(2026, 9, 1), "budget", "revenue", "volume", 1.0),
        (OCTOBER, "prior", "revenue", "volume", 99.0),
    ],
    schema=["month", "comparison", "section", "driver", "amount_base"],
    orient="row",
)
UNUSUAL = pl.DataFrame(
    {
        "month": [OCTOBER, NOVEMBER],
        "account_name": ["Travel", "Software"],
        "amount_base": [Decimal(-129_004), Decimal(-306_029)],
        "lower": [Decimal(-101_389), Decimal(-190_241)],
        "upper": [Decimal(-65_263), Decimal(-129_971)],
        "score": [3.0, 9.0],
        "reasons": ["a", "b"],
    }
)
EVERY: list[tuple[Callable[..., go.Figure], pl.DataFrame, dict[str, Any]]] = [
    (figures.aging, AGING, {}),
    (figures.cash_forecast, FORECAST, {}),
    (figures.cash_position, CASH, {}),
    (figures.dso, DSO, {}),
    (figures.payment_intervals, PAYMENTS, {}),
    (figures.pnl, PNL, {}),
    (figures.variance_bridge, DRIVERS, {"comparison": "budget"}),
    (figures.unusual_months, UNUSUAL, {}),
]


@pytest.mark.parametrize("theme", get_args(Theme))
@pytest.mark.parametrize(
    ("draw", "frame", "options"), EVERY, ids=lambda given: getattr(given, "__name__", "")
)
def test_every_figure_takes_its_page_and_says_why_it_is_empty(
    draw: Callable[..., go.Figure], frame: pl.DataFrame, options: dict[str, Any], theme: Theme
) -> None:
    drawn = draw(frame, theme=theme, **options)
    assert drawn.layout.title.font.color == INK[theme]
    assert drawn.layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert len(drawn.data) > 0
    drawn.to_json()
    nothing = draw(frame.clear(), theme=theme, **options)
    assert len(nothing.data) == 0
    [message] = nothing.layout.annotations
    assert message.text.endswith(".")


def test_aging_shows_every_bucket_with_its_amount() -> None:
    bars = figures.aging(AGING).data[0]
    assert list(bars.y) == [11054785.19, 1961354.45, 344092.29, 0, 0]
    assert list(bars.text) == ["11.1M", "2.0M", "344k", "0", "0"]
    assert bars.x[0] == "not due"
    nothing_owed = AGING.with_columns(open_base=pl.lit(Decimal(0)))
    assert "Nothing is owed" in figures.aging(nothing_owed).layout.annotations[0].text


def test_the_forecast_has_three_bands_that_enclose_the_line() -> None:
    *bands, line = figures.cash_forecast(FORECAST).data
    assert len(bands) == 3
    assert list(line.y) == [1000.0 - 50 * week for week in range(13)]
    for band in bands:
        high, low = band.y[:13], band.y[13:][::-1]
        assert all(a < y < b for a, y, b in zip(low, line.y, high, strict=True))


def test_cash_and_dso_end_in_a_label_of_today() -> None:
    line, last = figures.cash_position(CASH).data
    assert list(line.x) == [DAY - timedelta(days=100), DAY], "a year at most"
    assert list(last.text) == ["21.4M"]
    assert list(figures.dso(DSO).data[1].text) == ["39 days"]


def test_largest_invoice_first_and_late_ones_marked() -> None:
    drawn = figures.payment_intervals(PAYMENTS)
    dots = drawn.data[-1]
    names = list(drawn.layout.yaxis.ticktext)
    assert "l:2" in names[-1], "largest on top, by its id where it has no name"
    assert "178k" in names[-1]
    assert dots.marker.color[0] != dots.marker.color[1]
    intervals = [trace for trace in drawn.data if trace.mode == "lines"]
    assert [tuple(trace.x) for trace in intervals] == [
        (DAY, DAY),
        (DAY + timedelta(days=2), DAY + timedelta(days=30)),
    ]


def test_profit_is_all_sections_and_a_running_month_is_pale() -> None:
    bars, planned, profit = figures.pnl(PNL, as_of=DAY).data
    assert list(bars.y) == [900, 400]
    assert list(planned.y) == [850, 0]
    assert list(profit.y) == [200, 50]
    ended, running = bars.marker.color
    assert ended != running
    assert len(set(figures.pnl(PNL).data[0].marker.color)) == 1, "without a day nothing is pale"
    without = PNL.with_columns(budget=pl.lit(None, dtype=pl.Decimal(18, 2)))
    assert [trace.type for trace in figures.pnl(without).data] == ["bar", "scatter"]


def test_the_bridge_adds_up_and_keeps_costs_apart() -> None:
    [bridge] = figures.variance_bridge(DRIVERS, comparison="budget").data
    assert dict(zip(bridge.y, bridge.x, strict=True)) == {
        "Price": -13,
        "Volume": 574,
        "Direct costs, volume": -342,
        "Direct costs, spending": 316,
        "Overheads": -123,
        "<b>Difference</b>": 412,
    }
    assert sum(bridge.x[:-1]) == bridge.x[-1]
    low, high = figures.variance_bridge(DRIVERS, comparison="budget").layout.xaxis.range
    assert low < -13
    assert high > 561


def test_a_bridge_of_another_month_and_of_none() -> None:
    september = figures.variance_bridge(DRIVERS, comparison="budget", month=date(2026, 9, 1))
    assert list(september.data[0].x) == [1.0, 1.0]
    assert "September 2026" in september.layout.title.text
    missing = figures.variance_bridge(DRIVERS, comparison="prior", month=date(2026, 9, 1))
    assert "No month before it" in missing.layout.annotations[0].text


def test_most_unusual_month_first() -> None:
    drawn = figures.unusual_months(UNUSUAL)
    assert [name.strip() for name in drawn.layout.yaxis.ticktext] == [
        "Travel, Oct 2026",
        "Software, Nov 2026",
    ]
    assert list(drawn.data[-1].text) == ["-129k", "-306k"]


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0"), (999, "999"), (9_999, "9,999"), (24_400, "24k"), (-1_250_000, "-1.2M"), (999_999, "1,000k")],
)
def test_amounts_in_labels(amount: float, text: str) -> None:
    assert short(amount) == text
