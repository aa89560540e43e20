"""The demo firm's finished work: every milestone that waits is drafted once, and none that is billed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opslayer import actions, demo
from opslayer.store import open_store
from opslayer.warehouse import open_layer
from tests.planted import Planted, bare

MOMENT = datetime(2026, 11, 16, 7, tzinfo=UTC)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_waits_is_drafted_once_and_what_is_billed_is_not(
    seed: int, planted: Callable[[int], Planted], tmp_path: Path
) -> None:
    firm, answers = planted(seed).firm, planted(seed).answers["billing"]
    with open_layer(firm) as layer, open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        drafts = actions.propose(
            firm, layer, store, as_of=demo.AS_OF, moment=MOMENT, rule="milestone_invoice", dry_run=True
        )
    invoices = [draft for draft in drafts if draft.evidence["type"] == "invoice"]
    billed = [bare(item) for draft in invoices for item in draft.evidence["items"] if ":20" not in item]
    assert sorted(billed) == sorted(answers["unbilled_milestones"])
    credited = [bare(i) for d in drafts if d.evidence["type"] == "credit_note" for i in d.evidence["items"]]
    assert sorted(credited) == sorted(answers["reopened_after_invoicing"])
    hours = {bare(d.evidence["project_id"]) for d in invoices if any(":20" in i for i in d.evidence["items"])}
    assert hours <= set(answers["unbilled_time"])
    assert len(hours) >= len(answers["unbilled_time"]) / 3  # a retainer or a cap may leave nothing to bill
    held = {bare(draft.party_id) for draft in drafts if draft.reason}
    assert held <= set(answers["abroad_without_tax_id"])
