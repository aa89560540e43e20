"""The demo firm's calls: more are missed at lunch, and what is learnt tells them from others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from opslayer import demo
from opslayer.intelligence.calls.missed import FEATURES, MissedCall
from opslayer.modelops import leak
from opslayer.modelops.scores import split_by_time
from opslayer.warehouse import open_layer
from tests.planted import Planted


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_calls_at_lunch_are_told_from_others(planted: Callable[[int], Planted], seed: int) -> None:
    with open_layer(planted(seed).firm) as layer:
        history = layer.query("call_history")
    known, to_come = history.drop_nulls("label"), history.filter(pl.col("label").is_null())
    split = split_by_time(
        known, features_at="decided_at", labels_at="known_at", on=demo.AS_OF - timedelta(days=28)
    )
    told = MissedCall().fit(split.train).predict(split.test)["answer"]
    assert roc_auc_score(split.test["label"], told) > 0.55
    assert leak.too_good(known, features=FEATURES, outcome="label") == []

    risk = to_come.with_columns(MissedCall().fit(known).predict(to_come)["answer"])
    lunch = pl.col("hour").is_in([12, 13])
    assert risk.filter(lunch)["answer"].mean() > 1.3 * risk.filter(~lunch)["answer"].mean()  # type: ignore[operator]
