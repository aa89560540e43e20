"""What the policy of retraining would have done over a history: when decay fired, what was taught, and
whether it won.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.modelops.decay import ALPHA, watch_probabilities
from opslayer.modelops.promotion import Bar, judge

Floats = NDArray[np.float64]
EVENTS = {
    "row": pl.Int64,
    "promoted": pl.Boolean,
    "gain": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "decay": pl.String,
    "reasons": pl.String,
}


class Predicts(Protocol):
    def predict(self, rows: pl.DataFrame) -> pl.DataFrame: ...


def rehearse(
    rows: pl.DataFrame,
    teach: Callable[[pl.DataFrame], Predicts],
    *,
    first: int,
    window: int,
    alpha: float = ALPHA,
    bar: Bar | None = None,
) -> tuple[pl.DataFrame, Floats]:
    """Challengers in their order (columns of EVENTS), and what the policy answered after `first`.

    `rows` are in the order in which their outcomes (`label`) came. The champion is taught by the `first` of
    them and watched from the two windows after on. Where decay fires, a challenger is taught by all until
    then and answers the next window unheard; it is promoted if it gained there. Whether it was or not,
    another is taught after it, until decay no longer stands and nothing more is gained. Answers are as
    served: one each row from `first` on.
    """
    champion = teach(rows[:first])
    served = [champion.predict(rows[first : first + 2 * window])["answer"].to_numpy()]
    begun, at, again = first, first + 2 * window, False
    events = []
    while at < len(rows):
        told = rows[begun:at].select(outcome="label").with_columns(champion.predict(rows[begun:at])["answer"])
        decay = watch_probabilities(told[: 2 * window], told[2 * window :], alpha=alpha)
        coming = rows[at : at + window]
        answer = champion.predict(coming)["answer"]
        served.append(answer.to_numpy())
        if (decay.fires or again) and len(coming) == window:
            challenger = teach(rows[:at])
            unheard = challenger.predict(coming)["answer"]
            verdict = judge(
                pl.DataFrame({"outcome": coming["label"], "champion": answer, "challenger": unheard}),
                bar=bar,
                samples=500,
            )
            events.append(
                (
                    at,
                    verdict.promote,
                    verdict.gain,
                    verdict.lower,
                    verdict.upper,
                    decay.reasons,
                    verdict.reasons,
                )
            )
            again = verdict.promote
            if verdict.promote:
                champion, begun = challenger, at
        at += window
    return pl.DataFrame(events, schema=EVENTS, orient="row"), np.concatenate(served)
