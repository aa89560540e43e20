"""Every shipped job on a small firm, whole: each of its notebooks runs to its end, as at night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opslayer import actions, demo, metrics
from opslayer.config import Firm, load_firm
from opslayer.runner import run_job
from opslayer.store import open_store
from opslayer.warehouse import current, open_layer

MOMENT = datetime(2026, 11, 16, 6, tzinfo=UTC)
JOBS = ("morning", "monday", "wednesday")


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    folder = tmp_path_factory.mktemp("jobs") / "firm"
    demo.generate(folder, scale=0.05)
    return load_firm(folder)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("job", JOBS)
def test_each_step_succeeds_and_publishes(firm: Firm, job: str) -> None:
    moment = MOMENT + timedelta(hours=JOBS.index(job))
    done = run_job(firm, job, as_of=demo.AS_OF, moment=moment)
    assert {step.name: step.cause for step in done.steps if step.state != "succeeded"} == {}
    live = current(firm)
    assert live is not None
    assert live.published_at >= moment
    assert all(step.output is not None and step.output.exists() for step in done.steps)
    with open_layer(firm) as layer:
        proofs = [metrics.prove(layer, metric) for metric in metrics.load_metrics(firm)]
    assert [proof for proof in proofs if not proof.holds] == []
    assert sum(proof.value.value is not None for proof in proofs) > 15
    with open_store(firm) as store:
        messages = [
            actions.prove(firm, store, one.id or 0)
            for one in actions.list_proposals(store)
            if one.created_at >= moment
        ]
    assert [(proof.proposal.rule, proof.failure) for proof in messages if not proof.holds] == []
    assert any(proof.is_drawn_again for proof in messages)
