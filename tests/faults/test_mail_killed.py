"""Kill -9 at random moments of landing a folder from a real IMAP server: no mail is lost, none is doubled."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests import dovecot
from tests.faults.lander import DELIVERED
from tests.faults.victim import killing
from tests.landing import visible
from tests.mailing import imap_section, land_mail, mailbox_firm

KILLS = 20


@pytest.mark.faults
def test_no_mail_of_a_server_is_lost_or_doubled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAP_PASSWORD", dovecot.PASSWORD)
    with dovecot.running() as server:
        firm = mailbox_firm(tmp_path, imap_section(server))
        kills = killing("lander", tmp_path, KILLS, 13)
        assert sum(kill["killed"] for kill in kills) >= KILLS / 2, "the kills came too late to mean anything"
        assert all(kill["seen"] == kill["distinct"] for kill in kills), "a mail is there twice"
        totals = [DELIVERED * number for number in range(1, KILLS + 2)]
        for number, kill in enumerate(kills, start=1):
            assert kill["seen"] in totals[: number + 1], "a landing is seen whole or not at all"
        assert all(one["seen"] <= two["seen"] for one, two in pairwise(kills)), "what landed is gone"
        assert any(kill["killed"] and kill["seen"] < totals[n] for n, kill in enumerate(kills, start=1))
        bodies = sorted(row[0] for row in visible(firm, "body", "message"))
        assert bodies == sorted(f"{number} {n}" for number in range(KILLS + 1) for n in range(DELIVERED))
        assert land_mail(firm).rows_new == 0
    assert [path for path in (firm.var / "raw").rglob("*") if path.suffix == ".tmp"] == []
