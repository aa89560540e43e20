"""A holdout: intervals cover what was planted; nothing is claimed of nothing, or on broken arms."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from opslayer.actions.holdout import is_drawn
from opslayer.intelligence.effect import estimate

MANY = 300  # drawn firms a test


def firms(
    treated: float,
    control: float,
    *,
    share: float = 0.2,
    subjects: int = 800,
    lost: float = 0.0,
    many: int = MANY,
) -> pl.DataFrame:
    """So many rules with a planted share settled in each arm; `lost` of the control arm is not recorded."""
    chance = np.random.default_rng(7)
    shape = (many, subjects)
    is_control = chance.random(shape) < share
    settled = chance.random(shape) < np.where(is_control, control, treated)
    amount = chance.lognormal(8, 0.8, shape) * settled
    kept = ~(is_control & (chance.random(shape) < lost))
    rule = np.repeat(np.arange(many), subjects).astype(str)
    frame = pl.DataFrame(
        {
            "rule": rule,
            "arm": np.where(is_control.ravel(), "control", "treatment"),
            "share": share,
            "is_reached": ~is_control.ravel(),
            "is_settled": settled.ravel(),
            "settled_days": np.where(settled.ravel(), 10.0, 30.0),
            "settled_amount": amount.ravel(),
        }
    )
    return frame.filter(kept.ravel())


def test_the_interval_covers_a_planted_effect_as_often_as_it_says() -> None:
    found = estimate(firms(0.65, 0.45))
    worth = np.exp(8 + 0.8**2 / 2) * 0.2
    for lower, upper, truth in (("lower", "upper", 0.2), ("amount_lower", "amount_upper", worth)):
        covered = found.select(((pl.col(lower) <= truth) & (pl.col(upper) >= truth)).mean()).item()
        assert covered == pytest.approx(0.95, abs=0.03)
    assert (found["verdict"] == "proven").mean() > 0.8
    supported = found.filter(verdict="proven")
    assert supported.select(
        (
            pl.col("supported_amount")
            <= pl.max_horizontal(0, pl.col("amount_difference") * pl.col("treated"))
        ).all()
    ).item()
    assert (supported["supported_amount"] <= worth * supported["treated_judged"]).mean() > 0.95


def test_who_was_not_reached_counts_in_the_arm_and_for_no_money() -> None:
    all_reached = firms(0.75, 0.35, many=3)
    third = pl.int_range(pl.len()) % 3 == 0
    some = all_reached.with_columns(is_reached=pl.col("is_reached") & ~third)
    one, other = estimate(all_reached), estimate(some)
    differing = ("reached", "supported_amount")
    assert one.drop(differing).equals(other.drop(differing))
    assert set(one["verdict"]) == {"proven"}
    ratio = other["supported_amount"] / one["supported_amount"]
    assert (ratio - other["reached"] / other["treated"]).abs().max() < 1e-9
    assert (other["reached"] < one["reached"]).all()


def test_where_nothing_happens_nothing_is_claimed() -> None:
    found = estimate(firms(0.5, 0.5))
    assert found["verdict"].is_in(["proven", "harmful"]).mean() <= 0.05
    assert (found.filter(pl.col("verdict") != "proven")["supported_amount"] == 0).all()
    assert (found["sample_ratio_p"] < 0.001).mean() < 0.01


def test_arms_that_lost_somebody_stop_the_claim() -> None:
    found = estimate(firms(0.6, 0.45, lost=0.6, many=100))
    assert set(found["verdict"]) == {"stopped"}
    assert (found["supported_amount"] == 0).all()
    assert "somebody is missing" in found["reasons"][0]


def test_an_outcome_that_is_known_of_one_arm_only_stops_it_too() -> None:
    half = pl.when((pl.col("arm") == "control") & (pl.int_range(pl.len()) % 2 == 0)).then(None)
    found = estimate(firms(0.6, 0.45, many=5).with_columns(half.otherwise("is_settled").alias("is_settled")))
    assert set(found["verdict"]) == {"stopped"}


def test_few_subjects_prove_nothing_and_it_says_how_many_would() -> None:
    row = estimate(firms(0.7, 0.4, share=0.05, subjects=30, many=1)).row(0, named=True)
    assert 0 < row["left_alone"] < 4
    assert row["verdict"] == "unproven"
    more = estimate(firms(0.6, 0.45, subjects=100, many=40)).filter(pl.col("difference").abs() > 0.05)
    assert (more.filter(verdict="unproven")["subjects_needed"] > 100).all()
    assert (more["share_detectable"].drop_nulls() > 0.2).all()


def test_harm_is_named_and_no_money_is_claimed_for_it() -> None:
    found = estimate(firms(0.3, 0.6, many=5))
    assert set(found["verdict"]) == {"harmful"}
    assert (found["supported_amount"] == 0).all()


def test_nobody_judged_is_no_effect() -> None:
    waiting = firms(0.5, 0.5, subjects=40, many=1).with_columns(
        is_settled=pl.lit(None, pl.Boolean), settled_amount=pl.lit(None, pl.Float64),
        settled_days=pl.lit(None, pl.Float64),
    )  # fmt: skip
    row = estimate(waiting).row(0, named=True)
    assert (row["verdict"], row["difference"], row["treated"] + row["left_alone"]) == ("unproven", None, 40)
    assert estimate(waiting.clear()).is_empty()


def test_the_draw_is_nested_even_and_each_rules_own() -> None:
    subjects = [f"ledger:C{n:05d}" for n in range(20_000)]
    arms = {share: {s for s in subjects if is_drawn("reminder", s, share)} for share in (0.05, 0.1, 0.5)}
    assert arms[0.05] < arms[0.1] < arms[0.5]
    for share, drawn in arms.items():
        assert len(drawn) / len(subjects) == pytest.approx(
            share, abs=4 * (share * (1 - share) / 20_000) ** 0.5
        )
    other = {s for s in subjects if is_drawn("follow_up", s, 0.5)}
    assert len(other & arms[0.5]) / len(other) == pytest.approx(0.5, abs=0.02)
