"""How right a model is: proper scores, ranking, lift and calibration, with intervals, by segment, beside a
naive rival.

Outcomes are 0 or 1 and answers probabilities, one a row, unless a function says otherwise. Only time parts
rows that teach from rows that judge: a random split shows a model its own future (Tashman, Int. J.
Forecasting 16, 2000).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn import metrics

from opslayer.errors import UsageError

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Score = Callable[[Booleans, Floats], float]

CERTAIN = 1e-3  # a probability is held within this of 0 and 1 before its logarithm is taken
BINS = 10
SAMPLES = 200
FEWEST = 30  # rows, and five of each outcome, below which a segment has no score
WHOLE = "all"
SCORES = {
    "segment": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "naive": pl.Float64,
    "rows": pl.Int64,
    "events": pl.Int64,
}


@dataclass(frozen=True)
class Split:
    """Rows whose outcome was known before `on`, and rows that were decided on it or after."""

    on: date | datetime
    train: pl.DataFrame
    test: pl.DataFrame


def split_by_time(rows: pl.DataFrame, *, features_at: str, labels_at: str, on: date | datetime) -> Split:
    """What could have been learnt by `on`, and what came after.

    `features_at` and `labels_at` name columns: when the features were known, and the outcome (null: not yet).
    Rows decided before `on` whose outcome came later are in neither part. Raises UsageError where an outcome
    was known before its features, or where a row has no time of its features.
    """
    if rows[features_at].null_count():
        raise UsageError(
            f"{rows[features_at].null_count()} rows do not say when their features were known",
            mend=f"give each row its time in {features_at!r}, or leave it out",
        )
    early = rows.filter(pl.col(labels_at) < pl.col(features_at))
    if len(early):
        raise UsageError(
            f"{len(early)} of {len(rows)} rows have an outcome ({labels_at!r}) older than their features "
            f"({features_at!r}), such as {early[labels_at][0]} before {early[features_at][0]}",
            mend="give the time at which the features were known, not the time of reading them",
        )
    return Split(on, train=rows.filter(pl.col(labels_at) < on), test=rows.filter(pl.col(features_at) >= on))


def brier(outcome: Booleans, probability: Floats) -> float:
    """Mean square of probability less outcome (Brier 1950); a coin scores 0.25."""
    return float(metrics.brier_score_loss(np.asarray(outcome, dtype=np.bool_), probability, pos_label=True))


def log_loss(outcome: Booleans, probability: Floats) -> float:
    """Mean of minus the logarithm of the probability given to what came; a coin scores 0.693."""
    held = np.clip(probability, CERTAIN, 1 - CERTAIN)
    return float(metrics.log_loss(outcome, held, labels=[False, True]))


def auc(outcome: Booleans, score: Floats) -> float:
    """Chance that a row with the outcome scored above one without (area under the ROC curve); a coin: 0.5."""
    return float(metrics.roc_auc_score(outcome, score))


def lift(outcome: Booleans, score: Floats, share: float = 0.1) -> float:
    """How many times as often the outcome came among the `share` of rows with the highest scores as among
    all.

    Rows that tie at the edge count in part, so that the order of rows does not matter.
    """
    wanted = ceil(share * len(score))
    edge = np.partition(score, -wanted)[-wanted]
    above, tied = score > edge, score == edge
    found = outcome[above].sum() + outcome[tied].mean() * (wanted - above.sum())
    return float(found / wanted / np.mean(outcome))


def calibration_error(outcome: Booleans, probability: Floats, bins: int = BINS) -> float:
    """Mean distance of probability from how often the outcome came, over bins of as many rows each.

    The expected calibration error with adaptive bins (Nixon et al., CVPR workshops 2019). Noise alone lifts
    it above zero where rows are few: read it with its interval.
    """
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    distance = [len(part) * abs(probability[part].mean() - outcome[part].mean()) for part in parts]
    return float(sum(distance) / len(probability))


def pinball(actual: Floats, forecast: Floats, quantile: float) -> float:
    """Mean loss of a forecast of a quantile, in the unit of what is forecast (Koenker and Bassett 1978)."""
    return float(metrics.mean_pinball_loss(actual, forecast, alpha=quantile))


def crps(actual: Floats, quantiles: Mapping[float, Floats]) -> float:
    """Continuous ranked probability score of forecasts given as quantiles, in the unit of what is forecast.

    Twice the mean pinball loss over evenly spaced quantiles (Gneiting and Raftery, JASA 102, 2007).
    """
    return 2 * float(np.mean([pinball(actual, forecast, level) for level, forecast in quantiles.items()]))


METRICS: Mapping[str, Score] = {
    "log_loss": log_loss,
    "brier": brier,
    "auc": auc,
    "lift_10": lift,
    "calibration_error": calibration_error,
}


def evaluate(
    rows: pl.DataFrame,
    *,
    naive: str = "naive",
    segment: str | None = None,
    entity: str | None = None,
    confidence: float = 0.95,
    samples: int = SAMPLES,
    seed: int = 0,
) -> pl.DataFrame:
    """One row a segment and metric (columns of SCORES), the whole first; intervals by bootstrap over
    entities.

    `rows` has outcome (Boolean; rows without one are left out), answer, and the column `naive` of the
    rival's answers. Rows of one `entity` are drawn together: they are not independent. A segment with fewer
    than FEWEST rows, or fewer than five of either outcome, has no scores.
    """
    judged = rows.drop_nulls(["outcome", "answer"])
    parts: list[tuple[str, pl.DataFrame]] = [(WHOLE, judged)]
    if segment is not None:
        groups = judged.with_columns(pl.col(segment).cast(pl.String).fill_null("(none)"))
        parts += [
            (str(key[0]), part) for key, part in groups.sort(segment).group_by(segment, maintain_order=True)
        ]
    found = [
        row for name, part in parts for row in _scored(name, part, naive, entity, confidence, samples, seed)
    ]
    return pl.DataFrame(found, schema=SCORES, orient="row")


def _scored(
    name: str, rows: pl.DataFrame, naive: str, entity: str | None, confidence: float, samples: int, seed: int
) -> list[tuple[object, ...]]:
    outcome = rows["outcome"].cast(pl.Boolean).to_numpy()
    events = int(outcome.sum())
    if len(outcome) < FEWEST or min(events, len(outcome) - events) < 5:
        return []
    answer, rival = rows["answer"].to_numpy(), rows[naive].to_numpy()
    draws = bootstrap(rows[entity] if entity else None, len(rows), samples=samples, seed=seed)
    drawn: dict[str, list[float]] = {metric: [] for metric in METRICS}
    for chosen in draws:
        if 0 < outcome[chosen].sum() < len(chosen):
            for metric, score in METRICS.items():
                drawn[metric].append(score(outcome[chosen], answer[chosen]))
    tail = (1 - confidence) / 2
    return [
        (
            name, metric, score(outcome, answer), *np.quantile(drawn[metric], [tail, 1 - tail]).tolist(),
            score(outcome, rival), len(outcome), events,
        )
        for metric, score in METRICS.items()
    ]  # fmt: skip


def bootstrap(entity: pl.Series | None, rows: int, *, samples: int, seed: int = 0) -> list[NDArray[np.intp]]:
    """Places of rows drawn with replacement, `samples` times; all rows of an entity come or stay together."""
    chance = np.random.default_rng(seed)
    if entity is None:
        return [chance.integers(0, rows, rows) for _ in range(samples)]
    codes = entity.rank("dense").fill_null(0).to_numpy().astype(np.intp)
    order = np.argsort(codes, kind="stable")
    blocks = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    return [
        np.concatenate([blocks[place] for place in chance.integers(0, len(blocks), len(blocks))])
        for _ in range(samples)
    ]
