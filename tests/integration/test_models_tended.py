"""What the scheduler and people do with a firm's models; everything of note is in the trail."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from opslayer.config import Firm, load_firm
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.modelops import (
    Models,
    ask_retraining,
    examine,
    promote,
    requests,
    retrain_asked,
    roll_back,
    standing,
    tend,
)
from opslayer.modelops.registry import Registry
from opslayer.store import Retraining, open_store, read_trail, verify
from opslayer.warehouse import open_layer
from tests.integration.test_learnt_models import CAPABILITY, ROWS, history
from tests.snapshots import version
from tests.talking import AS_OF, CORE, MOMENT, write_firm

PEOPLE = """
[[people]]
name = "Maeve Harrow"
email = "maeve@harrow.example"
roles = ["partner"]
[[people]]
name = "Ines Duarte"
email = "ines@harrow.example"
roles = ["finance"]
"""
BY = {"by": "maeve@harrow.example", "reason": "looked at its cases", "moment": MOMENT}


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """A firm whose snapshot has the history that one capability of its own learns from."""
    for folder, name, text in (
        (
            "capabilities",
            "answers.yaml",
            CAPABILITY.format(name="answers").replace("none_here", "answers_history"),
        ),
        ("queries", "answers_history.sql", "select * from core.lead"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
    firm = write_firm(tmp_path)
    (tmp_path / "firm.toml").write_text((tmp_path / "firm.toml").read_text() + PEOPLE)
    with version(firm, as_of=AS_OF, moment=MOMENT) as connection:
        leads = history()  # read by DuckDB, by its name
        connection.execute(CORE)
        connection.execute("create table core.lead as select * from leads")
        assert leads.height
    return load_firm(tmp_path)


def test_a_model_is_taught_once_served_and_watched(firm: Firm) -> None:
    with open_store(firm) as store, open_layer(firm) as layer:
        done = {row["capability"]: row for row in tend(firm, store, layer, moment=MOMENT).to_dicts()}
        first = done.pop("answers")
        assert (first["capability"], first["did"], first["version"]) == ("answers", "promoted", "1")
        assert {row["did"] for row in done.values()} == {"failed"}  # what they learn from is not there
        (again,) = tend(firm, store, layer, moment=MOMENT, only="answers").to_dicts()
        assert again["did"] == "watched"
        Models(firm, store).ask("answers", ROWS, as_of=AS_OF - timedelta(days=30), moment=MOMENT)
        drift = examine(firm, store, layer)["model_drift"]
        assert set(drift["capability"]) == {"answers"}
        assert drift.filter(aspect="outcomes")["reasons"][0].startswith("No outcome of its answers is known")
        row = standing(firm, store, as_of=AS_OF).filter(capability="answers").row(0, named=True)
        assert (row["champion"], row["answers"], row["fallbacks"]) == ("1", 2, 0)


def test_who_may_changes_who_serves_and_the_trail_has_it(firm: Firm) -> None:
    with open_store(firm) as store, open_layer(firm) as layer:
        tend(firm, store, layer, moment=MOMENT)
        tend(firm, store, layer, moment=MOMENT, anew=True)
        promote(firm, store, "answers", "2", **BY)
        assert Registry(firm).aliases("answers")["champion"] == "2"
        with pytest.raises(GuardrailHeld, match="ines@harrow"):
            roll_back(firm, store, "answers", **{**BY, "by": "ines@harrow.example"})
        with pytest.raises(UsageError, match="a reason is asked for"):
            roll_back(firm, store, "answers", **{**BY, "reason": " "})
        assert Registry(firm).aliases("answers")["champion"] == "2"
        assert roll_back(firm, store, "answers", **BY) == "1"
        with store.reading() as session:
            told = [(one["event"], one["detail"]) for one in read_trail(session)]
            assert verify(session).holds
    names = [name for name, _ in told]
    assert names == ["model taught", "model taught", "model promoted", "access denied", "model rolled back"]
    assert told[2][1] == {"capability": "answers", "from": "1", "to": "2", "reason": "looked at its cases"}


def test_a_person_has_it_taught_once_however_often_it_is_asked(firm: Firm) -> None:
    with open_store(firm) as store, open_layer(firm) as layer:
        with pytest.raises(GuardrailHeld, match="ines@harrow"):
            ask_retraining(firm, store, "answers", **{**BY, "by": "ines@harrow.example"})
        tend(firm, store, layer, moment=MOMENT, only="answers")
        assert [ask_retraining(firm, store, "answers", **BY) for _ in range(2)] == [True, False]
        assert requests(store, "answers")["state"].to_list() == ["waiting"]
        assert [retrain_asked(firm, moment=MOMENT) for _ in range(2)] == [1, 0]
        (done,) = requests(store, "answers").to_dicts()
        assert (done["state"], done["did"], done["version"]) == ("ended", "taught", "2")
        assert "the champion's" in done["reasons"]
        with store.reading() as session:
            told = [(one["actor"], one["event"]) for one in read_trail(session)]
            assert verify(session).holds
    assert told == [
        ("ines@harrow.example", "access denied"),
        ("scheduler", "model taught"),
        ("maeve@harrow.example", "retraining asked for"),
        ("scheduler", "model taught"),
    ]


def test_a_champion_that_cannot_be_read_is_taught_anew_and_its_successor_serves(firm: Firm) -> None:
    with open_store(firm) as store, open_layer(firm) as layer:
        tend(firm, store, layer, moment=MOMENT, only="answers")
        registry = Registry(firm)
        registry.client.set_model_version_tag("answers", "1", "format", "of an older layer")
        (again,) = tend(firm, store, layer, moment=MOMENT, only="answers").to_dicts()
        assert (again["did"], again["version"]) == ("promoted", "2")
        assert registry.aliases("answers")["champion"] == "2"
        assert not Models(firm, store).ask("answers", ROWS, as_of=AS_OF, moment=MOMENT)["is_fallback"].any()
        with store.reading() as session:
            told = [one["detail"].get("because", "") for one in read_trail(session)]
    assert "has format of an older layer" in told[-1]


def test_what_a_crash_left_is_taken_up_and_a_failure_is_said(tmp_path: Path, store_url: str) -> None:
    """On either store: begun and left, it is done by the next who asks; without its query it fails."""
    (tmp_path / "capabilities").mkdir()
    (tmp_path / "capabilities" / "answers.yaml").write_text(CAPABILITY.format(name="answers"))
    write_firm(tmp_path, store=store_url)
    (tmp_path / "firm.toml").write_text((tmp_path / "firm.toml").read_text() + PEOPLE)
    firm = load_firm(tmp_path)
    with open_store(firm) as store:
        assert ask_retraining(firm, store, "answers", **BY)
        with store.session() as session:
            session.query(Retraining).update({"begun_at": MOMENT})
        assert retrain_asked(firm, moment=MOMENT + timedelta(minutes=5)) == 0
        assert requests(store, "answers")["state"].to_list() == ["at work"]
        assert retrain_asked(firm, moment=MOMENT + timedelta(hours=1)) == 1
        (done,) = requests(store, "answers").to_dicts()
        assert (done["state"], done["did"], done["version"]) == ("ended", "failed", None)
        assert "none_here" in done["reasons"]
        later = {**BY, "moment": MOMENT + timedelta(hours=1)}
        assert ask_retraining(firm, store, "answers", **later), "another may be asked for after it"
        assert not ask_retraining(firm, store, "answers", **later)
