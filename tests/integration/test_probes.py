"""Planted errors: they look like any other, are told apart once decided, and never leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select, text

from opslayer import actions
from opslayer.actions.mark import SUBJECT, flaw_of, is_drawn, mark
from opslayer.config import Firm, load_firm
from opslayer.errors import GuardrailHeld
from opslayer.links import page
from opslayer.store import Proposal, Store, open_store
from opslayer.warehouse import Layer
from tests.reminders import AS_OF, MOMENT, Books, Owed, everything, serving, write_firm

MAEVE, TOMAS = "maeve@harrow.example", "tomas@harrow.example"
CLIENTS = 40


@dataclass
class Desk:
    """Reminders to forty clients, and one in five of them planted beside the real one."""

    firm: Firm
    store: Store
    layer: Layer
    inbox: Path

    def propose(self) -> list[actions.Proposal]:
        return actions.propose(
            self.firm, self.layer, self.store, as_of=AS_OF, moment=MOMENT, rule="payment_reminder"
        )

    def probes(self, state: str = "proposed") -> list[int]:
        with self.store.reading() as session:
            found = select(Proposal.id).where(Proposal.subject.like(f"{SUBJECT}%"), Proposal.state == state)
            return list(session.scalars(found.order_by(Proposal.id)))

    def approve(self, number: int, person: str = MAEVE) -> actions.Proposal:
        return actions.approve(
            self.firm, self.store, number, person=person, reason="yes", moment=MOMENT, layer=self.layer
        )


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port)
        toml = firm.directory / "firm.toml"
        toml.write_text(f"{toml.read_text()}\n[probes]\nshare = 0.2\n")
        books = Books(firm, [Owed(str(n), f"client{n:02d}", 2, "1234.56") for n in range(CLIENTS)])
        with books.publish() as layer:
            yield Desk(load_firm(firm.directory), store, layer, tmp_path / "mail")


def test_some_are_planted_and_nothing_shown_of_them_says_so(desk: Desk) -> None:
    real = desk.propose()
    probes = desk.probes()
    assert len(real) == CLIENTS
    assert len(probes) == sum(is_drawn(one, 0.2) for one in keys(desk)) > 2
    listed = {one.id: one for one in actions.list_proposals(desk.store)}
    alike = next(one for one in real if one.party_id == listed[probes[0]].party_id)
    assert vars(listed[probes[0]]).keys() == vars(alike).keys()
    assert listed[probes[0]].evidence.keys() == alike.evidence.keys()
    assert listed[probes[0]].title == alike.title
    for number in probes:
        shown = actions.show_proposal(desk.store, number)
        twin = next(one for one in real if one.party_id == shown.proposal.party_id)
        assert shown.text != actions.show_proposal(desk.store, twin.id or 0).text
        assert "probe" not in str(vars(shown)).lower()
    assert desk.propose() == []
    assert desk.probes() == probes  # once, and the next look takes none away


def keys(desk: Desk) -> list[str]:
    with desk.store.reading() as session:
        real = select(Proposal.idempotency_key).where(Proposal.subject.not_like(f"{SUBJECT}%"))
        return list(session.scalars(real))


def test_a_yes_and_a_no_are_told_at_once_and_counted_for_who_said_them(desk: Desk) -> None:
    real = desk.propose()
    missed, caught, *_ = desk.probes()
    told = desk.approve(missed)
    assert (told.state, "did not find it" in (told.reason or "")) == ("cancelled", True)
    assert "did not find it" in page.decided(desk.firm, told)
    told = actions.reject(desk.firm, desk.store, caught, person=TOMAS, reason="odd", moment=MOMENT)
    assert (told.state, "you found it" in (told.reason or "")) == ("cancelled", True)
    desk.approve(real[0].id or 0)
    counted = {one["person"]: one for one in actions.approvers(desk.firm, desk.store).to_dicts()}
    assert [counted[MAEVE][name] for name in ("decided", "probes", "probes_missed")] == [1, 1, 1]
    assert [counted[TOMAS][name] for name in ("decided", "probes", "probes_missed")] == [0, 1, 0]
    assert actions.verify(desk.store).holds


def test_the_real_one_beside_it_is_sent_as_if_there_were_none(desk: Desk) -> None:
    real = desk.propose()
    for one in real:
        desk.approve(one.id or 0)
    for number in desk.probes():
        desk.approve(number)
    sent = actions.dispatch(desk.firm, desk.store, layer=desk.layer, moment=MOMENT)
    assert [one.state for one in sent] == ["sent"] * CLIENTS
    assert len(everything(desk.inbox)) == CLIENTS


def test_it_never_leaves_whatever_is_written_into_the_store(desk: Desk) -> None:
    desk.propose()
    number, *_ = desk.probes()
    with desk.store.engine.begin() as connection:
        connection.execute(text("update proposal set state = 'approved' where id = :n"), {"n": number})
        connection.execute(
            text(
                "insert into decision (proposal_id, verdict, person, reason, evidence_hash, decided_at) "
                "select id, 'approved', :who, 'yes', evidence_hash, created_at from proposal where id = :n"
            ),
            {"n": number, "who": MAEVE},
        )
        connection.execute(
            text(
                "insert into outbox (proposal_id, message_id, not_before, state, attempts) "
                "select id, '<x@harrow.example>', created_at, 'waiting', 0 from proposal where id = :n"
            ),
            {"n": number},
        )
    (stopped,) = actions.dispatch(desk.firm, desk.store, layer=desk.layer, moment=MOMENT)
    assert (stopped.state, "planted as a test" in (stopped.reason or "")) == ("cancelled", True)
    assert everything(desk.inbox) == []


def test_without_its_mark_it_is_no_longer_what_was_proposed(desk: Desk) -> None:
    desk.propose()
    number, *_ = desk.probes()
    with desk.store.session() as session:
        record = session.get_one(Proposal, number)
        assert flaw_of(record.evidence)
        record.evidence = {**record.evidence, "draw": mark(record.evidence)}
    with pytest.raises(GuardrailHeld, match="not what was proposed"):
        desk.approve(number)
    assert not actions.verify(desk.store).holds
