"""A clock that goes back, a store that is locked, a server that answers too late, two who approve at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from opslayer import actions
from opslayer.actions import mail
from opslayer.actions.outbox import GRACE, LEASE
from opslayer.config import Firm
from opslayer.store import Store, open_store
from opslayer.warehouse import Layer, open_layer
from tests.mass import fill
from tests.reminders import AS_OF, MOMENT, Books, Owed, Server, everything, serving, write_firm

MESSAGES = 12


@dataclass
class Desk:
    """Messages approved and waiting, with a mailbox of copies, and the server that they go to."""

    firm: Firm
    store: Store
    layer: Layer
    server: Server
    inbox: Path

    def dispatch(self, moment: datetime = MOMENT, limit: int | None = None) -> list[actions.Proposal]:
        return actions.dispatch(self.firm, self.store, layer=self.layer, moment=moment, limit=limit)

    def each_arrived_once(self) -> bool:
        arrived = Counter(everything(self.inbox))
        states = Counter(one.state for one in actions.list_proposals(self.store))
        once = len(arrived) == MESSAGES and set(arrived.values()) == {1}
        return once and states == {"sent": MESSAGES} and actions.verify(self.store).holds


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    inbox = tmp_path / "mail"
    with serving(inbox) as server, open_store(store_url) as store:
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port, proof=True)
        for place in ("cur", "new", "tmp"):
            (inbox / "sent@harrow.example" / place).mkdir(parents=True)
        (firm.directory / "sent").symlink_to(inbox / "sent@harrow.example")
        firm = fill(firm, store, MESSAGES)
        with open_layer(firm) as layer:
            yield Desk(firm, store, layer, server, inbox)


def test_a_clock_moved_back_sends_nothing_again(desk: Desk) -> None:
    assert len(desk.dispatch(MOMENT + timedelta(hours=3), limit=5)) == 5
    desk.dispatch(MOMENT)
    desk.dispatch(MOMENT - timedelta(days=1))
    assert desk.each_arrived_once()


def test_what_a_dead_worker_held_outlasts_a_clock_that_goes_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = MOMENT + timedelta(hours=3)
    with monkeypatch.context() as patch:
        patch.setattr(actions.outbox, "_record", _die)
        with pytest.raises(SystemExit):
            desk.dispatch(later)
    for moment in (MOMENT, MOMENT + LEASE + GRACE, later):  # its claim lies ahead of all of these
        desk.dispatch(moment)
    assert Counter(one.state for one in actions.list_proposals(desk.store))["sending"] > 0
    desk.dispatch(later + LEASE + timedelta(minutes=1))
    assert desk.each_arrived_once()


def _die(*_: object) -> None:
    raise SystemExit("between the server's yes and our writing it down")


def test_a_store_locked_as_the_server_answers_is_waited_for(desk: Desk, store_url: str) -> None:
    """Nobody can write down that it left; when somebody can, it has left once."""
    locks = ThreadPoolExecutor(MESSAGES)
    held = threading.Event()

    def hold() -> None:
        with locking(store_url):
            held.set()
            time.sleep(0.3)

    real = actions.outbox._record

    def record(*given: object) -> None:
        held.clear()
        locks.submit(hold)
        assert held.wait(20)
        real(*given)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(actions.outbox, "_record", record)
        desk.dispatch()
    locks.shutdown()
    assert desk.each_arrived_once()


@contextmanager
def locking(url: str) -> Iterator[None]:
    """The store as another process that writes holds it."""
    engine = create_engine(
        url, isolation_level="AUTOCOMMIT" if url.startswith("sqlite") else "READ COMMITTED"
    )
    with engine.connect() as connection:
        if url.startswith("sqlite"):
            connection.execute(text("begin immediate"))
        else:
            connection.execute(text("lock table audit_event in exclusive mode"))
        yield
        connection.rollback() if not url.startswith("sqlite") else connection.execute(text("rollback"))
    engine.dispose()


def test_an_answer_after_the_timeout_is_settled_by_the_copy(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "TIMEOUT", 0.2)
    desk.server.handler.seconds_to_answer = 0.6
    desk.dispatch(limit=2)
    monkeypatch.setattr(mail, "TIMEOUT", 30.0)
    desk.server.handler.seconds_to_answer = 0.0
    assert Counter(one.state for one in actions.list_proposals(desk.store))["sending"] > 0
    desk.dispatch(MOMENT + LEASE + GRACE + timedelta(minutes=1))
    assert desk.each_arrived_once()


@pytest.mark.parametrize(("amount", "people", "needed"), [("1000.00", 1, 1), ("60000.00", 2, 2)])
def test_many_who_approve_at_once_approve_once(
    store_url: str, tmp_path: Path, amount: str, people: int, needed: int
) -> None:
    """A double click of one person is one yes; two people's are two, whoever comes first."""
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port)
        with Books(firm, [Owed("1", "acme", 31, amount)]).publish() as layer:
            (one,) = actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT, rule="payment_reminder")
            who = ["maeve@harrow.example", "tomas@harrow.example"][:people]
            with ThreadPoolExecutor(8) as threads:
                list(threads.map(_approving(firm, store, layer, one.id or 0), who * 4))
            actions.dispatch(firm, store, layer=layer, moment=MOMENT)
        events = Counter(event["what"] for event in actions.show_proposal(store, one.id or 0).events)
        assert (events["decision: approved"], events["approved"], events["sent"]) == (needed, 1, 1)
        assert len(everything(tmp_path / "mail")) == 1
        assert actions.verify(store).holds


def _approving(firm: Firm, store: Store, layer: Layer, number: int) -> Callable[[str], object]:
    def approve(person: str) -> object:
        return actions.approve(firm, store, number, person=person, reason="yes", moment=MOMENT, layer=layer)

    return approve
