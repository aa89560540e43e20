"""What is told of a version before outcomes come: inputs that moved, and how right it should be."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from opslayer.modelops.capture import Judged
from opslayer.modelops.monitoring import came, expected, moved, of_few_kinds
from opslayer.modelops.scores import log_loss

DAY = date(2026, 11, 16)


def rows(count: int, seed: int, *, spread: float = 2.0, moved_by: float = 0.0) -> pl.DataFrame:
    """Calibrated answers: outcomes come as often as told."""
    chance = np.random.default_rng(seed)
    size = chance.normal(moved_by, 1, count)
    answer = 1 / (1 + np.exp(-spread * size))
    return pl.DataFrame({"size": size, "answer": answer, "outcome": chance.random(count) < answer})


def test_an_input_that_moved_is_named_and_the_score_with_it() -> None:
    found = {row["name"]: row for row in moved(rows(2000, 1), rows(1500, 2, moved_by=1).drop("outcome"))}
    assert (found["size"]["is_drifted"], found["size"]["aspect"]) == (True, "input")
    assert (found["the score"]["is_drifted"], found["the score"]["aspect"]) == (True, "score")
    same = moved(rows(2000, 1), rows(1500, 3).drop("outcome"))
    assert not any(row["is_drifted"] for row in same)
    (few,) = moved(rows(2000, 1), rows(10, 2).drop("outcome"))
    assert few["reasons"].startswith("10 rows came since")


@pytest.mark.parametrize(("spread", "harder"), [(2.0, False), (0.7, True)])
def test_the_loss_that_is_expected_is_the_loss_that_comes(spread: float, harder: bool) -> None:
    now = rows(1500, 5, spread=spread)
    found = expected(rows(2000, 4), now.drop("outcome"), metric="log_loss")
    assert found is not None
    came_to = log_loss(now["outcome"].to_numpy(), now["answer"].to_numpy())
    assert found["lower"] < came_to < found["upper"]
    assert found["is_drifted"] is harder


def test_answers_that_were_too_sure_are_put_right_before_anything_is_expected() -> None:
    def sure(part: pl.DataFrame) -> pl.DataFrame:
        odds = 2 * (pl.col("answer") / (1 - pl.col("answer"))).log()
        return part.with_columns(answer=1 / (1 + (-odds).exp()))

    now = sure(rows(3000, 7))
    found = expected(sure(rows(3000, 6)), now.drop("outcome"), metric="log_loss")
    assert found is not None
    assert found["statistic"] == pytest.approx(
        log_loss(now["outcome"].to_numpy(), now["answer"].to_numpy()), abs=0.04
    )


def test_how_late_outcomes_come_is_said() -> None:
    judged = [Judged(0.5, 1.0, DAY, date(2027, 2, 14), "1", "served")]
    told = came(None, judged, delay_days=180)["reasons"]
    assert "waited for 180 days" in told
    assert "known within 90 days" in told


def test_free_text_is_not_kept_beside_a_model() -> None:
    given = pl.DataFrame(
        {"text": [f"mail {n} of Ann" for n in range(200)], "kind": ["a", "b"] * 100, "n": range(200)}
    )
    assert of_few_kinds(given, ["text", "kind", "n"]) == ["kind", "n"]
