"""How likely something is to happen, with what speaks for it and against it: learnt from rows whose outcome
is known.

A logistic regression on steps and levels: additive, so that each column's share of an answer can be told.
Recent outcomes count more, because what made people buy a year ago is not what does now (exponential
forgetting: Gama et al., "A survey on concept drift adaptation", ACM Computing Surveys 46, 2014). How fast to
forget and how far to trust few rows is not chosen but averaged over.

Steps end where rows have been; what lies beyond is foretold better by a straight line, which is worse within.
So a plain regression on lines is stacked with it (Wolpert, Neural Networks 5, 1992), with the weight that
served best on the newest rows when the older ones taught both. The sum is additive still, and all arrays, so
that keeping it needs no pickle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float64]

STEPS = 8  # parts of about as many rows each into which a number is cut
FEWEST_OF_A_LEVEL = 50  # rows of a text's level, below which it is nothing of its own
HALF_LIVES = (1_000, 3_000)  # outcomes after which one counts half, where what people do changes fast
STRENGTHS = (0.02, 0.1)  # inverse of the ridge penalty: how far few rows are trusted
LATEST = 4_000  # rows by which a number is cut into steps: edges lie where rows are now
SPANS = 8.0  # half-lives after which an outcome counts next to nothing and is left out
NONE = "(none)"
FARTHEST = 1_000.0  # spreads from the middle: a line goes on as far as anything real does
LINE_WEIGHTS = (0.0, 0.1, 0.25, 0.5)  # of the straight line in the stack: half at most, it is the less sure
NEWEST = 0.25  # share of the rows on which the weight of the line is chosen
FEWEST_TO_WEIGH = 100  # rows of either outcome, below which the line has no weight
NO_INPUTS = frozenset({"subject", "label", "decided_at", "known_at"})
NAMED = 3  # columns that an answer names for it, and as many against
LEAST = 0.05  # of log-odds, below which a column is not named


@dataclass(frozen=True)
class Steps:
    """How a number is seen: above each edge or not, and its distance from the middle, in spreads, held at
    the ends.
    """

    edges: tuple[float, ...]
    middle: float
    spread: float
    low: float
    high: float


@dataclass(frozen=True)
class Parts:
    """Columns of the matrix by who sees them: `lines` of the straight regression, `steps` of the other."""

    steps: NDArray[np.bool_]
    lines: NDArray[np.bool_]


@dataclass(frozen=True)
class Propensity:
    """What was learnt. `base` is how often it happened lately; `titles` names columns in reasons."""

    numbers: dict[str, Steps]
    levels: dict[str, tuple[str, ...]]
    weights: dict[str, Floats]
    centres: dict[str, Floats]
    intercept: float
    base: float
    rows: int
    titles: dict[str, str]

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """answer (0 to 1), confidence (none: the answer is one) and reasons, one row a row of `rows`.

        `rows` has the columns it was taught by; a level it has not seen counts as none.
        """
        parts = self.contributions(rows)
        total = (
            parts.sum_horizontal().to_numpy() + self.intercept
            if parts.width
            else np.full(len(rows), self.intercept)
        )
        answer: Floats = expit(total)
        return pl.DataFrame(
            {
                "answer": answer,
                "confidence": pl.Series([None] * len(rows), dtype=pl.Float64),
                "reasons": pl.Series(self._reasons(rows, parts, answer), dtype=pl.String),
            }
        )

    def contributions(self, rows: pl.DataFrame) -> pl.DataFrame:
        """What each column adds to the log-odds of each row, against a row as they usually are."""
        found = {}
        for name, weights in self.weights.items():
            seen = _seen(rows[name], self.numbers.get(name), self.levels.get(name, ()))
            found[name] = (seen - self.centres[name]) @ weights
        return pl.DataFrame(found)

    def _reasons(self, rows: pl.DataFrame, parts: pl.DataFrame, answer: Floats) -> list[str]:
        names = parts.columns
        values = [[_told(value) for value in rows[name].to_list()] for name in names]
        told = []
        for place, (chance, row) in enumerate(zip(answer.tolist(), parts.rows(), strict=True)):
            order = sorted(range(len(names)), key=lambda column: -abs(row[column]))
            words = [f"{chance:.0%}, against {self.base:.0%} of all lately."]
            for sign, opening in ((1, "For it"), (-1, "Against it")):
                chosen = [column for column in order if sign * row[column] > LEAST][:NAMED]
                if chosen:
                    listed = ", ".join(
                        f"{self.titles.get(names[column], names[column])} {values[column][place]}"
                        for column in chosen
                    )
                    words.append(f"{opening}: {listed}.")
            told.append(" ".join(words))
        return told


class OwnOutcomes:
    """Learns from whatever inputs a capability names: a firm's own capability needs no line of code."""

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> Propensity:  # noqa: ARG002
        """`rows` has the inputs and `label` (Boolean), the oldest first; deterministic, whatever the seed."""
        return learn(rows, features=[name for name in rows.columns if name not in NO_INPUTS])


def learn(
    rows: pl.DataFrame,
    *,
    features: Sequence[str],
    label: str = "label",
    titles: Mapping[str, str] | None = None,
    half_lives: Sequence[int] = HALF_LIVES,
) -> Propensity:
    """What `features` say of `label` (Boolean), from rows whose outcome is known, the oldest first.

    Deterministic. Of rows with one outcome only it learns its share, held off 0 and 1.
    """
    kept = rows[-int(SPANS * max(half_lives)) :]
    came = kept[label].cast(pl.Float64).to_numpy()
    numbers = {name: _steps(kept[name]) for name in features if kept[name].dtype.is_numeric()}
    levels = {name: _levels(kept[name]) for name in features if name not in numbers}
    seen = {name: _seen(kept[name], numbers.get(name), levels.get(name, ())) for name in features}
    latest = _forgetting(len(kept), min(half_lives))
    centres = {name: np.average(part, axis=0, weights=latest) for name, part in seen.items()}
    base = float((latest @ came + 0.5) / (latest.sum() + 1))
    matrix = np.column_stack([seen[name] - centres[name] for name in features])
    parts = _parts([(seen[name].shape[1], name in numbers) for name in features])
    values, intercept = _stacked(matrix, came, base, half_lives, parts)
    places = np.cumsum([0, *(seen[name].shape[1] for name in features)])
    weights = {name: values[low:high] for name, (low, high) in zip(features, pairwise(places), strict=True)}
    return Propensity(numbers, levels, weights, centres, intercept, base, len(rows), dict(titles or {}))


def _stacked(
    matrix: Floats, came: Floats, base: float, half_lives: Sequence[int], parts: Parts
) -> tuple[Floats, float]:
    """Weights and intercept of steps and lines together; the line's share is chosen on the newest rows."""
    weight = _line_weight(matrix, came, base, half_lives, parts)
    values, intercept = _both(matrix, came, base, half_lives, parts, weighs=weight > 0)
    return (1 - weight) * values[0] + weight * values[1], (1 - weight) * intercept[0] + weight * intercept[1]


def _line_weight(matrix: Floats, came: Floats, base: float, half_lives: Sequence[int], parts: Parts) -> float:
    """Of LINE_WEIGHTS the one with the least log-loss on the newest rows, both taught by the older ones."""
    cut = int(len(came) * (1 - NEWEST))
    older, newest = came[:cut], came[cut:]
    if min(older.sum(), len(older) - older.sum()) < FEWEST_TO_WEIGH or newest.min(initial=1) == newest.max(
        initial=0
    ):
        return 0.0
    values, intercept = _both(matrix[:cut], older, base, half_lives, parts, weighs=True)
    told = [matrix[cut:] @ values[place] + intercept[place] for place in (0, 1)]
    losses = [
        log_loss(newest, expit((1 - weight) * told[0] + weight * told[1]), labels=[0.0, 1.0])
        for weight in LINE_WEIGHTS
    ]
    return LINE_WEIGHTS[int(np.argmin(losses))]


def _both(
    matrix: Floats, came: Floats, base: float, half_lives: Sequence[int], parts: Parts, *, weighs: bool
) -> tuple[tuple[Floats, Floats], tuple[float, float]]:
    """Weights over all columns, and intercepts: of the steps, then of the lines, if that `weighs`."""
    steps, lines = np.zeros(matrix.shape[1]), np.zeros(matrix.shape[1])
    steps[parts.steps], first = _regressed(matrix[:, parts.steps], came, base, half_lives)
    if not weighs or came.min() == came.max():
        return (steps, lines), (first, first)
    with threadpool_limits(1):
        fitted = LogisticRegression(max_iter=500).fit(matrix[:, parts.lines], came > 0)
    lines[parts.lines] = fitted.coef_[0]
    return (steps, lines), (first, float(fitted.intercept_[0]))


def _parts(widths: Sequence[tuple[int, bool]]) -> Parts:
    """By the width of each column's part and whether it is a number, whose last is its line."""
    steps = [place < width - 1 if number else True for width, number in widths for place in range(width)]
    lines = [place >= width - 2 if number else True for width, number in widths for place in range(width)]
    return Parts(np.array(steps, dtype=np.bool_), np.array(lines, dtype=np.bool_))


def _regressed(matrix: Floats, came: Floats, base: float, half_lives: Sequence[int]) -> tuple[Floats, float]:
    """Weights and intercept, the mean over each pace of forgetting and each penalty."""
    if came.min() == came.max() or not matrix.shape[1]:
        return np.zeros(matrix.shape[1]), float(logit(base))
    found = []
    with threadpool_limits(1):
        for half_life, strength in product(half_lives, STRENGTHS):
            fitted = LogisticRegression(C=strength, max_iter=500)
            fitted.fit(matrix, came > 0, sample_weight=_forgetting(len(came), half_life))
            found.append(np.append(fitted.coef_[0], fitted.intercept_[0]))
    mean: Floats = np.mean(found, axis=0)
    return mean[:-1], float(mean[-1])


def _forgetting(rows: int, half_life: int) -> Floats:
    """What each row counts, the latest one."""
    weight: Floats = 0.5 ** ((rows - 1 - np.arange(rows)) / half_life)
    return weight


def _steps(values: pl.Series) -> Steps:
    known = values.drop_nulls().cast(pl.Float64).to_numpy()
    if not len(known):
        return Steps((), 0.0, 1.0, 0.0, 0.0)
    latest = known[-LATEST:]
    edges = np.unique(np.quantile(latest, np.arange(1, STEPS) / STEPS))
    low, high = np.quantile(known, [0.01, 0.99])
    return Steps(
        tuple(edges.tolist()), float(known.mean()), float(known.std()) or 1.0, float(low), float(high)
    )


def _levels(values: pl.Series) -> tuple[str, ...]:
    counts = _text(values).value_counts(name="rows").filter(pl.col("rows") >= FEWEST_OF_A_LEVEL)
    return tuple(sorted(counts[counts.columns[0]].to_list()))


def _text(values: pl.Series) -> pl.Series:
    return values.cast(pl.String).fill_null(NONE)


def _seen(values: pl.Series, steps: Steps | None, levels: Sequence[str]) -> Floats:
    """One column as the regressions see it: shape (rows, steps and three more) or (rows, levels)."""
    if steps is None:
        text = _text(values).to_numpy()
        return (
            np.array([text == level for level in levels], dtype=np.float64).reshape(len(levels), len(text)).T
        )
    missing = values.is_null().to_numpy()
    known = values.cast(pl.Float64).fill_null(steps.middle).to_numpy()
    above = [known > edge for edge in steps.edges]
    held = (np.clip(known, steps.low, steps.high) - steps.middle) / steps.spread
    line = np.clip((known - steps.middle) / steps.spread, -FARTHEST, FARTHEST)
    return np.column_stack([*above, held, missing, line]).astype(np.float64)


def _told(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
    return str(value)
