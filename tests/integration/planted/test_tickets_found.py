"""The demo firm's tickets: those likely to be late are told from the others, and who ends each is named."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from opslayer import demo
from opslayer.intelligence.ticket.risk import TicketRisk
from opslayer.intelligence.ticket.routing import RouteClassifier
from opslayer.warehouse import open_layer
from tests.planted import Planted, bare


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_open_tickets_are_told_apart(planted: Callable[[int], Planted], seed: int) -> None:
    planned = planted(seed).answers["tickets_open"]
    with open_layer(planted(seed).firm) as layer:
        history = layer.query("ticket_history")
    still_open, ended = history.filter("is_open"), history.filter(~pl.col("is_open"))
    assert {bare(key) for key in still_open["subject"]} == set(planned)
    assert ended["known_at"].max().date() <= demo.AS_OF  # type: ignore[union-attr]
    truth = [planned[bare(key)] for key in still_open["subject"]]

    risk = TicketRisk().fit(ended).predict(still_open)["answer"]
    likely = [one["late_chance"] > 0.5 for one in truth]
    assert roc_auc_score(likely, risk) > 0.9

    routed = RouteClassifier().fit(ended).predict(still_open)
    right = [answer == one["team"] for answer, one in zip(routed["answer"], truth, strict=True) if answer]
    assert len(right) > 0.8 * len(truth)
    assert sum(right) >= 0.9 * len(right)
