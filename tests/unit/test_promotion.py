"""A challenger takes the champion's place by a gain that is not chance, and by no other."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from opslayer.errors import UsageError
from opslayer.modelops.promotion import Bar, judge


def answered(seed: int, *, rows: int, better: float, clients: int | None = None) -> pl.DataFrame:
    """Rows whose truth the challenger knows better than the champion by so much of the log-odds' noise."""
    chance = np.random.default_rng(seed)
    truth = chance.normal(-1, 1.2, rows)
    shared = chance.normal(0, 1, rows)
    noise = [truth + 0.8 * (shared * (1 - better) + 0.1 * chance.normal(0, 1, rows)), truth + 0.8 * shared]
    told = [1 / (1 + np.exp(-part)) for part in noise]
    return pl.DataFrame(
        {
            "outcome": chance.random(rows) < 1 / (1 + np.exp(-truth)),
            "challenger": told[0],
            "champion": told[1],
            "client": np.arange(rows) % (clients or rows),
        }
    )


def test_a_real_gain_is_promoted_and_says_so() -> None:
    found = judge(answered(1, rows=1500, better=0.8))
    assert found.promote
    assert 0 < found.lower < found.gain < found.upper
    assert "The challenger is promoted." in found.reasons


def test_of_two_that_are_alike_few_are_promoted() -> None:
    alike = [judge(answered(seed, rows=300, better=0.0), samples=300).promote for seed in range(60)]
    assert sum(alike) <= 6  # one side of 95 %: 1.5 of 60 expected, above 6 in one of 1,600 runs


def test_a_sure_gain_below_the_minimum_is_not_enough() -> None:
    rows = answered(1, rows=1500, better=0.8)
    assert "that is asked for: the champion stays" in judge(rows, bar=Bar(absolute=0.5)).reasons
    assert not judge(rows, bar=Bar(relative=0.9)).promote


def test_many_rows_of_few_clients_are_few() -> None:
    rows = answered(1, rows=1500, better=0.8, clients=12)
    found = judge(rows, entity="client")
    assert not found.promote
    assert found.entities == 12
    assert "too few to judge by" in found.reasons
    wide, narrow = (judge(rows.with_columns(client=pl.col("client") % n), entity="client") for n in (2, 12))
    assert wide.gain == narrow.gain


def test_labels_are_judged_by_errors_and_rows_without_an_outcome_by_nobody() -> None:
    rows = pl.DataFrame(
        {"outcome": ["a", "b"] * 40, "champion": ["a", "a"] * 40, "challenger": ["a", "b"] * 40}
    )
    found = judge(pl.concat([rows, rows.with_columns(outcome=pl.lit(None, pl.String))]), metric="error")
    assert (found.champion_loss, found.challenger_loss, found.rows, found.promote) == (0.5, 0.0, 80, True)
    assert not judge(rows.clear(), metric="error").promote
    with pytest.raises(UsageError, match="no loss is called 'accuracy'"):
        judge(rows, metric="accuracy")
