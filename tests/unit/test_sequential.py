"""What may be looked at after every row: decay, the canary's guardrail, experiments."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from opslayer.errors import UsageError
from opslayer.modelops import experiments, serving
from opslayer.modelops.decay import expected_scores, matured, watch_losses, watch_probabilities
from opslayer.modelops.experiments import Experiment
from opslayer.modelops.scores import auc
from opslayer.modelops.sequential import difference, lower_bound, upper_bound

ALPHA = 0.05
STREAMS = 200
TOO_MANY = 18  # of 200 at 5 %: as many or more in fewer than 1 of 100 runs


def told(chance: np.random.Generator, rows: int, *, factor: float = 1.0) -> pl.DataFrame:
    """Answers as a fallible model gives them; outcomes come `factor` times as often as they used to."""
    truth = chance.beta(1, 9, rows)
    return pl.DataFrame(
        {"outcome": chance.random(rows) < truth * factor, "answer": np.clip(truth * 1.2, 0, 1)}
    )


def test_where_nothing_changed_retraining_fires_at_most_at_alpha_however_often_it_is_looked_at() -> None:
    chance = np.random.default_rng(11)
    fired = sum(
        watch_probabilities(told(chance, 400), told(chance, 1500), alpha=ALPHA, tolerance=0.0).fires
        for _ in range(STREAMS)
    )
    assert fired < TOO_MANY


def test_a_bet_is_fair_against_a_mean_that_is_true() -> None:
    chance = np.random.default_rng(13)
    outside = 0
    for _ in range(STREAMS):
        values = (chance.random(600) < 0.1).astype(float)
        outside += lower_bound(values, ALPHA / 2) > 0.1 or upper_bound(values, ALPHA / 2) < 0.1
    assert outside < TOO_MANY
    wide, narrow = (np.r_[np.zeros(size), np.ones(size)] for size in (50, 5000))
    assert lower_bound(wide, ALPHA) < lower_bound(narrow, ALPHA) < 0.5


@pytest.mark.parametrize("factor", [2.5, 0.25], ids=["outcomes come more often", "and less often"])
def test_real_decay_fires_soon_after_it_began(factor: float) -> None:
    chance = np.random.default_rng(17)
    known, before, since = told(chance, 2000), told(chance, 2000), told(chance, 4000, factor=factor)
    found = watch_probabilities(known, pl.concat([before, since]))
    assert found.fires
    assert 2000 < (found.at_row or 0) < 3500
    assert found.reasons.startswith("Decayed: after")


def test_decay_of_a_value_and_too_little_to_compare_with() -> None:
    chance = np.random.default_rng(19)
    known, worse = chance.exponential(2.0, 500), chance.exponential(6.0, 500)
    assert watch_losses(known, worse, largest=20.0).fires
    few = watch_losses(known[:50], worse, largest=20.0)
    assert not few.fires
    assert "too few to compare with" in few.reasons
    with pytest.raises(UsageError, match="outside 0 to 1"):
        watch_probabilities(pl.DataFrame({"outcome": [True], "answer": [1.2]}), told(chance, 10))


def test_what_is_expected_before_outcomes_come_is_what_comes_where_probabilities_hold() -> None:
    chance = np.random.default_rng(23)
    probability = chance.beta(1, 3, 40_000).round(2)
    came = chance.random(40_000) < probability
    expected = expected_scores(probability)
    assert expected["brier"] == pytest.approx(float(np.mean((came - probability) ** 2)), abs=0.005)
    assert expected["auc"] == pytest.approx(auc(came, probability), abs=0.01)
    assert expected_scores(np.array([0.5, 0.5]))["auc"] == pytest.approx(0.5)


def test_only_rows_whose_time_has_passed_are_judged_whether_their_outcome_came_or_not() -> None:
    rows = pl.DataFrame({"as_of": [date(2026, 1, 30), date(2026, 1, 1), date(2026, 2, 20)]})
    found = matured(rows, as_of=date(2026, 3, 1), delay_days=30)
    assert found["as_of"].to_list() == [date(2026, 1, 1), date(2026, 1, 30)]


def test_a_client_keeps_its_model_while_the_share_grows() -> None:
    clients = [f"c{number}" for number in range(4000)]
    served = [
        {
            c
            for c in clients
            if serving.served_by(c, capability="lead", challenger="2", share=s) == "challenger"
        }
        for s in (serving.SHADOW, *serving.CANARY)
    ]
    assert [len(part) / 4000 for part in served] == pytest.approx([0, 0.01, 0.05, 0.25, 0.5], abs=0.02)
    assert all(fewer <= more for fewer, more in pairwise(served))
    assert serving.served_by("c1", capability="lead", challenger=None, share=1.0) == "champion"


def test_a_worse_challenger_rolls_itself_back_and_an_equal_one_goes_all_the_way() -> None:
    chance = np.random.default_rng(29)
    champion = (chance.random(3000) < 0.1).astype(float)
    share, seen = 0.01, []
    for looks in range(1, 40):
        challenger = (np.random.default_rng(31).random(50 * looks) < 0.4).astype(float)
        found = serving.step(share, champion, challenger, since_step=50)
        seen.append(found.verdict)
        if found.verdict == "roll back":
            break
        share = found.share
    assert seen[-1] == "roll back"
    assert len(seen) <= 4
    shares = [0.0]
    while (found := serving.step(shares[-1], champion, champion[:300], since_step=60)).verdict == "advance":
        shares.append(found.share)
    assert shares == [0.0, *serving.CANARY]
    assert found.verdict == "finished"
    assert serving.step(0.05, champion, champion[:300], since_step=10).verdict == "hold"


def test_of_equal_challengers_few_are_rolled_back_however_often_it_is_looked_at() -> None:
    chance, rolled = np.random.default_rng(37), 0
    for _ in range(STREAMS):
        champion, challenger = (
            (chance.random(500) < 0.1).astype(float),
            (chance.random(300) < 0.1).astype(float),
        )
        rolled += any(serving.guard(champion, challenger[:look])[0] for look in range(50, 301, 50))
    assert rolled < TOO_MANY


TRIAL = Experiment("reminder", {"old": 0.5, "new": 0.5}, effect=0.3)


def subjects(chance: np.random.Generator, rows: int, *, effect: float, known: float = 0.8) -> pl.DataFrame:
    """Outcomes of two arms, of which what was known before explains the share `known` squared of the
    variance.
    """
    before = chance.normal(0, 1, rows)
    arm = np.array(["old", "new"])[chance.integers(0, 2, rows)]
    noise = np.sqrt(1 - known**2) * chance.normal(0, 1, rows)
    return pl.DataFrame(
        {"arm": arm, "outcome": known * before + noise + effect * (arm == "new"), "before": before}
    )


def test_an_experiment_read_again_and_again_keeps_what_is_no_better_at_most_at_alpha() -> None:
    chance, kept = np.random.default_rng(41), 0
    for _ in range(STREAMS):
        rows = subjects(chance, 900, effect=0.0)
        kept += any(experiments.read(TRIAL, rows[:look])[0].effect.lower > 0 for look in (240, 500, 900))
    assert kept < TOO_MANY / 2  # one side


def test_an_interval_looked_at_after_every_pair_leaves_zero_out_at_most_at_alpha() -> None:
    chance, pairs, false = np.random.default_rng(59), 600, 0
    for _ in range(STREAMS):
        values = chance.exponential(1.0, (2, pairs))
        mean = values.cumsum(axis=1) / np.arange(1, pairs + 1)
        variance = (values**2).cumsum(axis=1) / np.arange(1, pairs + 1) - mean**2
        for count in range(experiments.FEWEST, pairs + 1):
            (ours, theirs), (one, other) = mean[:, count - 1].tolist(), variance[:, count - 1].tolist()
            found = difference((count, count), (ours, theirs), (one, other), scale=0.2, alpha=ALPHA)
            if found.lower > 0 or found.upper < 0:
                false += 1
                break
    assert false < TOO_MANY


def test_a_known_effect_is_kept_and_one_that_is_not_worth_it_stopped() -> None:
    chance = np.random.default_rng(43)
    kept = [experiments.read(TRIAL, subjects(chance, 900, effect=0.3))[0].verdict for _ in range(40)]
    assert kept.count("keep") >= 36
    stopped = [experiments.read(TRIAL, subjects(chance, 2000, effect=-0.2))[0] for _ in range(20)]
    assert {reading.verdict for reading in stopped} == {"stop"}
    none = experiments.read(TRIAL, subjects(chance, 6000, effect=0.0))[0]
    assert (none.verdict, "not better by the 0.3" in none.reasons) == ("stop", True)
    assert experiments.read(TRIAL, subjects(chance, 60, effect=2.0))[0].verdict == "not yet"


def test_what_was_known_before_takes_its_share_of_the_variance_out_and_no_effect() -> None:
    rows = subjects(np.random.default_rng(47), 20_000, effect=0.3)
    adjusted, plain = experiments.read(TRIAL, rows)[0], experiments.read(TRIAL, rows.drop("before"))[0]
    assert adjusted.noise_removed == pytest.approx(0.64, abs=0.03)
    assert adjusted.effect.value == pytest.approx(0.3, abs=0.04)
    narrower = (adjusted.effect.upper - adjusted.effect.lower) / (plain.effect.upper - plain.effect.lower)
    assert narrower == pytest.approx(np.sqrt(1 - 0.64), abs=0.05)


def test_arms_of_the_wrong_size_stop_an_experiment() -> None:
    rows = subjects(np.random.default_rng(53), 1000, effect=1.0)
    lost = rows.filter((pl.col("arm") == "old") | (pl.int_range(pl.len()) % 4 > 0))
    found = experiments.read(TRIAL, lost)[0]
    assert (found.verdict, found.sample_ratio_p < 0.001) == ("stop", True)
    assert "nothing is claimed" in found.reasons


def test_subjects_are_drawn_by_share_alike_each_time_and_anew_for_each_experiment() -> None:
    three = Experiment("template", {"a": 0.5, "b": 0.3, "c": 0.2}, effect=0.1)
    drawn = [experiments.assign(three, f"s{number}") for number in range(4000)]
    counts = {arm: drawn.count(arm) for arm in three.arms}
    assert experiments.sample_ratio(counts, three.arms) > 0.001
    again = [experiments.assign(Experiment("other", three.arms, 0.1), f"s{number}") for number in range(4000)]
    alike = np.mean([one == other for one, other in zip(drawn, again, strict=True)])
    assert alike == pytest.approx(0.25 + 0.09 + 0.04, abs=0.03)
    with pytest.raises(UsageError, match="add up to 1"):
        Experiment("wrong", {"a": 0.5, "b": 0.6}, 0.1)
