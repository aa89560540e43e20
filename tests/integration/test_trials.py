"""Other words on some of the subjects, by chance: who gets which, and keep, stop, or not yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from opslayer import actions
from opslayer.actions.checking import check_rules
from opslayer.actions.messaging.rule import TRIED, Trial
from opslayer.config import Firm
from opslayer.modelops.experiments import assign
from opslayer.store import Assignment, Store, open_store
from tests.messages import snapshot, write_rule
from tests.reminders import AS_OF, MOMENT, serving, write_firm

RULE = "overrun_escalation"
SHIPPED = (Path(actions.__file__).parent / "rules" / f"{RULE}.yaml").read_text()
TEMPLATES = Path(actions.__file__).parent / "templates"
WITH_TRIAL = SHIPPED.replace(
    "template: overrun_escalation}",
    "template: overrun_escalation, trial: {name: shorter, template: shorter}}",
)
FOLLOWED = "holdout: 0.05\nfollow_days: 10\n"
EXPERIMENT = Trial(name="shorter", template="shorter").experiment


@pytest.fixture
def firm(tmp_path: Path, store_url: str) -> Iterator[Firm]:
    with serving(tmp_path / "mail") as server:
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port)
        (firm.directory / "templates").mkdir()
        words = (TEMPLATES / f"{RULE}.txt.j2").read_text().replace("Subject: ", "Subject: Soon over: ")
        (firm.directory / "templates" / "shorter.txt.j2").write_text(words)
        write_rule(firm, RULE, WITH_TRIAL + FOLLOWED)
        yield firm


def test_a_subject_gets_the_words_that_chance_gave_it_and_they_are_drawn_again(firm: Firm) -> None:
    projects = [{"project_id": f"p{n}", "name": f"Project {n}"} for n in range(12)]
    with open_store(firm) as store:
        with snapshot(firm, *projects) as layer:
            made = actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT, job="monday")
        said = {one.party_id: actions.show_proposal(store, one.id or 0).subject for one in made}
        tried = {subject for subject, words in said.items() if words.startswith("Soon over: ")}
        assert tried == {one.party_id for one in made if assign(EXPERIMENT, one.party_id) == TRIED}
        assert 0 < len(tried) < len(made)
        (told,) = actions.trials(firm, store).to_dicts()
        assert (told["verdict"], told["subjects"], told["standing_subjects"]) == ("not yet", 0, 0)


@pytest.mark.parametrize(("tried", "standing", "verdict"), [(0.9, 0.4, "keep"), (0.3, 0.8, "stop")])
def test_what_became_of_both_arms_says_which_words_to_keep(
    tried: float, standing: float, verdict: str, firm: Firm
) -> None:
    with open_store(firm) as store:
        _follow(store, tried, standing)
        (found,) = actions.trials(firm, store).to_dicts()
    assert found["verdict"] == verdict
    assert found["share_tried"] == pytest.approx(tried, abs=0.02)
    assert (found["lower"] > 0) is (verdict == "keep")


def _follow(store: Store, tried: float, standing: float) -> None:
    """Six hundred subjects, of whom such shares did what the rule asks for."""
    counts = {True: 0, False: 0}
    with store.session() as session:
        for number in range(600):
            subject = f"p{number}"
            is_tried = assign(EXPERIMENT, subject) == TRIED
            counts[is_tried] += 1
            share = tried if is_tried else standing
            settled = int(share * counts[is_tried]) > int(share * (counts[is_tried] - 1))
            session.add(
                Assignment(
                    rule=RULE, rule_version="1", kind="message", subject=subject, arm="treatment",
                    share=Decimal("0.05"), assigned_on=AS_OF, assigned_at=MOMENT, snapshot="s",
                    amount=Decimal(0), follow={}, judged_from=AS_OF, judged_on=AS_OF + timedelta(days=10),
                    is_settled=settled,
                )
            )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (WITH_TRIAL, "a holdout"),
        (WITH_TRIAL.replace("template: shorter", "template: nowhere") + FOLLOWED, "nowhere"),
        (WITH_TRIAL.replace("template: shorter", "template: shorter, share: 1.5") + FOLLOWED, "share"),
    ],
)
def test_a_trial_that_cannot_be_is_refused_by_name(text: str, why: str, firm: Firm) -> None:
    path = write_rule(firm, RULE, text)
    (found,) = check_rules(firm)
    assert why in found
    assert path.name in found
