"""What becomes of each open deal, by week: the model where it has history, stage weights elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from opslayer.intelligence.win import hazard
from opslayer.intelligence.win.hazard import WEEKS, WinModel
from opslayer.intelligence.win.history import known_on, landmarks, practice_medians
from opslayer.intelligence.win.weights import stage_weights, weekly_wins, weigh

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

MODEL, FALLBACK, VERSION = "competing risks by week", "stage weights, shrunk", "1"


@dataclass(frozen=True)
class Outlook:
    """Open deals as known on `day` (columns of `known_on`, stage_weight, stage_days) and their chances.

    `won` and `lost` have the shape (deals, WEEKS): the chance of that end in each week after `day`. What
    remains of a row is open for longer. `by_weights` says which rows stage weights answer for.
    """

    day: date
    deals: pl.DataFrame
    won: Floats
    lost: Floats
    by_weights: Booleans
    model: WinModel | None

    @property
    def probability(self) -> Floats:
        """That each deal is won; one element a deal."""
        total: Floats = self.won.sum(axis=1)
        return total

    def close_week(self, share: float) -> NDArray[np.int64]:
        """Week after `day` by which a deal that closes has closed, with a probability of `share`."""
        return close_week(self.won, self.lost, share)


def close_week(won: Floats, lost: Floats, share: float) -> NDArray[np.int64]:
    """Week by which a deal that closes has closed, with a probability of `share`; chances: (deals, weeks)."""
    closed = np.cumsum(won + lost, axis=1)
    closed = closed / np.maximum(closed[:, -1:], 1e-12)
    week: NDArray[np.int64] = np.argmax(closed >= share - 1e-12, axis=1).astype(np.int64) + 1
    return week


def teach(history: pl.DataFrame, day: date) -> WinModel | None:
    """The model taught by what was known on `day`; None where that is too little."""
    seen = landmarks(history, day)
    # more threads make fits as small as these slower, and their last digits vary
    with threadpool_limits(1):
        return hazard.fit(seen, practice_medians(seen))


def outlook(history: pl.DataFrame, day: date, model: WinModel | None) -> Outlook:
    """The open deals of `day` under a model that was taught no later than that."""
    deals = weigh(known_on(history, day), stage_weights(history, day)).sort("opportunity_id")
    won, lost = weekly_wins(deals["stage_weight"].to_numpy(), deals["stage_days"].to_numpy(), WEEKS)
    by_weights = np.ones(len(deals), dtype=np.bool_)
    if model is not None and len(deals):
        by_weights = ~deals["has_history"].to_numpy()
        modelled = hazard.weekly(model, deals)
        won = np.where(by_weights[:, None], won, modelled[0])
        lost = np.where(by_weights[:, None], lost, modelled[1])
    return Outlook(day, deals, won, lost, by_weights, model)
