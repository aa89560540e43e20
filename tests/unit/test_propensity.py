"""The chance of an outcome with its reasons: leads and appointments; learnt, kept, and held back where it is
no better.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import skops.io

from opslayer.config import PROJECT
from opslayer.intelligence import appointment, lead
from opslayer.intelligence.propensity import learn
from opslayer.modelops.retraining import rehearse
from opslayer.modelops.scores import auc, calibration_error, log_loss

LEADS = PROJECT.parent / "shared" / "data" / "leads" / "bank-additional-first75.csv"
AS_OF = date(2026, 11, 16)
FEATURES = ("size", "channel", "known")


def made(rows: int, seed: int = 1, *, signal: float = 1.0) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    size, channel = chance.lognormal(3, 1, rows), chance.choice(["referral", "website"], rows)
    known = chance.random(rows) < 0.4
    odds = signal * (0.8 * (channel == "referral") - 0.9 * (np.log(size) - 3) + 0.7 * known) - 1
    return pl.DataFrame(
        {
            "size": size,
            "channel": channel,
            "known": known,
            "label": chance.random(rows) < 1 / (1 + np.exp(-odds)),
        }
    )


def test_it_learns_tells_why_and_is_calibrated() -> None:
    rows = made(9000)
    model = learn(rows[:6000], features=FEATURES, titles={"channel": "came by"})
    told = model.predict(rows[6000:])
    came = rows["label"][6000:].to_numpy()
    assert auc(came, told["answer"].to_numpy()) > 0.72
    assert calibration_error(came, told["answer"].to_numpy()) < 0.04
    good = pl.DataFrame({"size": [2.0], "channel": ["referral"], "known": [True]})
    reason = model.predict(good)["reasons"].item()
    assert reason.endswith("For it: size 2, known yes, came by referral.")


def test_shares_of_an_answer_add_up_to_it_and_the_unknown_is_no_fault() -> None:
    model = learn(made(3000), features=FEATURES)
    odd = pl.DataFrame(
        {"size": [None, 1e9], "channel": ["carrier pigeon", None], "known": [None, True]},
        schema={"size": pl.Float64, "channel": pl.String, "known": pl.Boolean},
    )
    odds = model.contributions(odd).sum_horizontal().to_numpy() + model.intercept
    assert model.predict(odd)["answer"].to_numpy() == pytest.approx(1 / (1 + np.exp(-odds)))
    assert learn(made(200).with_columns(label=True), features=FEATURES).predict(odd)[
        "answer"
    ].to_list() == pytest.approx([0.99] * 2, abs=0.02)


def test_recent_outcomes_count_more() -> None:
    turned = pl.concat([made(6000), made(4000, 2).with_columns(~pl.col("label"))])
    came = made(2000, 3).with_columns(~pl.col("label"))
    told = learn(turned, features=FEATURES).predict(came)["answer"].to_numpy()
    assert auc(came["label"].to_numpy(), told) > 0.7


def test_it_is_kept_without_a_pickle_and_answers_alike_byte_for_byte(tmp_path: Path) -> None:
    rows = made(2000)
    model = learn(rows, features=FEATURES)
    skops.io.dump(model, tmp_path / "model.skops")
    types = skops.io.get_untrusted_types(file=tmp_path / "model.skops")
    assert all(name.startswith("opslayer.intelligence.") for name in types)
    again = skops.io.load(tmp_path / "model.skops", trusted=types)
    assert again.predict(rows).equals(model.predict(rows))
    assert learn(rows, features=FEATURES).predict(rows).equals(model.predict(rows))


def test_a_policy_leaves_a_champion_that_has_not_decayed_alone_and_replaces_one_that_has() -> None:
    steady = made(5000)
    events, served = rehearse(steady, partial(learn, features=FEATURES), first=1000, window=500)
    assert events.is_empty()
    assert len(served) == 4000
    turned = pl.concat([steady[:3000], made(3000, 2).with_columns(~pl.col("label"))])
    events, served = rehearse(turned, partial(learn, features=FEATURES), first=1000, window=500)
    assert events["promoted"].any()
    assert auc(turned["label"][5000:].to_numpy(), served[4000:]) > 0.65


def asked(rows: int) -> pl.DataFrame:
    """Leads or appointments as their queries give them, in part; the last is still open."""
    places = pl.int_range(rows, eager=True)
    return pl.DataFrame(
        {
            "subject": [f"s{place}" for place in range(rows)],
            "label": pl.select(pl.when(places < rows - 1).then(places % 2 == 0)).to_series(),
            "outcome": ["won", "lost"] * ((rows - 1) // 2) + ["open"],
            "usual": [0.04] * rows,
        }
    )


def answered(rows: pl.DataFrame, *, is_fallback: bool, answer: float) -> pl.DataFrame:
    return rows.select(
        "subject", answer=pl.lit(answer), reasons=pl.lit("Why."), model=pl.lit("LeadScore"),
        model_version=pl.lit("1"), is_fallback=pl.lit(is_fallback), why_fallback=pl.lit(None, pl.String),
    )  # fmt: skip


def test_a_persons_chance_stands_beside_the_models() -> None:
    leads = asked(5).with_columns(
        name=pl.lit("Data"), party_id=pl.lit("acme"), party_name=pl.lit("Acme"), practice=pl.lit("Data"),
        stage=pl.lit("qualified"), decided_at=pl.lit(AS_OF), amount=pl.lit(9000.0),
    )  # fmt: skip
    open_leads = lead.waiting(leads)
    assert open_leads["subject"].to_list() == ["s4"]
    said = pl.DataFrame(
        {"subject": ["s4"], "override": ["0.9"], "by": ["mia"], "reason": ["met their board"]}
    )
    answers = answered(open_leads, is_fallback=False, answer=0.3).with_columns(as_of=pl.lit(AS_OF))
    found = lead.score_table(open_leads, answers, said)["lead_score"]
    row = found.row(0, named=True)
    assert (row["probability"], row["probability_by_person"], row["overridden_by"]) == (0.3, 0.9, "mia")
    assert lead.headline(found) == (
        "**1** leads are open; **1** of them are expected to be won. A person said otherwise of 1."
    )
    assert lead.headline(found.clear()) == "No lead is open."
    assert lead.usual_share(open_leads)["reasons"][0] == "4% of past leads were won: the same for all."


def test_an_appointment_is_called_high_only_where_something_was_learnt() -> None:
    rows = asked(3).with_columns(
        party_id=pl.lit("acme"), party_name=pl.lit("Acme"), matures_on=pl.lit(AS_OF + timedelta(days=1))
    )
    to_come = appointment.coming(rows)
    learnt, not_learnt = (
        appointment.risk_table(
            to_come,
            answered(to_come, is_fallback=is_fallback, answer=0.2).with_columns(as_of=pl.lit(AS_OF)),
        )["appointment_risk"]
        for is_fallback in (False, True)
    )
    assert (learnt["is_high"].item(), not_learnt["is_high"].item()) == (True, False)
    assert "1 are at high risk" in appointment.headline(learnt)
    assert "Nothing has been learnt" in appointment.headline(not_learnt)
    assert appointment.usual_share(to_come)["reasons"][0].startswith("4.0% of past appointments")


@pytest.mark.real
@pytest.mark.skipif(not LEADS.exists(), reason="../shared/data/leads is not there")
def test_decay_fires_on_the_leads_own_drift_and_the_challenger_wins() -> None:
    rows = pl.read_csv(LEADS, separator=";", infer_schema_length=None).with_columns(
        label=pl.col("y") == "yes"
    )
    features = [name for name in rows.columns if name not in ("y", "label", "duration")]
    events, served = rehearse(rows, partial(learn, features=features), first=20_000, window=1_000)
    assert events["promoted"].any()
    came = rows["label"][20_000:].to_numpy()
    never = learn(rows[:20_000], features=features).predict(rows[20_000:])["answer"].to_numpy()
    after = events.filter("promoted")["row"][0] + 1_000 - 20_000
    assert log_loss(came[after:], served[after:]) < log_loss(came[after:], never[after:])
