"""The demo firm's leads: the chance told when they came in, beside the share that was won; by time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import polars as pl
import pytest

from opslayer import demo
from opslayer.intelligence import drifting, lead
from opslayer.modelops import leak
from opslayer.modelops.promotion import judge
from opslayer.modelops.scores import split_by_time
from opslayer.warehouse import open_layer
from tests.planted import Planted


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_score_is_better_than_the_share_on_leads_that_came_later(
    planted: Callable[[int], Planted], seed: int
) -> None:
    with open_layer(planted(seed).firm) as layer:
        history = layer.query("lead_history").drop_nulls("label")
    split = split_by_time(
        history, features_at="decided_at", labels_at="known_at", on=demo.AS_OF - timedelta(days=500)
    )
    told = lead.LeadScore().fit(split.train).predict(split.test)
    share = int(split.train["label"].sum()) / len(split.train)
    rows = split.test.select("party_id", outcome="label", champion=pl.lit(share))
    found = judge(rows.with_columns(challenger=told["answer"]), entity="party_id", samples=500)
    assert found.promote, found.reasons


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_clients_who_stopped_are_named_and_hardly_anybody_else(
    planted: Callable[[int], Planted], seed: int
) -> None:
    stopped = set(planted(seed).answers["clients_who_stopped"])
    with open_layer(planted(seed).firm) as layer:
        found = drifting.run(layer, as_of=demo.AS_OF)["client_drift"]
    named = {
        key.split(":")[-1] for key in found.filter(pl.col("is_drifting") | pl.col("is_silent"))["party_id"]
    }
    known = {key.split(":")[-1] for key in found["party_id"]}
    assert len(named & stopped) >= 0.8 * len(stopped & known)
    assert len(named & stopped) >= 0.7 * len(named)


def test_nothing_of_a_lead_tells_how_it_ended(planted: Callable[[int], Planted]) -> None:
    with open_layer(planted(1).firm) as layer:
        history = layer.query("lead_history").drop_nulls("label")
    assert leak.too_good(history, features=lead.FEATURES, outcome="label") == []
