"""A field of another system's database, by compare and set: from the value that was expected, or not at all.

With a ledger (a table with the one column `idempotency_key`, unique) the key is written in the transaction of
the change, and tells for ever whether it happened. Without one the row itself tells: it holds the new values,
or still those before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from opslayer.actions.channels.channel import Delivery, Effect, Finding
from opslayer.actions.channels.statement import BEFORE, Statement, read_statement
from opslayer.config import Firm, WriteBackSettings, secret
from opslayer.errors import ChannelFailed, UsageError

PREFIX = "given_"  # SQLAlchemy keeps the bare names of columns for itself
TIMEOUT = 20  # seconds for a connection, or for a lock


@dataclass(frozen=True)
class WriteBackChannel:
    """One statement on one table, as [channels.NAME] in firm.toml says."""

    firm: Firm
    name: str
    settings: WriteBackSettings

    proves = True

    def __post_init__(self) -> None:
        """Raises ConfigurationError for a statement that may not run or a secret that is not set."""
        _ = self.statement, self.url

    @cached_property
    def statement(self) -> Statement:
        return configured_statement(self.firm, self.settings)

    @cached_property
    def url(self) -> sa.URL:
        return sa.make_url(secret(self.settings.url))

    def check(self) -> str:
        """Connect, run the statement for the row of no key, which is none, and roll it back."""
        nothing = _as_bound(dict.fromkeys(self.statement.parameters))
        try:
            with self._engine().connect() as connection:
                connection.execute(self._change(), nothing)
                if self._ledger is not None:
                    connection.execute(sa.select(self._ledger).where(sa.false()))
                connection.rollback()
        except exc.SQLAlchemyError as error:
            raise ChannelFailed(f"{self.name}: {_said(error)}") from error
        return f"{self.settings.statement} can run on {self.settings.table}"

    def send(self, effect: Effect, *, may_send: Callable[[], bool]) -> Delivery:
        values = effect.content.get("data", {})
        missing = [name for name in self.statement.parameters if name not in values]
        if missing:
            return Delivery("refused", f"the rule shows no column {', '.join(missing)}")
        try:
            connection = self._engine().connect()
        except exc.SQLAlchemyError as error:
            return Delivery("unreachable", _said(error))
        with connection:
            if not may_send():
                return Delivery("deferred", "too much time had passed since it was claimed")
            return self._set(connection, effect.key, values)

    def confirm(self, effects: Sequence[Effect]) -> dict[str, Finding]:
        try:
            with self._engine().connect() as connection:
                return {effect.key: self._finding(connection, effect) for effect in effects}
        except exc.SQLAlchemyError:
            return {effect.key: "unknown" for effect in effects}

    def compensate(self, sent: Effect, *, reason: str) -> dict[str, Any]:
        """The same statement the other way round: back from the new values, if they still stand."""
        before = sent.content.get("data", {})
        missing = [name for name in self.statement.parameters if name not in before]
        if missing:
            raise UsageError(f"what it was before is not known: {', '.join(missing)}")
        pairs = [(column, f"{column}{BEFORE}") for column in self.statement.columns]
        swapped = {one: before[other] for pair in pairs for one, other in (pair, pair[::-1])}
        return {
            "channel": self.name,
            "recipient": sent.content.get("recipient"),
            "subject": f"Restored: {sent.content['subject']}",
            "text": f"{reason}\n",
            "html": sent.content["html"],
            "data": {self.statement.key: before[self.statement.key], **swapped},
        }

    def _set(self, connection: sa.Connection, key: str, values: dict[str, Any]) -> Delivery:
        try:
            if self._ledger is not None:
                if self._is_entered(connection, key):
                    return Delivery("accepted", "the ledger has its key: it was done before")
                try:
                    connection.execute(self._ledger.insert().values(idempotency_key=key))
                except exc.IntegrityError:
                    return Delivery("accepted", "the ledger has its key: another did it meanwhile")
            if connection.execute(self._change(), _as_bound(values)).rowcount != 1:
                connection.rollback()
                return self._not_as_expected(connection, values)
        except (exc.OperationalError, exc.InterfaceError) as error:
            return Delivery("deferred", _said(error))
        except exc.SQLAlchemyError as error:
            return Delivery("refused", _said(error))
        try:
            connection.commit()
        except exc.SQLAlchemyError as error:
            return Delivery("unclear", f"the end of the transaction was not heard: {_said(error)}")
        return Delivery("accepted", "one row set")

    def _not_as_expected(self, connection: sa.Connection, values: dict[str, Any]) -> Delivery:
        if self._ledger is None and self._stands(connection, values, ""):
            return Delivery("accepted", "the row says so already")
        columns = ", ".join(self.statement.columns)
        return Delivery("refused", f"{columns} is not what it was when this was approved, or the row is gone")

    def _finding(self, connection: sa.Connection, effect: Effect) -> Finding:
        if self._ledger is not None:
            return "arrived" if self._is_entered(connection, effect.key) else "absent"
        values = effect.content.get("data", {})
        if self._stands(connection, values, ""):
            return "arrived"
        return "absent" if self._stands(connection, values, BEFORE) else "unknown"

    def _is_entered(self, connection: sa.Connection, key: str) -> bool:
        assert self._ledger is not None
        known = sa.select(self._ledger).where(self._ledger.c.idempotency_key == key)
        return connection.execute(known).first() is not None

    def _stands(self, connection: sa.Connection, values: dict[str, Any], which: str) -> bool:
        """Whether the row holds the new values (which is "") or those before."""
        query = sa.select(sa.literal(1)).select_from(self._table).where(*self._row(which))
        return connection.execute(query, _as_bound(values)).first() is not None

    def _change(self) -> sa.Update:
        new = {column: _bound(column) for column in self.statement.columns}
        return sa.update(self._table).where(*self._row(BEFORE)).values(new)

    def _row(self, which: str) -> list[sa.ColumnElement[bool]]:
        columns = self._table.c
        key = self.statement.key
        compared = [columns[c].is_not_distinct_from(_bound(f"{c}{which}")) for c in self.statement.columns]
        return [columns[key] == _bound(key), *compared]

    @cached_property
    def _table(self) -> sa.TableClause:
        names = (self.statement.key, *self.statement.columns)
        return sa.table(self.statement.table, *map(sa.column, names), schema=self.statement.schema)

    @cached_property
    def _ledger(self) -> sa.TableClause | None:
        if self.settings.ledger is None:
            return None
        *schema, name = self.settings.ledger.split(".")
        return sa.table(name, sa.column("idempotency_key"), schema=".".join(schema) or None)

    def _engine(self) -> sa.Engine:
        how: dict[str, Any] = {}
        if self.url.get_backend_name() == "postgresql":
            milliseconds = TIMEOUT * 1000
            how = {
                "connect_timeout": TIMEOUT,
                "options": f"-c lock_timeout={milliseconds} -c statement_timeout={milliseconds}",
            }
        elif self.url.get_backend_name() == "sqlite":
            how = {"timeout": TIMEOUT}
        return sa.create_engine(self.url, poolclass=sa.NullPool, connect_args=how)


def configured_statement(firm: Firm, settings: WriteBackSettings) -> Statement:
    """Raises ConfigurationError for one that may not run."""
    path = firm.directory / "statements" / f"{settings.statement}.sql"
    return read_statement(path, table=settings.table, key=settings.key)


def _bound(name: str) -> sa.BindParameter[Any]:
    """Of no type of ours: the database reads the value as that of its column."""
    return sa.bindparam(f"{PREFIX}{name}", type_=sa.types.NullType())


def _as_bound(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{PREFIX}{name}": value for name, value in values.items()}


def _said(error: exc.SQLAlchemyError) -> str:
    """What the database said, without the statement and its values."""
    said = getattr(error, "orig", None) or error
    return " ".join(str(said).split())[:300]
