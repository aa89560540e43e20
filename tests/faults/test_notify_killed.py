"""Kill -9 at 20 random moments of writing to who may decide: nobody is forgotten, and nothing is made twice.

A process that dies after the server took its mail and before that is written down leaves a mail that is sent
once more. It is the same one, by its Message-ID and by its links, each of which decides once.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from opslayer import actions
from opslayer.store import Digest
from tests.faults.victim import killing
from tests.linked import SECRET, linked
from tests.reminders import received

KILLS = 20
PEOPLE = ("maeve@harrow.example", "tomas@harrow.example")


@pytest.mark.faults
def test_each_mail_is_one_and_the_last_reaches_everybody(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINK_SECRET", SECRET)
    with linked(tmp_path, store_url) as desk:
        desk.propose()
        kills = killing("notifier", desk.firm.directory, KILLS, 11)
        killed = sum(kill["killed"] for kill in kills)
        assert killed >= KILLS / 2, "the kills came too late to mean anything"
        now = actions.show_proposal(desk.store, 1).proposal.evidence_hash
        with desk.store.reading() as session:
            digests = {one.message_id: one for one in session.scalars(select(Digest))}
            told = {
                one.person
                for one in digests.values()
                if one.state == "mailed" and now in {link.evidence_hash for link in one.links}
            }
        assert {one.state for one in digests.values()} <= {"mailed", "void"}
        assert told == set(PEOPLE), "somebody was not told of the last edit"
        again = 0
        for person in PEOPLE:
            copies: dict[str, list[set[str]]] = {}
            for mail in received(desk.mail, person):
                body = mail.get_body(("plain",))
                assert body is not None
                links = set(re.findall(rf"{desk.base}/decide/\S+", body.get_content()))
                copies.setdefault(str(mail["Message-ID"]), []).append(links)
            assert all(digests[one].person == person for one in copies), "a mail nobody made"
            made = {one for one, digest in digests.items() if digest.person == person}
            assert {one for one in made if digests[one].state == "mailed"} <= copies.keys(), "one was lost"
            for each in copies.values():  # what was edited meanwhile is left out of the second
                whole = max(each, key=len)
                assert whole
                assert all(links <= whole for links in each), "the same mail had other links"
            again += sum(len(each) - 1 for each in copies.values())
        assert again <= killed, "more than a kill explains"
        assert desk.notify() == []
        assert actions.verify(desk.store).holds
