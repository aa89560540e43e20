"""Who is served by whom: the champion for all, a challenger in shadow, then for 1, 5, 25 and 50 % of
entities.

A share is drawn by a stable hash, so that a client has one model for as long as a challenger is tried, and
whoever was among the first 1 % stays among the 5 %. A guardrail is looked at after each row and rolls the
challenger back by itself; looking often costs nothing, by confidence sequences (see `sequential`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from opslayer.modelops.sequential import lower_bound, upper_bound
from opslayer.store import fraction

Floats = NDArray[np.float64]
Role = Literal["champion", "challenger"]
Verdict = Literal["advance", "hold", "roll back", "finished"]

SHADOW = 0.0  # the challenger answers beside the champion, and nobody sees it
CANARY = (0.01, 0.05, 0.25, 0.5)
FEWEST = 50  # judged rows of the challenger at a step before it is given more
ALPHA = 0.05  # chance that a challenger no worse than the champion is rolled back, over the whole canary


@dataclass(frozen=True)
class Step:
    """What becomes of a challenger: the share it serves from now on, and why."""

    verdict: Verdict
    share: float
    reasons: str


def served_by(entity: str, *, capability: str, challenger: str | None, share: float) -> Role:
    """Which of the two answers for `entity`. `challenger` is its version: each is drawn for anew.

    `share` is from 0 (shadow) to 1.
    """
    if challenger is None or share <= 0:
        return "champion"
    return "challenger" if fraction("canary", capability, challenger, entity) < share else "champion"


def next_share(share: float) -> float | None:
    """The next larger share of CANARY; None after the last."""
    return next((step for step in CANARY if step > share), None)


def guard(
    champion: Floats, challenger: Floats, *, largest: float = 1.0, margin: float = 0.0, alpha: float = ALPHA
) -> tuple[bool, str]:
    """Whether the challenger is worse on a guardrail by more than `margin`, and the words for it.

    Both are losses from 0 to `largest` of rows they served, oldest first: wrong answers, failures, seconds
    over the time limit. Each mean has a confidence sequence at half of alpha; worse is where they part.
    """
    if not len(champion) or not len(challenger):
        return False, "Nothing to compare yet."
    ours, theirs = (np.clip(losses / largest, 0.0, 1.0) for losses in (challenger, champion))
    least = lower_bound(ours, alpha / 2) * largest
    most = upper_bound(theirs, alpha / 2) * largest
    told = (
        f"guardrail {challenger.mean():.3f} over {len(challenger):,} rows of the challenger, "
        f"{champion.mean():.3f} over {len(champion):,} of the champion"
    )
    if least > most + margin:
        return True, f"It is worse: {told}; at least {least:.3f} against at most {most:.3f}."
    return False, f"It is not proven worse: {told}."


def step(
    share: float,
    champion: Floats,
    challenger: Floats,
    *,
    since_step: int,
    largest: float = 1.0,
    margin: float = 0.0,
    fewest: int = FEWEST,
    alpha: float = ALPHA,
) -> Step:
    """What becomes of the challenger now; `since_step` counts its judged rows at the present share.

    Losses are as in `guard`, from the beginning of the canary: the guardrail has one alpha for all of it.
    """
    worse, told = guard(champion, challenger, largest=largest, margin=margin, alpha=alpha)
    if worse:
        return Step("roll back", 0.0, f"Rolled back to the champion. {told}")
    if since_step < fewest:
        return Step("hold", share, f"{since_step} of {fewest} rows judged at {share:.0%}. {told}")
    larger = next_share(share)
    if larger is None:
        return Step("finished", share, f"All steps are done; promotion decides. {told}")
    return Step("advance", larger, f"From {share:.0%} to {larger:.0%}. {told}")
