"""What the page Cash shows."""

from __future__ import annotations

import polars as pl

from opslayer.figures.cash import NO_FORECAST
from opslayer.intelligence import cash
from opslayer.pages.reading import Reading
from opslayer.pages.shown import Meeting, Page, bars, figure, last, sentence, table

SHOWN = 500  # rows of a table at most


def _mine(read: Reading, *, client: str = "") -> pl.DataFrame:
    named = pl.col("party_name").str.to_lowercase().str.contains(client.lower(), literal=True)
    return read("payment_forecast").filter(named) if client else read("payment_forecast")


def _late(read: Reading, *, client: str = "") -> pl.DataFrame:
    return cash.expected_late(_mine(read, client=client)).with_columns(
        days_late=(pl.col("expected_on") - pl.col("due_on")).dt.total_days()
    )


def _headline(read: Reading, **_: str) -> str:
    forecast = read("payment_forecast")
    if forecast.is_empty():
        return NO_FORECAST
    return cash.headline(forecast, read("cash_forecast"), currency=read.currency)


def _late_said(read: Reading, *, client: str = "") -> str:
    many = _late(read, client=client).height
    if not many:
        return "" if read("payment_forecast").is_empty() else "Nothing is expected late."
    return f"**Expected after their due date** :gray[{many:,} invoices, most money for most days first]"


CASH = Page(
    "cash",
    "Where does cash stand, and what comes in?",
    metrics=("cash", "cash_in_4_weeks", "cash_in_13_weeks", "dso", "overdue_share", "over_90"),
    shows=(
        sentence("headline", _headline),
        figure(
            "cash_forecast",
            meets=(
                Meeting("the weeks add up to cash in 13 weeks", bars(trace=3), metric="cash_in_13_weeks"),
            ),
        ),
        figure(
            "aging",
            meets=(
                Meeting(
                    "the buckets add up to what is open on each invoice",
                    bars(),
                    query="proof_open_items",
                ),
            ),
        ),
        figure(
            "cash_position",
            "cash_daily",
            meets=(Meeting("the last day is the cash there is", last(), metric="cash"),),
        ),
        figure("dso", meets=(Meeting("the last point is DSO", last(), metric="dso"),)),
        figure("payment_intervals", of=_mine),
        sentence("late_said", _late_said),
        table(
            "late",
            lambda read, **choices: _late(read, **choices).head(SHOWN),
            {
                "party_name": "Client",
                "open_base": "Open",
                "due_on": "Due",
                "expected_on": "Expected",
                "days_late": "Days late",
                "lower_80": "80% from",
                "upper_80": "80% to",
                "reasons": "Why",
            },
            empty="",
            meets=(
                Meeting(
                    "as many as the forecast has after their due day",
                    lambda drawn: float(drawn.frame.height),
                    query="proof_late_invoices",
                    values={"most": SHOWN},
                ),
            ),
        ),
        sentence("backtest_said", lambda read, **_: cash.backtest_verdict(read("cash_backtest"))),
        table(
            "backtest",
            lambda read, **_: cash.backtest_table(read("cash_backtest")),
            {"measure": "At past days", "model": "The model", "baseline": "Due date and mean lateness"},
            empty="The job morning tests it as soon as there are months of payments to test it on.",
        ),
    ),
)
