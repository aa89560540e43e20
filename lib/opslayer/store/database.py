"""Opening the store: SQLite by default, PostgreSQL by its URL; the same tables on both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker

from opslayer.config import Firm, secret
from opslayer.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7011  # PostgreSQL advisory lock: two processes that start at once migrate in turn


class Store:
    """The operational database. Use it as a context manager, or close it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._readers = sessionmaker(engine.execution_options(read_only=True), expire_on_commit=False)
        event.listen(self._sessions, "after_flush", _mark_changed)
        event.listen(self._sessions, "do_orm_execute", _mark_changed_in_bulk)

    @property
    def url(self) -> str:
        """Where it is, without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back at an error."""
        with self._sessions.begin() as session:
            yield session
            session.flush()
            if session.info.get("changed"):
                session.execute(text("update change_counter set changes = changes + 1"))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One look that waits for no writer and changes nothing: what it did to its rows is rolled back."""
        with self._readers() as session:
            yield session

    def change_counter(self) -> int:
        """A number that moves with every change a person would want to see."""
        with self.engine.connect().execution_options(read_only=True) as connection:
            return int(connection.execute(text(COUNTER)).scalar_one())

    def close(self) -> None:
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _mark_changed(session: Session, _: object) -> None:
    session.info["changed"] = True


def _mark_changed_in_bulk(execution: ORMExecuteState) -> None:
    if execution.is_insert or execution.is_update or execution.is_delete:
        execution.session.info["changed"] = True


COUNTER = "select coalesce(max(changes), 0) from change_counter"


def open_store(place: Firm | str) -> Store:
    """Open the store of a firm, or at an SQLAlchemy URL, and bring its tables up to date.

    Raises StoreError where it cannot be reached, or belongs to a newer version of opslayer.
    """
    url = place if isinstance(place, str) else _url(place)
    try:
        engine = _engine(url)
        _migrate(engine)
    except (SQLAlchemyError, OSError) as error:
        shown = make_url(url).render_as_string(hide_password=True)
        raise StoreError(
            f"the store at {shown} cannot be opened: {error}",
            mend="mend store.url in firm.toml, or start its server",
        ) from error
    return Store(engine)


def _url(firm: Firm) -> str:
    url = firm.store.url
    if url.startswith(("env:", "keyring:")):
        url = secret(url)
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        path = firm.directory / url.removeprefix("sqlite:///")
        path.parent.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{path}"
    return url


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver would begin late; `_begin` does it at once
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma foreign_keys = on")
        connection.execute("pragma busy_timeout = 30000")
        connection.execute("pragma synchronous = full")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # a transaction that reads and then writes must not find another writer in between
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("begin" if read_only else "begin immediate")

    return engine


def _migrate(engine: Engine) -> None:
    if engine.dialect.name == "sqlite" and engine.url.database and engine.url.database != ":memory:":
        with FileLock(f"{engine.url.database}.migrate.lock", timeout=60):
            _upgrade(engine)
    else:
        _upgrade(engine)


def _upgrade(engine: Engine) -> None:
    from alembic.runtime.migration import MigrationContext
    from alembic.util.exc import CommandError

    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"select pg_advisory_xact_lock({MIGRATION_LOCK})"))
        if MigrationContext.configure(connection).get_current_revision() == _newest():
            return
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                f"the store is of another version of opslayer: {error}",
                mend="install the version that wrote it",
            ) from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@cache
def _newest() -> str | None:
    """The revision that the last migration leads to; Alembic loads every migration to tell it."""
    return ScriptDirectory.from_config(_config()).get_current_head()
