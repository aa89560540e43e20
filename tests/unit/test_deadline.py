"""What time does to a proposal, in words and in the firm's own time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opslayer.actions import Proposal
from opslayer.actions.deadline import deadline
from opslayer.actions.rule import Approval
from opslayer.config import Firm
from tests.reminders import AS_OF, MOMENT, write_firm

LATE = Approval(roles=("finance",), escalate_days=2, escalate_to=("partner",))
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    written = write_firm(tmp_path_factory.mktemp("firm"))
    path: Path = written.directory / "firm.toml"
    return written.model_copy(
        update={
            "firm": written.firm.model_copy(update={"time_zone": "Europe/Berlin"}),
            "directory": path.parent,
        }
    )


def proposal(**values: Any) -> Proposal:
    about: dict[str, Any] = dict.fromkeys(
        ("rule", "kind", "rung", "title", "party_id", "party_name", "currency", "snapshot", "evidence_hash"),
        "x",
    )
    about |= {"id": 1, "state": "proposed", "reason": None, "level": 0, "amount": 0, "as_of": AS_OF}
    about |= {"evidence": {}, "created_at": MOMENT, "expires_at": MOMENT + 5 * DAY}
    return Proposal(**(about | values))


@pytest.mark.parametrize(
    ("values", "after", "approval", "said"),
    [
        ({}, 0 * DAY, None, "expires 21 Nov, 07:00"),
        ({}, 5 * DAY - MINUTE, None, "expires 07:00"),
        ({}, DAY, LATE, "partner may decide too from 18 Nov, 07:00; expires 21 Nov, 07:00"),
        ({}, 3 * DAY, LATE, "partner may decide too since 18 Nov, 07:00; expires 21 Nov, 07:00"),
        ({"state": "approved"}, 0 * DAY, LATE, "leaves at 07:15, in 15 minutes; pull back until then"),
        ({"state": "approved"}, 14 * MINUTE, LATE, "leaves at 07:15, in 1 minute; pull back until then"),
        ({"state": "approved"}, 15 * MINUTE, LATE, "leaves with the next dispatch; pull back until then"),
        ({"state": "approved", "is_binding": True}, DAY, None,
         "leaves with the next dispatch; it was approved for good"),
        ({"state": "held"}, DAY, LATE, "held; pull back until it leaves"),
        ({"state": "sent"}, DAY, LATE, ""),
    ],
)  # fmt: skip
def test_what_comes_next_is_said(
    values: dict[str, Any], after: timedelta, approval: Approval | None, said: str, firm: Firm
) -> None:
    leaves = {"leaves_at": MOMENT + 15 * MINUTE} if values.get("state") in ("approved", "held") else {}
    assert deadline(firm, proposal(**values, **leaves), approval, MOMENT + after) == said
