"""Kill -9 at 40 random moments of dispatch: no reminder leaves twice, none that was approved is lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from opslayer import actions
from opslayer.store import open_store
from tests.conftest import PROJECT
from tests.faults.victim import killing
from tests.reminders import AS_OF, MOMENT, Books, Owed, everything, serving, write_firm

KILLS = 40
CLIENTS = 60


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_nothing_is_sent_twice_and_nothing_is_lost(store_url: str, tmp_path: Path) -> None:
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port, proof=True)
        copies = tmp_path / "mail" / "sent@harrow.example"
        for place in ("cur", "new", "tmp"):
            (copies / place).mkdir(parents=True)
        (firm.directory / "sent").symlink_to(copies)
        rule = PROJECT / "lib" / "opslayer" / "actions" / "rules" / "payment_reminder.yaml"
        (firm.directory / "rules").mkdir()
        (firm.directory / "rules" / rule.name).write_text(
            rule.read_text().replace("expires_days: 5", "expires_days: 50")
        )
        books = Books(firm, [Owed(str(n), f"client{n:02d}", 2) for n in range(CLIENTS)])
        with books.publish() as layer:
            proposals = actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT)
            for proposal in proposals:
                assert proposal.id is not None
                actions.approve(
                    firm, store, proposal.id, person="maeve@harrow.example", reason="yes", moment=MOMENT,
                    layer=layer,
                )  # fmt: skip
        moments = killing("dispatcher", firm.directory, KILLS, seed=5)
        assert sum(moment["killed"] for moment in moments) > KILLS // 2
        arrived = Counter(everything(tmp_path / "mail"))
        assert set(arrived.values()) == {1}, "sent twice"
        assert len(arrived) == CLIENTS, "lost"
        assert {p.state for p in actions.list_proposals(store)} == {"sent"}
        assert actions.verify(store).holds
        trail = [e["what"] for p in proposals for e in actions.show_proposal(store, p.id or 0).events]
        assert trail.count("sending") > CLIENTS, "no kill fell between the claim and the answer"
