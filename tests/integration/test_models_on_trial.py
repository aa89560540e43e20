"""Two prompts and two models side by side, through `ask`: who answers whom, and keep, stop, or not yet."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from opslayer import modelops
from opslayer.config import load_firm
from opslayer.errors import ConfigurationError
from opslayer.modelops import Models, load_capabilities, promote, tend, trials
from opslayer.modelops.capture import correct, observe
from opslayer.modelops.registry import Registry
from opslayer.store import Prediction, open_store
from opslayer.warehouse import open_layer
from tests.integration.test_learnt_models import CAPABILITY, history
from tests.integration.test_models_tended import PEOPLE
from tests.receiver import receiving
from tests.snapshots import version
from tests.talking import AS_OF, CORE, MOMENT, said, write_firm

SHIPPED = (Path(modelops.__file__).parent / "capabilities" / "narrative.yaml").read_text()
PROMPT = """
trial:
  name: two_sentences
  since: 2026-11-01
  effect: 0.1
  candidate: {kind: written, prompt: "Two sentences, no more."}
"""
VERSION = """
trial:
  name: newer
  since: 2026-11-01
  effect: 0.05
  before: hours
  candidate: {kind: version, version: challenger}
"""


def test_another_prompt_writes_for_those_it_was_drawn_for_and_people_judge(
    tmp_path: Path, store_url: str
) -> None:
    (tmp_path / "capabilities").mkdir()
    (tmp_path / "capabilities" / "narrative.yaml").write_text(SHIPPED + PROMPT)
    texts = pl.DataFrame({"text_id": [f"t{n}" for n in range(16)], "text": "Revenue was 45 % above plan."})
    with receiving() as server, open_store(write_firm(tmp_path, server.port, store=store_url)) as store:
        firm = load_firm(tmp_path)
        server.replies = [said("Revenue: 45 % above plan.")] * 16
        found = Models(firm, store).ask("narrative", texts, as_of=AS_OF, moment=MOMENT)
        assert not found["is_fallback"].any()
        trial = load_capabilities(firm)["narrative"].trial
        assert trial is not None
        asked = [body["messages"][0]["content"] for body in server.bodies]
        short = sum(prompt.startswith("Two sentences, no more.") for prompt in asked)
        assert 0 < short == sum(trial.has_drawn(subject) for subject in texts["text_id"]) < 16
        with store.session() as session:
            first = session.query(Prediction).filter_by(subject="t0").one()
            correct(session, first.id, "So so.", by="maeve@harrow.example", reason="dull", moment=MOMENT)
        (now,) = trials(firm, store, as_of=AS_OF).to_dicts()
        assert now["subjects"] + now["standing_subjects"] == 1, "what was corrected is known at once"
        (later,) = trials(firm, store, as_of=AS_OF + timedelta(days=7)).to_dicts()
    assert (later["subjects"], later["standing_subjects"]) == (short, 16 - short)
    assert {later["mean_tried"], later["mean_standing"]} - {1.0}, "one of the two has what was corrected"
    assert later["verdict"] == "not yet"


@pytest.mark.parametrize(("slope", "verdict"), [(-1.0, "stop"), (1.0, "keep")])
def test_a_newer_version_is_kept_or_stopped_by_what_came(slope: float, verdict: str, tmp_path: Path) -> None:
    """The champion learnt of a world that has turned (keep the newer), or the newer of one that has not."""
    (tmp_path / "capabilities").mkdir()
    named = CAPABILITY.format(name="answers").replace("none_here", "answers_history")
    (tmp_path / "capabilities" / "answers.yaml").write_text(named)
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "answers_history.sql").write_text("select * from core.lead")
    firm = write_firm(tmp_path)
    (tmp_path / "firm.toml").write_text((tmp_path / "firm.toml").read_text() + PEOPLE)
    firm = load_firm(tmp_path)
    coming = history(800, seed=9).with_columns(lead="n" + pl.col("lead"))
    with open_store(firm) as store:
        for taught in (-slope, slope):
            leads = history(slope=taught)
            with version(firm, as_of=AS_OF, moment=MOMENT) as connection:
                connection.execute(CORE)
                connection.execute("create table core.lead as select * from leads")
            assert leads.height
            with open_layer(firm) as layer:
                tend(firm, store, layer, moment=MOMENT, only="answers", anew=True)
        registry = Registry(firm)
        assert registry.aliases("answers") == {"champion": "1", "challenger": "2"}
        registry.share("answers", 0.0)
        (tmp_path / "capabilities" / "answers.yaml").write_text(named + VERSION)
        found = Models(firm, store).ask("answers", coming, as_of=AS_OF, moment=MOMENT)
        share = (found["model_version"] == "2").mean()
        assert share == pytest.approx(0.5, abs=0.06)
        came = coming.select(
            subject="lead", label=pl.col("label").cast(pl.Float64), known_on=pl.lit(AS_OF + timedelta(days=9))
        )
        with store.session() as session:
            observe(session, "answers", came)
        (told,) = trials(firm, store, as_of=AS_OF + timedelta(days=9)).to_dicts()
        assert told["verdict"] == verdict, told
        assert told["sample_ratio_p"] > 0.001
        assert told["subjects"] + told["standing_subjects"] == 800
        promote(
            firm, store, "answers", "2", by="maeve@harrow.example", reason="kept", moment=MOMENT
        )  # what a person makes of it


def test_a_trial_that_cannot_be_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "capabilities").mkdir()
    wrong = CAPABILITY.format(name="answers") + VERSION.replace("before: hours", "before: channel")
    (tmp_path / "capabilities" / "answers.yaml").write_text(wrong)
    firm = write_firm(tmp_path)
    with pytest.raises(ConfigurationError, match="an input that is a number: hours"):
        load_capabilities(firm)
