"""Invoices as arrays: what was known of each on a day, with open ones censored on that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

LONGEST_HISTORY = 20_000
"""Invoices learnt from: the latest ones. It bounds time and memory, and older behaviour is stale."""


@dataclass(frozen=True)
class Invoices:
    """One element an invoice. Days count from 1970-01-01; `end` is the day of payment, or `today` if open."""

    today: int
    clients: tuple[str, ...]
    client: Integers
    issued: Integers
    due: Integers
    end: Integers
    paid: Booleans
    amount: Floats

    @property
    def late(self) -> Floats:
        """Days from due date to payment (or to today where open); negative when early."""
        return (self.end - self.due).astype(np.float64)


def day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def day_of(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def known_on(history: pl.DataFrame, day: date) -> pl.DataFrame:
    """`history` as it stood at the end of `day`: later invoices absent, later payments unknown."""
    return history.filter(pl.col("issued_on") <= day).with_columns(
        paid_on=pl.when(pl.col("paid_on") <= day).then("paid_on")
    )


def learnable(history: pl.DataFrame, as_of: date) -> Invoices:
    """The latest invoices of a payment history (columns of marts.payment_history) as known on `as_of`."""
    frame = known_on(history, as_of).sort("issued_on", "invoice_id").tail(LONGEST_HISTORY)
    frame = frame.filter(pl.col("due_on").is_not_null())
    return _arrays(frame, as_of, tuple(sorted(frame["party_id"].unique())), "total_base")


def open_invoices(open_items: pl.DataFrame, as_of: date, clients: tuple[str, ...]) -> Invoices:
    """Open items (columns of marts.open_item) in their own order; unknown clients get codes past the end."""
    strangers = sorted(set(open_items["party_id"]) - set(clients))
    frame = open_items.with_columns(paid_on=pl.lit(None, pl.Date))
    return _arrays(frame, as_of, (*clients, *strangers), "open_base")


def _arrays(frame: pl.DataFrame, as_of: date, clients: tuple[str, ...], amount: str) -> Invoices:
    codes = {name: code for code, name in enumerate(clients)}
    number = {
        name: frame[name].cast(pl.Date).to_physical().fill_null(day_number(as_of)).cast(pl.Int64).to_numpy()
        for name in ("issued_on", "due_on", "paid_on")
    }
    return Invoices(
        today=day_number(as_of),
        clients=clients,
        client=np.array([codes[name] for name in frame["party_id"]], dtype=np.int64),
        # a few systems let an invoice be due, or paid, before it is issued: it is at risk from then on
        issued=np.minimum(np.minimum(number["issued_on"], number["due_on"]), number["paid_on"]),
        due=number["due_on"],
        end=number["paid_on"],
        paid=frame["paid_on"].is_not_null().to_numpy(),
        amount=frame[amount].cast(pl.Float64).to_numpy(),
    )
