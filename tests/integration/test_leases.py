"""Of several workers each takes messages of its own, and waits for none of the others."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from opslayer import actions
from opslayer.actions.lease import LOOKING, give_back, take
from opslayer.config import load_firm
from opslayer.store import Outbox, Store, open_store
from opslayer.warehouse import open_layer
from tests.mass import fill
from tests.reminders import MOMENT, everything, serving, write_firm

MESSAGES = 24


@pytest.fixture
def filled(store_url: str, tmp_path: Path) -> Store:
    with open_store(store_url) as store:
        fill(write_firm(tmp_path / "firm", store=store_url), store, MESSAGES)
        yield store


def taken(store: Store, worker: str, *, most: int = 10, after: int = 0, minutes: float = 0) -> list[int]:
    moment = MOMENT + timedelta(minutes=minutes)
    return [number for _, number in take(store, worker, after=after, most=most, moment=moment)]


def test_nobody_is_given_what_another_looks_at(filled: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: taken(filled, f"worker {n}", most=4), range(8)))
    assert Counter(number for numbers in found for number in numbers) == Counter(range(1, MESSAGES + 1))


def test_what_another_is_taking_is_passed_over_and_not_waited_for(filled: Store) -> None:
    if filled.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with filled.engine.begin() as connection:
        connection.execute(Outbox.__table__.select().where(Outbox.id <= 20).with_for_update())
        assert taken(filled, "second") == list(range(21, MESSAGES + 1))


def test_a_lease_ends_with_its_time_or_when_it_is_given_back(filled: Store) -> None:
    assert taken(filled, "first") == list(range(1, 11))
    assert taken(filled, "second") == list(range(11, 21))
    give_back(filled, "second")
    assert taken(filled, "third", minutes=1) == list(range(11, 21))
    late = LOOKING / timedelta(minutes=1) + 0.5
    assert taken(filled, "fourth", minutes=late) == list(range(1, 11))


def test_what_a_worker_slept_past_is_not_sent_by_it(filled: Store, tmp_path: Path) -> None:
    """Another has it by then."""
    with serving(tmp_path / "mail") as server:
        firm = write_firm(tmp_path / "firm", store=filled.url, port=server.port)
        (number,) = taken(filled, "slow", most=1)
        (again,) = taken(filled, "quick", most=1, minutes=6)
        assert number == again
        with open_layer(firm) as layer:
            worker = actions.outbox.Worker(firm, filled, layer, actions.outbox.Clock(MOMENT), "slow")
            assert worker.send(number) == (number, None)
        assert everything(tmp_path / "mail") == []


def test_many_threads_send_each_message_once(filled: Store, tmp_path: Path) -> None:
    with serving(tmp_path / "mail") as server:
        firm = write_firm(tmp_path / "firm", store=filled.url, port=server.port)
        text = (firm.directory / "firm.toml").read_text()
        (firm.directory / "firm.toml").write_text(f"{text}\n[outbox]\nworkers = 8\n")
        firm = load_firm(firm.directory)
        with open_layer(firm) as layer:
            sent = actions.dispatch(firm, filled, layer=layer, moment=MOMENT)
            assert actions.dispatch(firm, filled, layer=layer, moment=MOMENT) == []
    assert [one.state for one in sent] == ["sent"] * MESSAGES
    assert Counter(Counter(everything(tmp_path / "mail")).values()) == {1: MESSAGES}
