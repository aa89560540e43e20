"""The demo firm's deals: the model's chances beside stage weights, at past days."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opslayer import demo
from opslayer.intelligence import win
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
