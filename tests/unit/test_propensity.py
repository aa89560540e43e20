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
from opslayer.intelligence.propensity import learn, teach
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


def history(rows: int, *, signal: float = 1.0) -> pl.DataFrame:
    days = [AS_OF - timedelta(days=400 - 400 * place // rows) for place in range(rows)]
    return made(rows, signal=signal).with_columns(
        subject=pl.format("s{}", pl.int_range(rows).cast(pl.String).str.zfill(5)),
        decided_at=pl.Series(days),
        matures_on=pl.Series(days) + timedelta(days=10),
    )


@pytest.mark.parametrize(
    ("rows", "why"),
    [(history(120), "too few to learn from"), (history(1500, signal=0.0), "is not better than the share")],
    ids=["too few outcomes", "nothing in them"],
)
def test_where_nothing_is_learnt_the_share_answers_and_says_so(rows: pl.DataFrame, why: str) -> None:
    taught = teach(rows, as_of=AS_OF, features=FEATURES, titles={})
    assert taught.model is None
    assert why in taught.why
    assert taught.share == pytest.approx(float(rows["label"].cast(pl.Float64).mean()), abs=0.05)  # type: ignore[arg-type]


def test_a_policy_leaves_a_champion_that_has_not_decayed_alone_and_replaces_one_that_has() -> None:
    steady = made(5000)
    events, served = rehearse(steady, partial(learn, features=FEATURES), first=1000, window=500)
    assert events.is_empty()
    assert len(served) == 4000
    turned = pl.concat([steady[:3000], made(3000, 2).with_columns(~pl.col("label"))])
    events, served = rehearse(turned, partial(learn, features=FEATURES), first=1000, window=500)
    assert events["promoted"].any()
    assert auc(turned["label"][5000:].to_numpy(), served[4000:]) > 0.65


def test_what_is_learnt_is_served_and_rows_whose_time_has_not_passed_teach_nothing() -> None:
    rows = history(1500)
    early = rows.with_columns(label=(pl.col("matures_on") > AS_OF) | pl.col("label"))
    taught = teach(early, as_of=AS_OF, features=FEATURES, titles={})
    assert taught.model is not None
    assert taught.outcomes == rows.filter(pl.col("matures_on") <= AS_OF).height < 1500


def leads(rows: int) -> pl.DataFrame:
    base = history(rows)
    chance = np.random.default_rng(4)
    return base.with_columns(
        name=pl.col("subject"), party_id=pl.col("subject"), party_name=pl.col("subject"),
        practice=pl.lit("Data"),
        is_known_client="known", stage=pl.lit("qualified"), amount="size",
        expected_days=pl.lit(60), weeks=pl.lit(8),
        won_before=pl.Series(chance.integers(0, 3, rows)), lost_before=pl.lit(0),
        label=pl.when(pl.int_range(pl.len()) < rows - 5).then("label"),
    )  # fmt: skip


def test_a_persons_chance_stands_beside_the_models() -> None:
    said = pl.DataFrame(
        {"subject": ["s01499"], "override": [0.9], "by": ["mia"], "reason": ["met their board"]}
    )
    found = lead.score_leads(leads(1500), as_of=AS_OF, overrides=said)
    assert len(found) == 5
    row = found.filter(opportunity_id="s01499").row(0, named=True)
    assert (row["override"], row["overridden_by"], row["override_reason"]) == (0.9, "mia", "met their board")
    assert row["probability"] != 0.9
    assert not row["is_fallback"]
    assert "A person said otherwise of 1." in lead.headline(found)
    assert lead.headline(found.clear()) == "No lead is open."
    few = lead.score_leads(leads(60), as_of=AS_OF)
    assert few["is_fallback"].all()
    assert "too few to learn from" in few["reasons"][0]
    assert lead.LeadScore().fit(leads(1500).drop_nulls("label")).predict(leads(1500)).height == 1500


def test_appointments_at_risk_are_called_high_only_where_something_was_learnt() -> None:
    base = history(1500).with_columns(label=pl.when(pl.int_range(pl.len()) < 1480).then("label"))
    rows = base.with_columns(
        party_id=pl.col("subject"), party_name=pl.col("subject"), weekday="channel", hour=pl.lit(10),
        minutes=pl.lit(60), notice_days="size", is_online="known", is_for_deal=pl.lit(value=False),
        earlier=pl.lit(0), earlier_failed=pl.lit(0),
    )  # fmt: skip
    found = appointment.score_appointments(rows, as_of=AS_OF)
    assert len(found) == 20
    assert found["is_high"].any()
    assert not found["is_high"].all()
    few = appointment.score_appointments(rows.tail(100), as_of=AS_OF)
    assert (few["is_high"].any(), few["is_fallback"].all()) == (False, True)
    assert "Nothing has been learnt" in appointment.headline(few)
    assert appointment.headline(few.clear()) == "No appointment is to come."


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
