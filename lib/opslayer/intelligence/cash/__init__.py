"""When open invoices will be paid, and the cash that makes: thirteen weeks, with bands and a track record."""

from __future__ import annotations

from datetime import date

import polars as pl

from opslayer.intelligence.cash.backtest import (
    backtest,
    backtest_summary,
    backtest_table,
    backtest_verdict,
)
from opslayer.intelligence.cash.forecast import (
    collectable,
    expected_late,
    forecast_payments,
    headline,
    payments_table,
    predict,
)
from opslayer.intelligence.cash.history import learnable, open_invoices
from opslayer.intelligence.cash.simulation import cash_table, forecast_cash
from opslayer.intelligence.layer import Queries, hold_to_day

__all__ = [
    "backtest",
    "backtest_summary",
    "backtest_table",
    "backtest_verdict",
    "expected_late",
    "forecast_cash",
    "forecast_payments",
    "headline",
    "run",
]


def run(layer: Queries, *, as_of: date, seed: int = 0) -> dict[str, pl.DataFrame]:
    """The tables of the cash forecast, by name: payment_forecast, cash_forecast, cash_backtest.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    history, items = layer.query("payment_history"), collectable(layer.query("open_items"))
    learnt = learnable(history, as_of)
    invoices = open_invoices(items, as_of, learnt.clients)
    prediction = predict(learnt, invoices)
    return {
        "payment_forecast": payments_table(items, learnt, invoices, prediction, as_of),
        "cash_forecast": cash_table(invoices, prediction, as_of, seed),
        "cash_backtest": backtest(history, as_of=as_of),
    }
