"""What a capable person would take off the shelf for the chance of an outcome: plain logistic regression,
boosted trees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from opslayer.modelops import scores

LOGISTIC, TREES = "logistic regression", "gradient boosting"
METRICS: Mapping[str, tuple[Callable[..., float], bool]] = {
    "AUC": (scores.auc, True),
    "log-loss": (scores.log_loss, False),
    "Brier score": (scores.brier, False),
    "lift at 10 %": (scores.lift, True),
    "calibration error": (scores.calibration_error, False),
}
LEVELS = 200
SAMPLES = 200


def logistic(train: pl.DataFrame, test: pl.DataFrame, features: Sequence[str]) -> Any:
    """One-hot levels and standardised numbers, scikit-learn's own penalty."""
    numbers, texts = _parted(train, features)
    encoded = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", max_categories=LEVELS), texts), (StandardScaler(), numbers)
    )
    fitted = make_pipeline(encoded, LogisticRegression(max_iter=500))
    fitted.fit(_filled(train, numbers, texts), train["label"].to_numpy())
    return fitted.predict_proba(_filled(test, numbers, texts))[:, 1]


def trees(train: pl.DataFrame, test: pl.DataFrame, features: Sequence[str]) -> Any:
    """scikit-learn's histogram boosting as it comes, levels as categories."""
    numbers, texts = _parted(train, features)
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=LEVELS
    ).fit(_filled(train, numbers, texts)[texts])
    given = [
        np.column_stack(
            [codes.transform(_filled(part, numbers, texts)[texts]), part.select(numbers).to_numpy()]
        )
        for part in (train, test)
    ]
    fitted = HistGradientBoostingClassifier(random_state=0, categorical_features=list(range(len(texts))))
    return fitted.fit(given[0], train["label"].to_numpy()).predict_proba(given[1])[:, 1]


RIVALS: Mapping[str, Callable[..., Any]] = {LOGISTIC: logistic, TREES: trees}


def table(name: str, scale: str, came: Any, ours: Any, rivals: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a metric and rival; the difference has its 95 % interval over SAMPLES paired draws."""
    draws = scores.bootstrap(None, len(came), samples=SAMPLES)
    rows = []
    for metric, (score, higher) in METRICS.items():
        drawn = np.array([score(came[chosen], ours[chosen]) for chosen in draws])
        for rival, theirs in rivals.items():
            found = score(came, ours), score(came, theirs)
            apart = drawn - np.array([score(came[chosen], theirs[chosen]) for chosen in draws])
            low, high = np.quantile(apart, [0.025, 0.975])
            rows.append(
                {
                    "name": f"{name}, {metric}",
                    "scale": scale,
                    "ours": f"{found[0]:.4f}",
                    "rival": rival,
                    "rivals": f"{found[1]:.4f}",
                    "claim": f"{'higher' if higher else 'lower'} is better; "
                    f"difference {found[0] - found[1]:+.4f} ({low:+.4f} to {high:+.4f} at 95 %)",
                }
            )
    return rows


def _parted(rows: pl.DataFrame, features: Sequence[str]) -> tuple[list[str], list[str]]:
    numbers = [name for name in features if rows[name].dtype.is_numeric()]
    return numbers, [name for name in features if name not in numbers]


def _filled(rows: pl.DataFrame, numbers: list[str], texts: list[str]) -> Any:
    return rows.select(
        pl.col(numbers).cast(pl.Float64).fill_null(0), pl.col(texts).cast(pl.String).fill_null("none")
    ).to_pandas()
