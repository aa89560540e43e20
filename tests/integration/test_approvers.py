"""How people decide, told from their decisions: how fast, how often no, and who never says it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from opslayer import actions
from opslayer.actions.approvers import DECISIONS, by_approver
from opslayer.store import Decision, open_store
from opslayer.store import Proposal as Record
from tests.reminders import AS_OF, MOMENT, write_firm

MAEVE, TOMAS = "maeve@harrow.example", "tomas@harrow.example"
PROPOSAL: dict[str, Any] = {
    "rule": "x", "kind": "message", "level": 0, "subject": "x", "title": "x", "amount": 0, "currency": "EUR",
    "evidence": {}, "evidence_hash": "", "content": {}, "snapshot": "", "as_of": AS_OF, "state": "sent",
    "created_at": MOMENT, "expires_at": MOMENT,
}  # fmt: skip


def decisions(*given: tuple[str, str, float, float]) -> pl.DataFrame:
    """Person, verdict, hours waited, and seconds after the first moment; one on a probe of "person?"."""
    return pl.DataFrame(
        [
            (person, verdict, timedelta(hours=hours), MOMENT + timedelta(seconds=at), person.endswith("?"))
            for person, verdict, hours, at in given
        ],
        schema=DECISIONS,
        orient="row",
    ).with_columns(pl.col("person").str.strip_suffix("?"))


def test_speed_and_share_are_each_persons_own() -> None:
    found = by_approver(
        decisions(
            ("maeve", "approved", 1, 0), ("tomas", "approved", 9, 2), ("maeve", "rejected", 3, 60),
            ("maeve", "approved", 2, 64.9), ("maeve", "approved", 8, 70),
        )
    )  # fmt: skip
    assert found.select(
        "person", "decided", "rejected", "share_rejected", "median_hours", "share_quick"
    ).rows() == [
        ("maeve", 4, 1, 0.25, 2.5, 0.25),
        ("tomas", 1, 0, 0.0, 9.0, 0.0),
    ]


def test_planted_errors_are_counted_by_themselves() -> None:
    found = by_approver(
        decisions(
            ("maeve", "approved", 1, 0), ("maeve?", "approved", 90, 60), ("maeve?", "rejected", 90, 120),
            ("tomas?", "rejected", 1, 9),
        )
    )  # fmt: skip
    assert found.select(
        "person", "decided", "rejected", "share_rejected", "median_hours", "probes", "probes_missed"
    ).rows() == [("maeve", 1, 0, 0.0, 1.0, 2, 1), ("tomas", 0, 0, None, None, 1, 0)]


@pytest.mark.parametrize(("count", "rejected", "told"), [(20, 0, True), (19, 0, False), (40, 1, False)])
def test_who_approves_everything_is_told_once_it_is_enough(count: int, rejected: int, told: bool) -> None:
    given = [("maeve", "rejected" if n < rejected else "approved", 1.0, 60.0 * n) for n in range(count)]
    assert by_approver(decisions(*given))["approves_everything"].to_list() == [told]


def test_only_people_count_and_not_what_rules_approve(store_url: str, tmp_path: Path) -> None:
    firm = write_firm(tmp_path / "firm", store=store_url)
    with open_store(store_url) as store:
        assert actions.approvers(firm, store).is_empty()
        with store.session() as session:
            for number, person in enumerate(
                (MAEVE, MAEVE, "rule payment_reminder", "autonomy of x", "gone@x.example")
            ):
                record = Record(idempotency_key=f"{number:064}", **PROPOSAL)
                at = MOMENT + timedelta(hours=2 * number + 1)
                record.decisions.append(
                    Decision(verdict="approved", person=person, reason="x", evidence_hash="", decided_at=at)
                )
                session.add(record)
        found = actions.approvers(firm, store)
    assert found.select("name", "decided", "median_hours").rows() == [
        ("Maeve Harrow", 2, 2.0),
        ("gone@x.example", 1, 9.0),
    ]
