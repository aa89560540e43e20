"""When each open invoice will be paid, with intervals and reasons; the model, or its declared fallback."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl

from opslayer.intelligence.cash import empirical, hazard
from opslayer.intelligence.cash.history import Floats, Invoices, day_of, learnable, open_invoices
from opslayer.intelligence.cash.reasons import payment_reasons
from opslayer.intelligence.tables import MONEY
from opslayer.intelligence.wording import written

MODEL = "payment_hazard"
FALLBACK = "client_lateness"
MODEL_VERSION = "1"
LEVELS = {"50": (0.25, 0.75), "80": (0.10, 0.90), "95": (0.025, 0.975)}
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "invoice_id": pl.String(),
        "party_id": pl.String(),
        "party_name": pl.String(),
        "due_on": pl.Date(),
        "open_base": MONEY,
        "expected_on": pl.Date(),
        **{f"{side}_{level}": pl.Date() for level in LEVELS for side in ("lower", "upper")},
        "probability_late": pl.Float64(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


@dataclass(frozen=True)
class Prediction:
    """`paid_within[i, u - 1]` is P(invoice i is paid within u days | open today); which model said so."""

    paid_within: Floats
    model: str
    correlation: float

    def days(self, probability: float) -> Floats:
        """Days ahead by which each invoice is paid with `probability`; one past the horizon where never."""
        reached = self.paid_within >= probability
        beyond = float(self.paid_within.shape[1] + 1)
        return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, beyond)


def predict(history: Invoices, invoices: Invoices) -> Prediction:
    """Payment probabilities of open `invoices`: the hazard model's, or the fallback's where it has none."""
    model = hazard.fit(history)
    if model is not None:
        return Prediction(hazard.payment_probability(model, invoices), MODEL, model.correlation)
    _, share = empirical.payment_probability(history, invoices, shrink=True)
    return Prediction(share, FALLBACK, 0.0)


def collectable(open_items: pl.DataFrame) -> pl.DataFrame:
    """Items that money is expected for: credits and overpayments are none."""
    return open_items.filter(pl.col("open_base") > 0).sort("due_on", "invoice_id")


def forecast_payments(history: pl.DataFrame, open_items: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row an open invoice with money to come (columns of intelligence.payment_forecast).

    `history` has the columns of marts.payment_history, `open_items` those of marts.open_item.
    `expected_on` is the median; dates past HORIZON days are held at it. Dates never lie on or before
    `as_of`.
    """
    items = collectable(open_items)
    learnt = learnable(history, as_of)
    invoices = open_invoices(items, as_of, learnt.clients)
    return payments_table(items, learnt, invoices, predict(learnt, invoices), as_of)


def expected_late(forecast: pl.DataFrame) -> pl.DataFrame:
    """The rows of a payment forecast expected after their due date; most money for most days first."""
    days = (pl.col("expected_on") - pl.col("due_on")).dt.total_days()
    late = forecast.filter(days > 0)
    return late.sort([pl.col("open_base").cast(pl.Float64) * days, "invoice_id"], descending=[True, False])


def headline(forecast: pl.DataFrame, weekly: pl.DataFrame, *, currency: str) -> str:
    """The forecast in two sentences. `forecast` is a payment_forecast, `weekly` the cash_forecast of it."""
    if forecast.is_empty():
        return "No invoice is open."
    late = expected_late(forecast)
    total, coming = Decimal(forecast["open_base"].sum()), Decimal(weekly["expected_base"].sum())
    return (
        f"Of {written(total, currency)} open in {_counted(forecast.height)}, "
        f"{written(coming, currency)} is expected within thirteen weeks and "
        f"{written(total - coming, currency)} later or never. "
        f"{_counted(late.height).capitalize()} worth {written(Decimal(late['open_base'].sum()), currency)} "
        f"should be paid after the due date."
    )


def _counted(invoices: int) -> str:
    return "1 invoice" if invoices == 1 else f"{invoices:,} invoices"


def payments_table(
    items: pl.DataFrame, learnt: Invoices, invoices: Invoices, prediction: Prediction, as_of: date
) -> pl.DataFrame:
    """`prediction` as a table; `items` and `invoices` are the same open invoices in the same order."""

    def dates(probability: float) -> list[date]:
        ahead = np.minimum(prediction.days(probability), hazard.HORIZON)
        return [day_of(invoices.today + int(days)) for days in ahead]

    until_due = invoices.due - invoices.today
    rows = np.arange(len(until_due))
    paid_by_due = np.where(
        until_due > 0,
        prediction.paid_within[rows, np.clip(until_due, 1, hazard.HORIZON) - 1] if len(rows) else 0.0,
        0.0,
    )
    intervals = {
        f"{side}_{level}": dates(probability)
        for level, pair in LEVELS.items()
        for side, probability in zip(("lower", "upper"), pair, strict=True)
    }
    return pl.DataFrame(
        {
            "as_of": [as_of] * len(items),
            "invoice_id": items["invoice_id"],
            "party_id": items["party_id"],
            "party_name": items["party_name"],
            "due_on": items["due_on"],
            "open_base": items["open_base"],
            "expected_on": dates(0.5),
            **intervals,
            "probability_late": np.round(1.0 - paid_by_due, 4),
            "reasons": payment_reasons(items, learnt, invoices, prediction.paid_within, prediction.model),
            "model": [prediction.model] * len(items),
            "model_version": [MODEL_VERSION] * len(items),
        },
        schema=SCHEMA,
    )
