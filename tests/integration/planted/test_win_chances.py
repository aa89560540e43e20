"""The demo firm's deals: the model's chances beside stage weights, at past days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from opslayer import demo
from opslayer.intelligence import win
from opslayer.modelops.promotion import judge
from opslayer.modelops.scores import split_by_time
from opslayer.warehouse import open_layer
from tests.planted import Planted


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_chances_are_no_worse_than_stage_weights(planted: Callable[[int], Planted], seed: int) -> None:
    with open_layer(planted(seed).firm) as layer:
        tables = win.run(layer, as_of=demo.AS_OF)
    value = {
        (r["model"], r["metric"]): r["value"] for r in tables["win_backtest"].filter(bucket=0).to_dicts()
    }
    for metric in ("brier", "log_loss"):
        assert value[win.MODEL, metric] <= value[win.RIVAL, metric]
    assert 0.75 <= value[win.MODEL, "close_coverage"] <= 0.95
    forecast = tables["win_forecast"]
    assert len(forecast) > 0
    assert not forecast["is_fallback"].any()
    assert (forecast["close_earliest"] > demo.AS_OF).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_asked_of_the_registry_beats_stage_weights_on_later_days(
    planted: Callable[[int], Planted], seed: int
) -> None:
    """Taught by what was known half a year before the first day it is judged on; days too."""
    with open_layer(planted(seed).firm) as layer:
        history = layer.query("win_history").drop_nulls("label")
    split = split_by_time(
        history, features_at="decided_at", labels_at="known_at", on=demo.AS_OF - timedelta(days=400)
    )
    asked = split.test.drop("label", "weeks", "known_at", "decided_at")
    ours, rival = win.WinProbability().fit(split.train).predict(asked), win.stage_weight(asked)
    rows = split.test.select("subject", outcome="label", champion=rival["answer"], challenger=ours["answer"])
    for metric in ("brier", "log_loss"):
        found = judge(rows, metric=metric, entity="subject", samples=500, rival="the stage weights")
        assert found.promote, found.reasons
    days = 7 * split.test["weeks"]
    off, rivals = ((days - told["decided_in_days"].list.get(1)).abs().mean() for told in (ours, rival))
    assert off < rivals, (off, rivals)
    ends = [ours["decided_in_days"].list.get(place) for place in (0, 2)]
    inside = days.is_between(*ends).mean()
    assert 0.7 <= inside <= 0.95, inside
