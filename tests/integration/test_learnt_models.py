"""A learnt model: taught, judged, served in parts, rolled back; and what stands where it cannot be read."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from string import Template
from time import monotonic

import numpy as np
import polars as pl
import pytest
import skops.io

from opslayer.errors import ModelFailed
from opslayer.modelops import Models, load_capabilities
from opslayer.modelops.capability import Capability
from opslayer.modelops.capture import Judged, correct, forget, judged, observe, overrides
from opslayer.modelops.leak import LeakFound
from opslayer.modelops.learn import Taught, advance, teach, watch
from opslayer.modelops.registry import FILE, FORMAT, Registry
from opslayer.store import Prediction, open_store, verify
from tests.talking import AS_OF, MOMENT, write_firm

CAPABILITY = """
name: {name}
title: Whether a lead answers
question: Will this lead answer?
subject: lead
inputs:
  - {{name: hours, kind: number, low: 0, high: 200, missing: true}}
  - {{name: channel, kind: text}}
answer: {{kind: probability}}
candidates:
  - {{kind: learnt, learner: "opslayer.intelligence.propensity:OwnOutcomes"}}
fallback: {{kind: computed, function: "opslayer.modelops.fallbacks:even_chance"}}
learning: {{history: none_here}}
timeout_seconds: 2
act_from: 0.5
"""
ROWS = pl.DataFrame({"lead": ["a", "b"], "hours": [70.0, 10.0], "channel": ["phone", "mail"]})


def history(rows: int = 2_000, *, slope: float = 1.0, seed: int = 1) -> pl.DataFrame:
    """Leads decided over four years; more hours and a phone make an answer likelier, by `slope`."""
    chance = np.random.default_rng(seed)
    hours = chance.normal(40, 10, rows)
    channel = chance.choice(["mail", "phone"], rows)
    odds = slope * ((hours - 40) / 8 + np.where(channel == "phone", 1, -1))
    day = [AS_OF - timedelta(days=1_500 - int(1_400 * n / rows)) for n in range(rows)]
    return pl.DataFrame(
        {
            "lead": [str(n) for n in range(rows)],
            "hours": hours,
            "channel": channel,
            "label": chance.random(rows) < 1 / (1 + np.exp(-odds)),
            "decided_at": day,
            "known_at": [one + timedelta(days=20) for one in day],
        }
    )


class Bench:
    """A firm, one of its capabilities, and its registry."""

    def __init__(self, place: Path, name: str) -> None:
        (place / "capabilities").mkdir(exist_ok=True)
        (place / "capabilities" / f"{name}.yaml").write_text(CAPABILITY.format(name=name))
        self.firm = write_firm(place)
        self.capability: Capability = load_capabilities(self.firm)[name]
        self.registry = Registry(self.firm)

    def teach(self, rows: pl.DataFrame, *, as_of: date = AS_OF) -> Taught:
        return teach(
            self.capability, rows, self.registry, as_of=as_of, snapshot="s1", contract_version="1.0.0",
            moment=MOMENT,
        )  # fmt: skip

    def ask(self, rows: pl.DataFrame = ROWS, *, as_of: date = AS_OF) -> pl.DataFrame:
        with open_store(self.firm) as store:
            return Models(self.firm, store).ask(self.capability.name, rows, as_of=as_of, moment=MOMENT)

    def file(self, version: str = "1") -> Path:
        return self.registry._file(self.registry._version(self.capability.name, version))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One registry for all: MLflow takes seconds to make its tables."""
    return tmp_path_factory.mktemp("firm")


@pytest.fixture
def bench(place: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    name = request.node.name.split("[")[0].removeprefix("test_")[:60]
    yield Bench(place, name + "_x" if request.node.name.endswith("]") else name)
    (place / "var" / "store.db").unlink(missing_ok=True)


def test_what_was_learnt_and_judged_is_served_with_its_reasons(bench: Bench) -> None:
    before = bench.ask()
    assert before["is_fallback"].to_list() == [True, True]
    assert "nothing has been learnt" in before["why_fallback"][0]
    assert before["may_act"].to_list() == [False, False], "no rule acts on a guess"
    taught = bench.teach(history())
    assert taught.promoted, taught.reasons
    found = bench.ask()
    assert found["is_fallback"].to_list() == [False, False]
    assert (found["model"][0], found["model_version"][0]) == ("Own outcomes", "1")
    assert found["answer"][0] > 0.9
    assert found["answer"][1] < 0.1
    assert "For it: hours 70, channel phone" in found["reasons"][0]
    card = bench.registry.load(bench.capability.name, "champion").card
    assert (card["snapshot"], card["contract_version"], card["features"]) == ("s1", "1.0.0", "hours, channel")
    assert bench.registry.scores(bench.capability.name, "1")["auc"] > 0.8


def test_nothing_is_learnt_from_little_or_of_noise(bench: Bench) -> None:
    assert bench.teach(history(100)).version is None
    noise = bench.teach(history(slope=0.0))
    assert noise.version == "1"
    assert not noise.promoted
    assert "champion" not in bench.registry.aliases(bench.capability.name)


def test_what_knows_the_outcome_is_refused_by_name(bench: Bench) -> None:
    leaking = history().with_columns(hours=pl.when("label").then(90.0).otherwise(10.0))
    with pytest.raises(LeakFound, match="hours"):
        bench.teach(leaking)


def test_outcomes_known_after_the_day_teach_nothing(bench: Bench) -> None:
    early = bench.teach(history(), as_of=AS_OF - timedelta(days=1_500))
    assert early.reasons == "0 outcomes are known; 300 are needed to learn from."


def test_a_row_out_of_range_is_asked_of_no_model(bench: Bench) -> None:
    bench.teach(history())
    odd = pl.DataFrame(
        {"lead": ["a", "b", "c"], "hours": [900.0, 50.0, None], "channel": ["mail", "mail", None]}
    )
    found = bench.ask(odd)
    assert found["is_fallback"].to_list() == [True, False, True]
    assert found["why_fallback"][0] == "hours is 900.0; from 0 to 200"
    assert found["why_fallback"][2] == "channel is missing; it is needed"


BROKEN = ["missing", "corrupt", "of another format", "a pickle of somebody's", "locked"]


@pytest.mark.parametrize("how", BROKEN)
def test_broken(how: str, bench: Bench) -> None:
    """The fallback answers within its time limit, and the row says why."""
    if "champion" not in bench.registry.aliases(bench.capability.name):
        bench.teach(history())
    file, name = bench.file(), bench.capability.name
    whole = file.read_bytes()
    db = sqlite3.connect(bench.firm.var / "models" / "registry.db", isolation_level=None)
    expected = {
        "missing": "is not there",
        "corrupt": "is not the one that was registered",
        "locked": "no answer within",
        "of another format": "has format 0",
        "a pickle of somebody's": "is not the one that was registered",
    }
    try:
        if how == "missing":
            file.unlink()
        elif how == "corrupt":
            file.write_bytes(whole[:-9])
        elif how == "of another format":
            bench.registry.client.set_model_version_tag(name, "1", "format", "0")
        elif how == "locked":
            db.execute("begin exclusive")
        else:
            skops.io.dump(shutil.rmtree, file)
        began = monotonic()
        found = bench.ask()
        assert monotonic() - began < 8
    finally:
        if db.in_transaction:
            db.execute("rollback")
        db.close()
        file.write_bytes(whole)
        bench.registry.client.set_model_version_tag(name, "1", "format", FORMAT)
    assert found["is_fallback"].to_list() == [True, True]
    assert expected[how] in found["why_fallback"][0]
    assert found["may_act"].to_list() == [False, False]


def test_a_registered_file_with_a_foreign_type_is_not_read(bench: Bench) -> None:
    bench.teach(history())
    skops.io.dump(Template("x"), bench.file().with_name(FILE))
    digest = hashlib.sha256(bench.file().read_bytes()).hexdigest()
    bench.registry.client.set_model_version_tag(bench.capability.name, "1", "sha256", digest)
    with pytest.raises(ModelFailed, match=r"holds what is not trusted: string\.Template"):
        bench.registry.load(bench.capability.name, "1")


def test_a_challenger_is_only_heard_then_serves_some_and_goes_back_by_itself(bench: Bench) -> None:
    name, registry = bench.capability.name, bench.registry
    bench.teach(history())
    bench.teach(history(seed=2, slope=-1.0))
    assert registry.aliases(name) == {"champion": "1", "challenger": "2"}
    registry.share(name, 0.0)
    many = pl.DataFrame(
        {"lead": [str(n) for n in range(400)], "hours": [60.0] * 400, "channel": ["mail"] * 400}
    )
    heard = bench.ask(many)
    assert set(heard["model_version"]) == {"1"}
    with open_store(bench.firm) as store, store.reading() as session:
        roles = {(p.role, p.model_version) for p in session.query(Prediction)}
    assert roles == {("served", "1"), ("shadow", "2")}
    registry.share(name, 0.25)
    served = bench.ask(many)
    share = (served["model_version"] == "2").mean()
    assert share == pytest.approx(0.25, abs=0.08)
    assert served["model_version"].equals(bench.ask(many)["model_version"]), "one subject, one model"
    with open_store(bench.firm) as store, store.session() as session:
        outcomes = many.select(subject="lead", label=pl.lit(1.0), known_on=pl.lit(AS_OF + timedelta(days=9)))
        assert observe(session, name, outcomes) > 0
        step = advance(bench.capability, registry, judged(session, name, as_of=AS_OF + timedelta(days=9)))
    assert step is not None
    assert step.verdict == "roll back"
    assert registry.share(name) == 0
    assert set(bench.ask(many)["model_version"]) == {"1"}


def test_rolling_back_returns_to_the_version_before(bench: Bench) -> None:
    name = bench.capability.name
    bench.teach(history())
    bench.teach(history(seed=2))
    bench.registry.promote(name, "2")
    assert set(bench.ask()["model_version"]) == {"2"}
    assert bench.registry.roll_back(name) == "1"
    assert set(bench.ask()["model_version"]) == {"1"}


def test_decay_is_seen_where_it_is_real_and_only_there(bench: Bench) -> None:
    bench.teach(history())
    model = bench.registry.load(bench.capability.name, "champion").model

    def stream(slope: float) -> list[Judged]:
        rows = history(1_500, slope=slope, seed=7)
        answers = model.predict(rows)["answer"]
        day = AS_OF + timedelta(days=1)
        return [
            Judged(float(p), float(y), AS_OF, day, "1", "served")
            for p, y in zip(answers, rows["label"], strict=True)
        ]

    later = AS_OF + timedelta(days=30)
    same = watch(bench.capability, bench.registry, stream(1.0), as_of=later)
    turned = watch(bench.capability, bench.registry, stream(-0.5), as_of=later)
    assert same is not None
    assert not same.fires
    assert turned is not None
    assert turned.fires


def test_an_answer_is_kept_once_corrected_beside_and_forgotten(tmp_path: Path, store_url: str) -> None:
    (tmp_path / "capabilities").mkdir()
    (tmp_path / "capabilities" / "kept.yaml").write_text(CAPABILITY.format(name="kept"))
    firm = write_firm(tmp_path, store=store_url)
    with open_store(firm) as store:
        for _ in range(2):
            Models(firm, store).ask("kept", ROWS, as_of=AS_OF, moment=MOMENT)
        with store.session() as session:
            first, _ = session.query(Prediction).order_by(Prediction.id).all()
            assert (first.subject, first.inputs) == ("a", {"hours": 70.0, "channel": "phone"})
            correct(session, first.id, 0.9, by="maeve@harrow.example", reason="she called", moment=MOMENT)
        with store.session() as session:
            (override,) = overrides(session, "kept").to_dicts()
            assert (override["answer"], override["override"], override["reason"]) == (
                "0.5",
                "0.9",
                "she called",
            )
            assert forget(session, "a", by="maeve@harrow.example", reason="asked to", moment=MOMENT) == 1
        with store.session() as session:
            gone = session.get_one(Prediction, first.id)
            assert (gone.subject, gone.inputs, gone.reasons) == ("forgotten", None, "")
            assert overrides(session, "kept").is_empty()
            assert verify(session).holds
