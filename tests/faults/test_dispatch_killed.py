"""Eight workers, 5,000 messages, 200 kills: no message leaves twice, none that was approved is lost."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from opslayer import actions
from opslayer.config import Firm
from opslayer.store import AuditEvent, Proposal, Store, open_store
from tests.faults.victim import killing
from tests.mass import copy_rows, fill
from tests.reminders import everything, serving, write_firm

MESSAGES, KILLS = 5000, 200
LONGEST = 3.0  # seconds that a worker lives


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    """A firm whose messages wait in the outbox, to be copied: each engine begins with the same ones."""
    firm = write_firm(tmp_path_factory.mktemp("approved") / "firm")
    with open_store(firm) as store:
        return fill(firm, store, MESSAGES)


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_nothing_is_sent_twice_and_nothing_is_lost(approved: Firm, store_url: str, tmp_path: Path) -> None:
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:
        with open_store(approved) as filled:
            copy_rows(filled, store)
        shutil.copytree(approved.directory, tmp_path / "firm")
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port, proof=True)
        copies = tmp_path / "mail" / "sent@harrow.example"
        for place in ("cur", "new", "tmp"):
            (copies / place).mkdir(parents=True)
        (firm.directory / "sent").symlink_to(copies)
        server.handler.seconds_to_answer = 0.02  # as a server far away would
        ends = killing("dispatcher", firm.directory, KILLS, 5, LONGEST)
        assert len(ends) == KILLS
        assert sum(end["killed"] for end in ends) > KILLS // 2, "they were done before they were killed"
        arrived = Counter(everything(tmp_path / "mail"))
        assert set(arrived.values()) == {1}, "sent twice"
        assert len(arrived) == MESSAGES, "lost"
        assert states(store) == {"sent": MESSAGES}
        assert actions.verify(store).holds
        assert settled(store) > 0, "no kill fell between the claim and the answer"


def states(store: Store) -> dict[str, int]:
    with store.reading() as session:
        counted = select(Proposal.state, func.count()).group_by(Proposal.state)
        return dict(map(tuple, session.execute(counted)))


def settled(store: Store) -> int:
    """Messages whose fate the mailbox of copies told."""
    with store.reading() as session:
        details = session.scalars(select(AuditEvent.detail).where(AuditEvent.event.in_(("sent", "approved"))))
        return sum("proof" in detail or "did not arrive" in detail.get("reason", "") for detail in details)
