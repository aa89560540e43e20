"""Thirteen weeks of cash in: payments drawn invoice by invoice and summed.

Draws of one client's invoices move together: a Gaussian copula with one factor a client (Li, "On default
correlation: a copula function approach", J. Fixed Income 9, 2000), its correlation estimated from the
client's own successive invoices. What is drawn past the horizon is never paid and adds no cash.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy.special import ndtr

from opslayer.intelligence.cash.forecast import (
    LEVELS,
    MODEL_VERSION,
    Prediction,
    collectable,
    predict,
)
from opslayer.intelligence.cash.history import Floats, Invoices, learnable, open_invoices
from opslayer.intelligence.tables import MONEY, typed

WEEKS = 13
PATHS = 4000
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "week_start": pl.Date(),
        "week": pl.Int32(),
        "expected_base": MONEY,
        **{f"{side}_{level}": MONEY for level in LEVELS for side in ("lower", "upper")},
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def forecast_cash(
    history: pl.DataFrame, open_items: pl.DataFrame, *, as_of: date, seed: int = 0
) -> pl.DataFrame:
    """Cash in by week from the invoices open on `as_of` (columns of intelligence.cash_forecast).

    Week k is the seven days that end on `as_of` + 7k. Base currency; invoices not yet issued are not in it.
    `expected_base` is the mean over paths, so it can lie outside a narrow interval where one large invoice
    decides a week.
    """
    learnt = learnable(history, as_of)
    invoices = open_invoices(collectable(open_items), as_of, learnt.clients)
    return cash_table(invoices, predict(learnt, invoices), as_of, seed)


def cash_table(invoices: Invoices, prediction: Prediction, as_of: date, seed: int) -> pl.DataFrame:
    """The weekly sums of simulated payments, as a table of WEEKS rows."""
    weekly = simulate(invoices, prediction, seed)
    cents = {
        f"{side}_{level}": np.quantile(weekly, probability, axis=0)
        for level, pair in LEVELS.items()
        for side, probability in zip(("lower", "upper"), pair, strict=True)
    }
    values = {"expected_base": weekly.mean(axis=0), **cents}
    frame = pl.DataFrame(
        {
            "as_of": [as_of] * WEEKS,
            "week_start": [as_of + timedelta(days=7 * week + 1) for week in range(WEEKS)],
            "week": np.arange(1, WEEKS + 1),
            **{name: np.round(column, 2) for name, column in values.items()},
            "model": [prediction.model] * WEEKS,
            "model_version": [MODEL_VERSION] * WEEKS,
        }
    )
    return typed(frame, SCHEMA)


def simulate(invoices: Invoices, prediction: Prediction, seed: int) -> Floats:
    """Cash in by path and week, shape (PATHS, WEEKS)."""
    generator = np.random.default_rng(seed)
    shared = generator.standard_normal((PATHS, len(invoices.clients)))
    weekly = np.zeros((PATHS, WEEKS))
    together, apart = np.sqrt(prediction.correlation), np.sqrt(1.0 - prediction.correlation)
    week_ends = prediction.paid_within[:, 6 : 7 * WEEKS : 7]
    paths = np.arange(PATHS)
    for row, (client, amount) in enumerate(zip(invoices.client, invoices.amount, strict=True)):
        score = together * shared[:, client] + apart * generator.standard_normal(PATHS)
        week = np.searchsorted(week_ends[row], ndtr(score), side="left")
        inside = week < WEEKS
        weekly[paths[inside], week[inside]] += amount
    return weekly
