"""A feature that knows the outcome because it was written after it: found, named and refused.

By its timestamps, where rows say when a value was known; and by a score too good to be honest, where they
do not (Kaufman, Rosset, Perlich and Stitelman, "Leakage in data mining: formulation, detection, and
avoidance", ACM TKDD 6, 2012). The second is a suspicion: a person who knows how the feature comes about may
allow it, by name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from opslayer.errors import UsageError
from opslayer.modelops.scores import auc

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

NEAR_ONE = 0.97  # AUC of one feature alone, above which it is as good as the outcome
ABOVE = 0.02  # by which one feature alone exceeds all others together
STRONG = 0.8  # AUC of one feature alone, below which it is no suspect: the best of a few weak ones may lead
FEWEST_OF_A_VALUE = 500  # rows of one value, from which "it decides the outcome" is more than luck
DECIDED = 0.01  # share of the other outcome below which a value decides it
ODDS = 30.0  # times the odds of the other rows
LEVELS = 200  # of a text, the most frequent; the rest is one
ROWS = 10_000  # that are looked at, evenly over the file


@dataclass(frozen=True)
class Leak:
    """A feature that is refused, how it was found ("known too late", "too good", "decides"), and why in
    words.
    """

    feature: str
    found_by: str
    reasons: str
    score: float | None = None


class LeakFound(UsageError):
    """Features are known only after the outcome; a model on them would be right in the past only."""


def known_late(
    rows: pl.DataFrame, *, decided_at: str, known_at: Mapping[str, str | date | datetime]
) -> list[Leak]:
    """Features whose value came after the moment of decision, in any row.

    `known_at` says of each feature which column holds the time it was known; `decided_at` is the column
    with the moment the model must answer. A null says that it was known from the start.
    """
    found = []
    for feature, moment in known_at.items():
        known = pl.col(moment) if isinstance(moment, str) else pl.lit(moment)
        late = int(rows.select((known > pl.col(decided_at)).fill_null(value=False).sum()).item())
        if late:
            told = (
                f"{feature} is known only after the decision in {late:,} of {len(rows):,} rows "
                f"({moment} lies after {decided_at})."
            )
            found.append(Leak(feature, "known too late", told))
    return found


def too_good(rows: pl.DataFrame, *, features: Sequence[str], outcome: str, seed: int = 0) -> list[Leak]:
    """Features that alone tell the outcome too well: near certainty, or better than all others together.

    Each is scored alone, and the rest together, by boosted trees on rows that did not teach them (three
    folds): trees see what rises and falls again, and levels. What is found is taken out before the next is
    looked for, so that one leak does not hide another. `outcome` is a Boolean column.
    """
    looked = rows.drop_nulls(outcome)
    looked = looked.gather_every(max(len(looked) // ROWS, 1))
    came = looked[outcome].cast(pl.Boolean).to_numpy()
    if min(came.sum(), (~came).sum()) < 50:
        return []
    features = [name for name in features if looked[name].n_unique() > 1]  # what never differs tells nothing
    columns = {name: _numbers(looked[name]) for name in features}
    alone = {name: _score({name: columns[name]}, came, seed) for name in features}
    found: list[Leak] = []
    left = sorted(features, key=lambda name: -alone[name])
    while len(left) > 1:
        best, rest = left[0], left[1:]
        together = _score({name: columns[name] for name in rest}, came, seed)
        if alone[best] >= NEAR_ONE:
            told = f"{best} alone tells the outcome almost without fail (AUC {alone[best]:.3f})."
        elif alone[best] >= max(together + ABOVE, STRONG):
            told = (
                f"{best} alone (AUC {alone[best]:.3f}) tells the outcome better than all {len(rest)} others "
                f"together ({together:.3f})."
            )
        else:
            break
        found.append(Leak(best, "too good", f"{told} It is likely to be known only after it.", alone[best]))
        left = rest
    return found + _deciding(looked, left, came)


def refuse(
    rows: pl.DataFrame,
    *,
    features: Sequence[str],
    outcome: str,
    decided_at: str | None = None,
    known_at: Mapping[str, str | date | datetime] | None = None,
    allowed: Collection[str] = (),
    seed: int = 0,
) -> None:
    """Raises LeakFound, naming each feature that leaks. `allowed`: suspicions a person has looked at.

    What is known too late by its timestamps cannot be allowed.
    """
    late = known_late(rows, decided_at=decided_at, known_at=known_at or {}) if decided_at else []
    named = {leak.feature for leak in late}
    rest = [name for name in features if name not in named]
    late = [leak for leak in late if leak.feature in features]
    suspected = [
        leak
        for leak in too_good(rows, features=rest, outcome=outcome, seed=seed)
        if leak.feature not in allowed
    ]
    if late or suspected:
        raise LeakFound(
            " ".join(leak.reasons for leak in [*late, *suspected]),
            mend=f"leave out {', '.join(leak.feature for leak in [*late, *suspected])}",
        )


def _deciding(rows: pl.DataFrame, features: Sequence[str], came: Booleans) -> list[Leak]:
    """Features of which one frequent value comes with one outcome almost always."""
    found = []
    for name in features:
        if rows[name].dtype.is_float():
            continue
        counts = (
            pl.DataFrame({"value": rows[name].cast(pl.String), "came": came})
            .drop_nulls()
            .group_by("value")
            .agg(rows=pl.len(), came=pl.col("came").sum())
            .filter(pl.col("rows") >= FEWEST_OF_A_VALUE)
            .sort("rows", descending=True)
        )
        for value, size, events in counts.iter_rows():
            other = (came.sum() - events + 0.5) / (len(came) - size - (came.sum() - events) + 0.5)
            odds = (events + 0.5) / (size - events + 0.5) / other
            few = min(events, size - events)
            if (
                stats.binomtest(int(few), int(size)).proportion_ci(method="exact").high < DECIDED
                and max(odds, 1 / odds) > ODDS
            ):
                told = (
                    f"{name} = {value} decides the outcome: it came in {events:,} of {size:,} such rows. "
                    "It is likely to be written after it."
                )
                found.append(Leak(name, "decides", told, events / size))
                break
    return found


def _numbers(values: pl.Series) -> Floats:
    """A column as numbers for trees: text by how frequent its level is, which says nothing of the outcome."""
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        numbers: Floats = values.cast(pl.Float64).to_numpy()
        return numbers
    if values.dtype.is_temporal():
        return values.to_physical().cast(pl.Float64).to_numpy()
    counts = values.cast(pl.String).fill_null("(none)")
    frequent = counts.value_counts(sort=True, name="rows").sort("rows", counts.name, descending=[True, False])
    places = {level: float(place) for place, level in enumerate(frequent[counts.name].head(LEVELS).to_list())}
    return counts.replace_strict(places, default=float(LEVELS), return_dtype=pl.Float64).to_numpy()


def _score(columns: Mapping[str, Floats], came: Booleans, seed: int) -> float:
    """AUC of boosted trees on rows they were not taught by."""
    trees = HistGradientBoostingClassifier(
        max_iter=40, learning_rate=0.15, min_samples_leaf=30, random_state=seed
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    matrix = np.column_stack(list(columns.values()))
    with threadpool_limits(1):  # small fits: two threads on shared cores take many times as long
        told = cross_val_predict(trees, matrix, came, cv=folds, method="predict_proba")
    return auc(came, told[:, 1])
