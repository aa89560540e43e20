"""Kill -9 at 20 random moments of approving invoices: no number is left out, none is given twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from opslayer import actions
from opslayer.actions.invoice import electronic
from opslayer.store import open_store
from tests.billing import Milestone, Work, billing_firm
from tests.faults.victim import killing
from tests.reminders import MOMENT

KILLS = 20
INVOICES = 40


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_numbers_have_no_gap_and_each_has_its_document(store_url: str, tmp_path: Path) -> None:
    with open_store(store_url) as store:
        firm = billing_firm(tmp_path / "firm", store=store_url)
        places = [f"p{n:02d}" for n in range(INVOICES)]
        work = Work(firm, store, [Milestone(f"m-{place}", project=place) for place in places])
        work.projects = {place: {} for place in places}
        with work.publish() as layer:
            assert len(work.propose()) == INVOICES
            moments = killing("approver", firm.directory, KILLS, 5)
            assert sum(moment["killed"] for moment in moments) > KILLS // 2
            issued = actions.issued_invoices(store)
            assert sorted(issued["number"]) == [f"INV-2026-{n:05d}" for n in range(1, INVOICES + 1)]
            assert issued["project_id"].n_unique() == INVOICES
            assert work.propose() == []
            actions.dispatch(firm, store, layer=layer, moment=MOMENT)
        for number in issued["number"]:
            folder = firm.var / "invoices" / number
            assert sorted(path.name for path in folder.iterdir()) == [f"{number}.pdf", f"{number}.xml"]
            assert (
                electronic.extract((folder / f"{number}.pdf").read_bytes())
                == (folder / f"{number}.xml").read_bytes()
            )
        assert actions.verify(store).holds
