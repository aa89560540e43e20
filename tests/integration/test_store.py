"""The store on SQLite and on PostgreSQL: migrations, the append-only trail, its chain."""

from __future__ import annotations

import threading
from datetime import date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from opslayer.errors import StoreError
from opslayer.store import AuditEvent, Run, Store, append, open_store, verify


def add(store: Store, moment: datetime, count: int = 3) -> None:
    for number in range(count):
        with store.session() as session:
            append(session, moment=moment, actor="test", event="tried", detail={"number": number})


def test_a_chain_that_nobody_touched_holds(store: Store, moment: datetime) -> None:
    add(store, moment)
    with store.session() as session:
        outcome = verify(session)
    assert (outcome.holds, outcome.events) == (True, 3)


@pytest.mark.parametrize(
    "change", ["update audit_event set actor = 'x' where id = 2", "delete from audit_event"]
)
def test_the_trail_refuses_to_change(store: Store, moment: datetime, change: str) -> None:
    add(store, moment)
    with pytest.raises(DatabaseError, match="only ever appended to"), store.session() as session:
        session.execute(text(change))
    with store.session() as session:
        assert verify(session).holds


def lift(store: Store) -> list[str]:
    """What somebody with full rights would do first."""
    if store.engine.dialect.name == "sqlite":
        return ["drop trigger audit_event_no_update", "drop trigger audit_event_no_delete"]
    return ["drop trigger audit_event_append_only on audit_event"]


@pytest.mark.parametrize(
    ("change", "broken", "why"),
    [
        ("update audit_event set actor = 'x' where id = 2", 2, "was changed"),
        ("delete from audit_event where id = 2", 2, "is missing"),
        ("update audit_event set previous_hash = 'x' where id = 3", 3, "does not follow"),
    ],
)
def test_verify_names_the_first_event_that_was_tampered_with(
    store: Store, moment: datetime, change: str, broken: int, why: str
) -> None:
    add(store, moment)
    with store.engine.begin() as connection:
        for statement in [*lift(store), change]:
            connection.execute(text(statement))
    with store.session() as session:
        outcome = verify(session)
    assert (outcome.holds, outcome.broken) == (False, broken)
    assert why in str(outcome.why)


def test_writers_side_by_side_do_not_fork_the_chain(unmade_store_url: str, moment: datetime) -> None:
    failures: list[BaseException] = []

    def write() -> None:
        try:
            with open_store(unmade_store_url) as store:  # each migrates, and only one has to
                add(store, moment, 10)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with open_store(unmade_store_url) as store, store.session() as session:
        outcome = verify(session)
        assert (outcome.holds, outcome.events) == (True, 40)


def test_the_counter_moves_with_a_change_and_not_with_a_look(store: Store, moment: datetime) -> None:
    before = store.change_counter()
    with store.session() as session:
        session.execute(select(AuditEvent)).all()
    assert store.change_counter() == before
    with store.session() as session:
        session.add(
            Run(run_id="r", notebook="n", as_of=date(2026, 11, 16), started_at=moment, state="running")
        )
    assert store.change_counter() == before + 1


def test_a_moment_comes_back_with_its_zone(store: Store, moment: datetime) -> None:
    add(store, moment, 1)
    with store.session() as session:
        assert session.execute(select(AuditEvent.happened_at)).scalar_one() == moment


def test_a_store_that_cannot_be_reached_is_named_without_its_password() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("postgresql+psycopg://u:hunter2@127.0.0.1:9/x")
    assert "127.0.0.1:9" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_reader_does_not_wait_for_a_writer(store: Store, moment: datetime) -> None:
    add(store, moment, 1)
    with store.session() as writer:
        append(writer, moment=moment, actor="test", event="under way")
        with store.reading() as reader:
            assert verify(reader).events == 1
        assert store.change_counter() == 1


def test_the_head_tells_when_the_end_was_cut_off(store: Store, moment: datetime) -> None:
    add(store, moment)
    with store.reading() as session:
        noted = verify(session).head
    with store.engine.begin() as connection:
        for statement in [*lift(store), "delete from audit_event where id = 3"]:
            connection.execute(text(statement))
    with store.reading() as session:
        outcome = verify(session)
    assert outcome.holds
    assert outcome.head != noted
