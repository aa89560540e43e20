"""Sales to capacity to finance to price, as data: what one deal moves, from its stage to a week's cash."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from opslayer.intelligence.chain.cells import STEPS, deal_cells
from opslayer.intelligence.chain.record import MOVES, chain_cell, chain_move
from opslayer.intelligence.chain.timing import timing
from opslayer.intelligence.chain.what_if import (
    Chain,
    Change,
    Inputs,
    Outcome,
    cash_weeks,
    changed,
    compute,
    gather,
    moves,
    totals,
    walk,
)
from opslayer.intelligence.layer import Queries

__all__ = [
    "STEPS",
    "Chain",
    "Change",
    "Inputs",
    "Outcome",
    "cash_weeks",
    "chain_move",
    "changed",
    "compute",
    "deal_cells",
    "gather",
    "moves",
    "run",
    "timing",
    "totals",
    "walk",
]


def run(layer: Queries, *, as_of: date, seed: int = 0) -> dict[str, pl.DataFrame]:
    """The tables of the chain, by name: capacity_balance, price_recommendation, chain_cell, chain_move.

    Without a win forecast of the day only projects under way count. Raises UsageError where the snapshot is
    of another day.
    """
    inputs = gather(layer, as_of=as_of, seed=seed)
    chain = compute(inputs)
    before = layer.query("forecast_deals", since=date.min, until=as_of - timedelta(days=1))
    return {
        "capacity_balance": chain.balance,
        "price_recommendation": chain.prices,
        "chain_cell": chain_cell(chain, inputs),
        "chain_move": chain_move(before, inputs) if len(before) else pl.DataFrame(schema=MOVES),
    }
