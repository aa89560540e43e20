"""From which confidence an answer may stand: the lowest at which answers held out were right often enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

NEVER = 2.0  # a confidence that nothing has
SURE = 0.9  # of reaching the precision, by the lower bound of Clopper and Pearson (Biometrika 26, 1934)


def threshold_at(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float, *, sure: float = SURE
) -> float:
    """The lowest confidence from which at least `precision` of the answers are right, one-sided at `sure`.

    `confidence` and `right` are of answers that the model did not learn from. NEVER where no threshold does.
    Raises ValueError where they differ in length or `precision` is not a share.
    """
    if confidence.shape != right.shape:
        raise ValueError(f"{len(confidence)} confidences for {len(right)} answers")
    if not 0 < precision < 1:
        raise ValueError(f"a precision is a share between 0 and 1; got {precision}")
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence, hits = confidence[order], np.cumsum(right[order])
    given = np.arange(1, len(order) + 1)
    bound = beta.ppf(1 - sure, hits, given - hits + 1)
    # a threshold lies between two confidences, never among equal ones
    ends = np.append(sorted_confidence[1:] != sorted_confidence[:-1], True)
    reached = np.flatnonzero(ends & (np.nan_to_num(bound) >= precision))
    return float(sorted_confidence[reached[-1]]) if len(reached) else NEVER


def succession(
    signs: NDArray[np.float64], right: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Both with an average answer more that was right and one that was wrong (Laplace's rule of succession).

    So nothing is ever certain, and where all were right there is still something to tell apart.
    """
    average = signs.mean(axis=0, keepdims=True)
    return np.vstack([signs, average, average]), np.append(right, [True, False])
