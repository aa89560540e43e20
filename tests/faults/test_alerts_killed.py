"""Kill -9 at 20 random moments of measuring and telling: every alert is told to everybody, in one mail each.

A process that dies after the server took its mail and before that is written down leaves a mail that is sent
once more: the same, by its Message-ID.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from opslayer.actions import verify
from opslayer.store import AlertChange, AlertNotice, AlertTelling, Event, open_store
from tests.faults.victim import killing
from tests.reminders import received, serving, write_firm

KILLS = 20
PEOPLE = ("maeve@harrow.example", "tomas@harrow.example")


@pytest.mark.faults
def test_a_restart_loses_nothing_and_repeats_nothing(store_url: str, tmp_path: Path) -> None:
    with serving(tmp_path / "mail") as server:
        write_firm(tmp_path, store=store_url, port=server.port)
        toml = tmp_path / "firm.toml"
        toml.write_text(toml.read_text() + '\n[alerts]\ncountry = "IE"\n')
        kills = killing("alarmist", tmp_path, KILLS, 7)
    killed = sum(kill["killed"] for kill in kills)
    assert killed >= KILLS / 2, "the kills came too late to mean anything"
    clients = {f"C{number}" for number in range(KILLS + 2)}
    with open_store(store_url) as store, store.reading() as session:
        moves = Counter(session.scalars(select(AlertChange.alert_id)))
        assert sorted(moves.values()) == [1] * len(clients), "each fired once"
        assert len(list(session.scalars(select(Event)))) == len(clients)
        notices = {one.message_id: one for one in session.scalars(select(AlertNotice))}
        assert {one.state for one in notices.values()} == {"mailed"}
        pairs = Counter((one.alert_id, one.person) for one in session.scalars(select(AlertTelling)))
        assert set(pairs.values()) == {1}
        assert len(pairs) == len(clients) * len(PEOPLE)
        assert verify(store).holds
    again = 0
    for person in PEOPLE:
        mails = received(tmp_path / "mail", person)
        by_id = {str(mail["Message-ID"]): mail for mail in mails}
        again += len(mails) - len(by_id)
        told = Counter(
            client
            for mail in by_id.values()
            for client in re.findall(r"90 days: (C\d+)\n", mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
        )
        assert told == dict.fromkeys(clients, 1), "one was lost, or told twice"
        assert by_id.keys() == {one for one, notice in notices.items() if notice.person == person}
    assert again <= killed, "more than a kill explains"
