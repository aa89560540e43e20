"""Edit, then approve: by whom, what may change, and what it does to a yes that was given before."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from opslayer import actions, cli
from opslayer.actions import Proposal, Shown
from opslayer.config import Firm
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.store import Store, open_store
from tests.reminders import AS_OF, MOMENT, Books, Owed, Server, received, serving, write_firm

MAEVE, TOMAS, INES = "maeve@harrow.example", "tomas@harrow.example", "ines@harrow.example"


@dataclass
class Desk:
    firm: Firm
    store: Store
    books: Books
    server: Server

    def propose(self) -> Proposal:
        with self.books.publish() as layer:
            actions.propose(self.firm, layer, self.store, as_of=AS_OF, moment=MOMENT)
        return actions.list_proposals(self.store)[0]

    def shown(self, number: int | None = 1) -> Shown:
        return actions.show_proposal(self.store, number or 0)

    def edit(self, person: str = MAEVE, **words: Any) -> Proposal:
        given = {"reason": "softer", "moment": MOMENT} | words
        return actions.edit(self.firm, self.store, 1, person=person, **given)

    def approve(self, person: str, **how: Any) -> Proposal:
        with self.books.publish() as layer:
            return actions.approve(
                self.firm, self.store, 1, person=person, reason="yes", moment=MOMENT, layer=layer, **how
            )

    def dispatch(self) -> None:
        with self.books.publish() as layer:
            actions.dispatch(self.firm, self.store, layer=layer, moment=MOMENT + timedelta(minutes=1))


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A reminder that two must approve."""
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port)
        made = Desk(firm, store, Books(firm, [Owed("1", "acme", 46, "30000.00")]), server)
        made.propose()
        yield made


def test_what_leaves_is_what_was_approved_after_the_edit(desk: Desk, tmp_path: Path) -> None:
    drafted = desk.shown()
    desk.approve(TOMAS)
    edited = desk.edit(subject="A word about INV-1", text=drafted.text.replace("Dear Acme", "Dear Ann <3"))
    assert edited.evidence_hash != drafted.proposal.evidence_hash
    assert (edited.state, edited.approvals) == ("proposed", ())  # the yes was to other words
    assert "a yes of tomas@harrow.example, who must say it again" in str(edited.reason)
    with pytest.raises(GuardrailHeld, match="has changed since you looked"):
        desk.approve(TOMAS, evidence_hash=drafted.proposal.evidence_hash)
    assert desk.approve(MAEVE).state == "proposed"  # the editor's yes is one of the two
    assert desk.approve(TOMAS).state == "approved"
    assert actions.verify(desk.store).holds
    desk.dispatch()
    [message] = received(tmp_path / "mail", "acme@client.example")
    assert message["Subject"] == "A word about INV-1"
    parts = {
        part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()
    }
    assert "Dear Ann <3" in parts["text/plain"]
    assert "Dear Ann &lt;3" in parts["text/html"]
    assert "Statement of account" in parts["text/html"]
    assert parts["text/html"].count("Kind regards") == 1
    assert parts["application/pdf"] == drafted.pdf


def test_the_edit_is_shown_as_a_difference_wherever_it_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = tmp_path / "words.txt"
    words.write_text(desk.shown().text.replace("Dear Acme,", "Dear Ann,"))
    desk.edit(subject="Two words")
    difference = actions.preview_edit(desk.firm, desk.store, 1, text=words.read_text())
    assert "-Dear Acme,\n+Dear Ann," in difference
    assert desk.shown().edited.splitlines()[:2] == ["--- before", "+++ after"]
    assert "+Subject: Two words" in desk.shown().edited
    event = desk.shown().events[-1]
    assert (event["what"], event["who"], event["reason"]) == ("edited", MAEVE, "softer")
    assert "+Subject: Two words" in event["difference"]
    command = ["opslayer", "--firm", str(desk.firm.directory), "actions"]
    edit = ["edit", "1", "--text-file", str(words), "--by", MAEVE, "--reason", "x", "--dry-run"]
    for given, said in ((["show", "1"], "+Subject: Two words"), (edit, "+Dear Ann,")):
        monkeypatch.setattr(sys, "argv", [*command, *given])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert (ended.value.code, said in capsys.readouterr().out) == (0, True)
    assert desk.shown().subject == "Two words"


def test_words_that_cannot_be_are_refused_by_name(desk: Desk) -> None:
    before = desk.shown()
    drafted = before.text
    for words, why in (
        ({"subject": "Hello\r\nBcc: eve@evil.example"}, "a line break"),
        ({"subject": "Pay \u202enow"}, "the subject has the character U.202E"),
        ({"text": "Dear Acme\x07"}, "the text has the character U.0007"),
        ({"subject": ""}, "the subject is empty"),
        ({"subject": "x" * 251}, "250 are allowed"),
        ({"subject": "Only 20,000.00 EUR"}, "amounts may not be changed.*20,000.00"),
        ({"text": "Just pay."}, "the statement of account must stay"),
        ({"text": drafted.replace("30,000.00", "3,000.00")}, "amounts may not be changed"),
        ({"text": drafted.replace("Kind regards", "Cheers")}, "the signature must stay"),
        ({"text": drafted}, "nothing in the words would change"),
    ):
        with pytest.raises(UsageError, match=why):
            desk.edit(**words)
    assert desk.shown() == before


def test_who_may_not_is_refused(desk: Desk) -> None:
    for person, how, why in (
        (INES, {}, "it takes the role partner or finance"),
        ("eve@evil.example", {}, "eve@evil.example"),
        (MAEVE, {"reason": " "}, "needs a reason"),
        (MAEVE, {"moment": MOMENT + timedelta(days=6)}, "expired"),
        (MAEVE, {"evidence_hash": "0" * 64}, "changed since you looked"),
    ):
        with pytest.raises((GuardrailHeld, UsageError), match=why):
            desk.edit(person, subject="Other words", **how)


def test_what_does_not_wait_is_not_edited(desk: Desk) -> None:
    for person in (MAEVE, TOMAS):
        desk.approve(person)
    with pytest.raises(UsageError, match="only what waits"):
        desk.edit(subject="Other words")


def test_an_edit_lasts_until_what_it_rests_on_changes(desk: Desk) -> None:
    desk.edit(subject="Other words")
    desk.propose()
    assert desk.shown().subject == "Other words"
    desk.books.change("1", paid="1000.00")
    desk.propose()
    again = desk.shown()
    assert "29,000.00 EUR" in again.subject
    assert (again.edited, "The edit of maeve@harrow.example is gone" in again.policy) == ("", True)
    assert again.events[-1]["edit_lost"] == MAEVE
    assert actions.verify(desk.store).holds


@pytest.mark.parametrize(
    "statement",
    [
        "update proposal set content = replace(cast(content as varchar), 'softer', 'harder')",
        "update proposal set content = replace(cast(content as varchar), 'Other words', 'Yet other')",
    ],
)
def test_an_edit_that_was_changed_afterwards_is_found(desk: Desk, statement: str) -> None:
    desk.edit(subject="Other words")
    assert actions.verify(desk.store).holds
    with desk.store.engine.begin() as connection:
        cast = "json" if desk.store.engine.dialect.name == "postgresql" else "varchar"
        table, _, value = statement.partition(" = ")
        connection.execute(text(f"{table} = cast({value} as {cast})"))
    assert not actions.verify(desk.store).holds
