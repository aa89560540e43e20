"""Mail that came back is matched to its proposal, and its address is held until the record has another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from opslayer import actions
from opslayer.config import Firm, load_firm
from opslayer.errors import ConfigurationError, GuardrailHeld
from opslayer.store import AuditEvent, Store
from tests import dovecot
from tests.mailing import imap_section, mail
from tests.reminders import AS_OF, MOMENT, Books, Owed, bounce, received, serving, write_firm

MAEVE = "maeve@harrow.example"
LATER = AS_OF + timedelta(days=14)
AFTER = MOMENT + timedelta(days=14)


@pytest.fixture
def firm(tmp_path: Path, store_url: str) -> Iterator[Firm]:
    """It reads what came back; one reminder was sent."""
    with serving(tmp_path / "mail") as server:
        made = write_firm(tmp_path / "firm", store=store_url, port=server.port)
        path = made.directory / "firm.toml"
        path.write_text(path.read_text() + 'bounces = "maildir:came_back"\n')
        (made.directory / "came_back" / "new").mkdir(parents=True)
        yield load_firm(made.directory)


def remind(books: Books, store: Store) -> actions.Proposal:
    """Propose the first reminder, approve and send it."""
    with books.publish() as layer:
        (one,) = actions.propose(books.firm, layer, store, as_of=AS_OF, moment=MOMENT)
        actions.approve(
            books.firm, store, one.id or 0, person=MAEVE, reason="yes", moment=MOMENT, layer=layer
        )
        actions.dispatch(books.firm, store, layer=layer, moment=MOMENT)
    return one


def come_back(firm: Firm, tmp_path: Path, address: str = "acme@client.example") -> None:
    (sent,) = received(tmp_path / "mail", "acme@client.example")
    place = firm.directory / "came_back" / "new"
    (place / f"{len(list(place.iterdir()))}.mx").write_bytes(bounce(str(sent["Message-ID"]), address))


def test_its_address_is_held_until_the_record_has_another(firm: Firm, store: Store, tmp_path: Path) -> None:
    books = Books(firm, [Owed("1", "acme", 16)])
    one = remind(books, store)
    for _ in "ab":  # the notification came twice, and is read twice
        come_back(firm, tmp_path)
    books.pass_days(14)
    with books.publish(as_of=LATER, moment=AFTER) as layer:
        for _ in "ab":
            actions.dispatch(firm, store, layer=layer, moment=AFTER)
        (two,) = actions.propose(firm, layer, store, as_of=LATER, moment=AFTER)
        assert "acme@client.example bounced on 2026-11-30 (5.1.1 550 5.1.1" in str(two.reason)
        with pytest.raises(GuardrailHeld, match="mend the record"):
            actions.approve(firm, store, two.id or 0, person=MAEVE, reason="yes", moment=AFTER, layer=layer)
    (told,) = (e for e in actions.show_proposal(store, one.id or 0).events if e["what"] == "bounced")
    assert (told["recipient"], told["status"]) == ("acme@client.example", "5.1.1")
    assert "user unknown" in told["diagnostic"]
    books.emails["acme"] = "billing@client.example"
    with books.publish(as_of=LATER, moment=AFTER) as layer:
        (two,) = actions.propose(firm, layer, store, as_of=LATER, moment=AFTER)
        assert two.reason is None
        actions.approve(firm, store, two.id or 0, person=MAEVE, reason="yes", moment=AFTER, layer=layer)
        assert [p.state for p in actions.dispatch(firm, store, layer=layer, moment=AFTER)] == ["sent"]
    assert len(received(tmp_path / "mail", "billing@client.example")) == 1
    assert actions.verify(store).holds
    with store.session() as session:
        session.execute(text("delete from bounce"))
    assert "bounce" in str(actions.verify(store).why)


def test_what_was_approved_before_it_bounced_is_held_as_it_leaves(
    firm: Firm, store: Store, tmp_path: Path
) -> None:
    books = Books(firm, [Owed("1", "acme", 16)])
    remind(books, store)
    books.pass_days(14)
    with books.publish(as_of=LATER, moment=AFTER) as layer:
        (two,) = actions.propose(firm, layer, store, as_of=LATER, moment=AFTER)
        actions.approve(firm, store, two.id or 0, person=MAEVE, reason="yes", moment=AFTER, layer=layer)
        come_back(firm, tmp_path)
        moved = {p.id: p.state for p in actions.dispatch(firm, store, layer=layer, moment=AFTER)}
    assert moved[two.id] == "held"


def test_a_notification_of_another_address_is_nothing(firm: Firm, store: Store, tmp_path: Path) -> None:
    books = Books(firm, [Owed("1", "acme", 16)])
    one = remind(books, store)
    come_back(firm, tmp_path, "beta@client.example")
    with books.publish() as layer:
        assert actions.dispatch(firm, store, layer=layer, moment=MOMENT) == []
    assert "bounced" not in [e["what"] for e in actions.show_proposal(store, one.id or 0).events]


def test_a_place_of_an_unknown_kind_is_named(firm: Firm, store: Store) -> None:
    path = firm.directory / "firm.toml"
    path.write_text(path.read_text().replace("maildir:came_back", "imap:came_back"))
    with (
        Books(firm, [Owed("1", "acme", 16)]).publish() as layer,
        pytest.raises(ConfigurationError, match="bounces"),
    ):
        actions.dispatch(load_firm(firm.directory), store, layer=layer, moment=MOMENT)


def test_it_is_read_back_from_an_imap_server_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store_url: str, store: Store
) -> None:
    monkeypatch.setenv("IMAP_PASSWORD", dovecot.PASSWORD)
    with dovecot.running() as imap, serving(tmp_path / "mail") as server:
        path = write_firm(tmp_path / "firm", store=store_url, port=server.port).directory / "firm.toml"
        path.write_text(path.read_text() + f"[mail.bounces]\n{imap_section(imap)}\n")
        firm = load_firm(path)
        books = Books(firm, [Owed("1", "acme", 16)])
        one = remind(books, store)
        (sent,) = received(tmp_path / "mail", "acme@client.example")
        imap.deliver(mail("hello"), bounce(str(sent["Message-ID"]), "acme@client.example"))
        with books.publish() as layer:
            for _ in "ab":
                actions.dispatch(firm, store, layer=layer, moment=MOMENT)
        # where nobody answers, what is approved leaves all the same
        path.write_text(path.read_text().replace(f"port = {imap.tls}", f"port = {dovecot.free_port()}"))
        firm = load_firm(path)
        books.invoices, books.firm = [Owed("2", "beta", 16)], firm
        with books.publish() as layer:
            (two,) = actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT)
            actions.approve(firm, store, two.id or 0, person=MAEVE, reason="y", moment=MOMENT, layer=layer)
            for _ in "ab":
                actions.dispatch(firm, store, layer=layer, moment=MOMENT)
        client = imap.client()
        client.select("INBOX")
        assert client.search(None, "UNSEEN")[1] == [b"1 2"]  # nothing was changed there
        client.logout()
    told = [e["what"] for e in actions.show_proposal(store, one.id or 0).events]
    assert told.count("bounced") == 1
    assert actions.show_proposal(store, two.id or 0).proposal.state == "sent"
    with store.reading() as session:
        unread = select(AuditEvent).where(AuditEvent.event == "bounces unread")
        (event,) = session.scalars(unread).all()
    assert "does not answer" in event.detail["reason"]
