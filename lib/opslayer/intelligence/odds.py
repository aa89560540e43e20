"""The chance of a yes from whatever inputs a capability names: logistic regression, with its reasons.

A firm that names a history query and inputs in a capability of its own has a model without a line of code.
Numbers are standardised and what is missing is a level of its own, words are told apart by level; the weights
are held small by ridge (Hoerl and Kennard 1970), so that few rows do not make certain of little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

LEVELS = 30  # of a text, the most frequent; the others are one
WORTH_SAYING = 0.15  # log odds from which an input is given as a reason: four points at an even chance
SAID = 3  # reasons at most
Floats = NDArray[np.float64]


class Odds:
    """Learns the chance that `label` is true from all columns that are neither subject, label nor a time."""

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> OddsModel:
        """`rows` has the inputs and `label` (Boolean); subject, decided_at and known_at are no inputs."""
        inputs = rows.drop("subject", "label", "decided_at", "known_at", strict=False)
        columns = [_column(inputs[name]) for name in inputs.columns]
        label = rows["label"].cast(pl.Boolean).to_numpy()
        fitted = LogisticRegression(C=1.0, max_iter=1_000, random_state=seed).fit(
            _matrix(columns, inputs), label
        )
        return OddsModel(columns, fitted.coef_[0], float(fitted.intercept_[0]))


@dataclass(frozen=True)
class Column:
    """How one input becomes numbers: a standardised number and whether it is missing, or one per level."""

    name: str
    levels: list[str]
    middle: float = 0.0
    spread: float = 1.0

    @property
    def width(self) -> int:
        return len(self.levels) or 2


@dataclass(frozen=True)
class OddsModel:
    """`weights` in log odds a unit of each number; they add up to the log odds of the chance."""

    columns: list[Column]
    weights: Floats
    intercept: float

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row a row: answer (chance, 0 to 1), confidence (none of its own), reasons."""
        matrix = _matrix(self.columns, rows)
        parts = matrix * self.weights
        chance = 1 / (1 + np.exp(-(self.intercept + parts.sum(axis=1))))
        ends = np.cumsum([column.width for column in self.columns])
        told = np.column_stack([part.sum(axis=1) for part in np.split(parts, ends[:-1], axis=1)])
        values = rows.select(column.name for column in self.columns).rows()
        reasons = [self._reasons(value, odds) for value, odds in zip(values, told, strict=True)]
        return pl.DataFrame(
            {"answer": chance, "confidence": [None] * len(reasons), "reasons": reasons},
            schema={"answer": pl.Float64, "confidence": pl.Float64, "reasons": pl.String},
        )

    def _reasons(self, values: tuple[object, ...], odds: Floats) -> str:
        largest = [
            place for place in np.argsort(-np.abs(odds), kind="stable") if abs(odds[place]) >= WORTH_SAYING
        ]
        said = [
            f"{self.columns[place].name.replace('_', ' ')} {_shown(values[place])} "
            f"{'raises' if odds[place] > 0 else 'lowers'} it"
            for place in largest[:SAID]
        ]
        return f"{'; '.join(said).capitalize()}." if said else "Nothing about it is out of the ordinary."


def _column(values: pl.Series) -> Column:
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        numbers = values.cast(pl.Float64)
        middle, spread = numbers.mean(), numbers.std()
        return Column(
            values.name,
            [],
            middle if isinstance(middle, float) else 0.0,
            spread if isinstance(spread, float) and spread > 0 else 1.0,
        )
    counts = values.cast(pl.String).fill_null("").value_counts(sort=False, name="rows")
    frequent = counts.sort("rows", values.name, descending=[True, False]).head(LEVELS)
    return Column(values.name, sorted(frequent[values.name].to_list()))


def _matrix(columns: list[Column], rows: pl.DataFrame) -> Floats:
    """Shape (rows, numbers of all columns)."""
    parts = []
    for column in columns:
        values = rows[column.name]
        if column.levels:
            words = values.cast(pl.String).fill_null("").to_numpy()
            parts.append((words[:, None] == np.array(column.levels)[None, :]).astype(np.float64))
        else:
            numbers = values.cast(pl.Float64)
            scaled = ((numbers - column.middle) / column.spread).fill_null(0.0).to_numpy()
            parts.append(np.column_stack([scaled, numbers.is_null().to_numpy().astype(np.float64)]))
    return np.column_stack(parts) if parts else np.zeros((rows.height, 0))


def _shown(value: object) -> str:
    if value is None or value == "":
        return "unknown"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
