"""Scores, and what parts rows that teach from rows that judge."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from opslayer.errors import UsageError
from opslayer.modelops import scores


def test_scores_against_what_is_worked_out_by_hand() -> None:
    came, told = np.array([True, False, True, False]), np.array([0.9, 0.2, 0.6, 0.6])
    assert scores.brier(came, told) == pytest.approx((0.01 + 0.04 + 0.16 + 0.36) / 4)
    assert scores.log_loss(came, told) == pytest.approx(-np.log([0.9, 0.8, 0.6, 0.4]).mean())
    assert scores.auc(came, told) == pytest.approx(3.5 / 4)
    assert scores.pinball(np.array([10.0, 0.0]), np.array([8.0, 4.0]), 0.9) == pytest.approx((1.8 + 0.4) / 2)
    assert scores.crps(np.array([3.0]), {0.5: np.array([1.0])}) == pytest.approx(
        2.0
    )  # of a point: its distance


def test_lift_counts_ties_in_part_and_not_by_the_order_of_rows() -> None:
    came = np.array([True] * 10 + [False] * 90)
    assert scores.lift(came, came.astype(float)) == pytest.approx(10)
    assert scores.lift(came, np.zeros(100)) == scores.lift(came[::-1], np.zeros(100)) == pytest.approx(1)


def test_calibration_error_tells_a_true_probability_from_one_doubled() -> None:
    chance = np.random.default_rng(3)
    told = chance.uniform(0.05, 0.45, 20_000)
    came = chance.random(20_000) < told
    assert scores.calibration_error(came, told) < 0.015
    assert scores.calibration_error(came, 2 * told) == pytest.approx(0.25, abs=0.02)


def test_each_segment_has_its_scores_with_intervals_beside_the_naive_rival() -> None:
    chance = np.random.default_rng(5)
    told = chance.beta(1, 4, 900)
    rows = pl.DataFrame(
        {
            "outcome": chance.random(900) < told,
            "answer": told,
            "naive": np.full(900, 0.2),
            "size": ["small"] * 420 + ["large"] * 460 + ["rare"] * 20,
            "client": [f"c{place // 3}" for place in range(900)],
        }
    )
    found = scores.evaluate(rows, segment="size", entity="client", samples=30)
    assert found["segment"].unique().sort().to_list() == [
        "all",
        "large",
        "small",
    ]  # of 20 rows nothing is said
    whole = {row["metric"]: row for row in found.filter(segment="all").iter_rows(named=True)}
    assert whole["auc"]["naive"] == 0.5
    assert whole["log_loss"]["value"] < whole["log_loss"]["naive"]
    assert all(
        row["lower"] <= row["value"] <= row["upper"] for m, row in whole.items() if m != "calibration_error"
    )
    assert scores.evaluate(rows, segment="size", entity="client", samples=30).equals(found)


def test_rows_are_parted_by_time_and_one_that_saw_ahead_is_refused() -> None:
    rows = pl.DataFrame(
        {
            "asked": [date(2026, 1, 1), date(2026, 1, 20), date(2026, 2, 3)],
            "known": [date(2026, 1, 9), date(2026, 2, 9), None],
        }
    )
    split = scores.split_by_time(rows, features_at="asked", labels_at="known", on=date(2026, 2, 1))
    assert (split.train["asked"].to_list(), split.test["asked"].to_list()) == (
        [date(2026, 1, 1)],
        [date(2026, 2, 3)],
    )
    ahead = rows.with_columns(known=pl.lit(date(2026, 1, 10)))
    with pytest.raises(UsageError, match="2 of 3 rows have an outcome"):
        scores.split_by_time(ahead, features_at="asked", labels_at="known", on=date(2026, 2, 1))
