"""A database: PostgreSQL by ADBC as a stream of Arrow, every other by SQLAlchemy as a stream of rows.

All tables of a source are read in one transaction, so that they are of one moment. NUMERIC never passes
through a float: it lands as its exact text, as does every type that Parquet has no equal for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from opslayer.config import SqlSource, secret
from opslayer.errors import ConfigurationError, SourceUnavailable, UnreadableSource, nearest
from opslayer.sources.cursor import parse
from opslayer.sources.mapping import MappedTable
from opslayer.sources.parquet import Parts
from opslayer.sources.values import as_text

FETCH = 50_000
_FLOOR = "opslayer.floor"  # a setting of the session: COPY takes no parameters


class SqlReader:
    """Tables and views of one database schema. A context manager: it holds the connection."""

    sparse = False

    def __init__(self, source: SqlSource, directory: Path) -> None:
        self.source = source
        self.lag = source.lag
        self.url = database_url(source.url, directory)
        self._stack = ExitStack()

    def __enter__(self) -> SqlReader:
        try:
            self._open()
        except (sa.exc.OperationalError, adbc_driver_manager.OperationalError) as error:
            raise SourceUnavailable(
                f"{self.url.render_as_string(hide_password=True)} does not answer: {_cause(error)}",
                mend="see that the database runs, and that `url` in firm.toml names it",
            ) from error
        except (sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
            raise ConfigurationError(
                f'firm.toml\n  at key: url\n    no driver for "{self.url.drivername}": {error}',
                mend="install the SQLAlchemy driver of that database beside opslayer",
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self) -> None:
        self.engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        self._stack.callback(self.engine.dispose)
        with self.engine.connect() as connection:
            inspector = sa.inspect(connection)
            schema = self.source.db_schema
            self.tables = {*inspector.get_table_names(schema), *inspector.get_view_names(schema)}
        if self.url.get_backend_name() == "postgresql":
            plain = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
            self.adbc = self._stack.enter_context(adbc_driver_postgresql.dbapi.connect(plain))
            with self.adbc.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read read only")
        else:
            self.connection = self._stack.enter_context(self.engine.connect())

    def present(self, table: str) -> bool:
        return table in self.tables

    def stamp(self, _table: str, /) -> str | None:
        return None

    def incremental(self, _table: str, spec: MappedTable, /) -> bool:
        return spec.cursor is not None

    def read(self, table: str, spec: MappedTable, floor: str | None, parts: Parts, /) -> None:
        if table not in self.tables:
            near = nearest(table, self.tables)
            raise UnreadableSource(
                f'the database has no table "{table}"' + (f'; nearest: "{near}"' if near else ""),
                mend="mend `db_schema` in firm.toml or the mapping, or list the table in `optional`",
            )
        columns = self._columns(table)
        if spec.cursor and spec.cursor not in columns:
            near = nearest(spec.cursor, columns)
            raise UnreadableSource(
                f'its cursor "{spec.cursor}" is not a column' + (f'; nearest: "{near}"' if near else ""),
                mend="mend the cursor of this table in its mapping",
            )
        try:
            if self.url.get_backend_name() == "postgresql":
                self._read_adbc(table, columns, spec.cursor, floor, parts)
            else:
                self._read_rows(table, columns, spec.cursor, floor, parts)
        except (sa.exc.OperationalError, adbc_driver_manager.OperationalError) as error:
            raise SourceUnavailable(
                f"the database stopped answering: {_cause(error)}", mend="land again when it is well"
            ) from error
        except (sa.exc.DBAPIError, adbc_driver_manager.Error) as error:
            raise UnreadableSource(
                f"the database refused the query: {_cause(error)}", mend="mend it there, then land again"
            ) from error

    def _columns(self, table: str) -> dict[str, sa.types.TypeEngine[Any]]:
        with self.engine.connect() as connection:
            found = sa.inspect(connection).get_columns(table, self.source.db_schema)
        return {column["name"]: column["type"] for column in found}

    def _read_adbc(
        self,
        table: str,
        columns: dict[str, sa.types.TypeEngine[Any]],
        cursor_name: str | None,
        floor: str | None,
        parts: Parts,
    ) -> None:
        selected = [_carried(sa.column(name), kind).label(name) for name, kind in columns.items()]
        statement = sa.select(*selected).select_from(sa.table(table, schema=self.source.db_schema))
        with self.adbc.cursor() as cursor:
            if floor is not None and cursor_name is not None:
                cursor.execute(f"select set_config('{_FLOOR}', $1, true)", (floor,))
                cursor.fetchall()
                column: sa.ColumnClause[Any] = sa.column(cursor_name)
                start = sa.cast(sa.func.current_setting(_FLOOR), columns[cursor_name])
                statement = statement.where((column >= start) | column.is_(None))
            compiled = statement.compile(dialect=self.engine.dialect, compile_kwargs={"literal_binds": True})
            cursor.execute(str(compiled))
            reader = cursor.fetch_record_batch()
            parts.write(_plain(reader), pa.schema([(field.name, field.type) for field in reader.schema]))

    def _read_rows(
        self,
        table: str,
        columns: dict[str, sa.types.TypeEngine[Any]],
        cursor_name: str | None,
        floor: str | None,
        parts: Parts,
    ) -> None:
        typed = self.url.get_backend_name() != "sqlite"  # SQLite keeps days and moments as text
        schema = pa.schema([(name, _arrow_type(kind, typed)) for name, kind in columns.items()])
        selected: list[sa.ColumnClause[Any]] = [sa.column(name) for name in columns]
        statement = sa.select(*selected).select_from(sa.table(table, schema=self.source.db_schema))
        if floor is not None and cursor_name is not None:
            column: sa.ColumnClause[Any] = sa.column(cursor_name)
            start = _bindable(floor, schema.field(cursor_name).type)
            statement = statement.where((column >= start) | column.is_(None))
        streamed = self.connection.execution_options(stream_results=True, max_row_buffer=FETCH)
        result = streamed.execute(statement)
        parts.write((_batch(rows, schema) for rows in result.partitions(FETCH)), schema)


def database_url(reference: str, directory: Path) -> sa.URL:
    """The URL, or the one a secret reference stands for; a relative SQLite file is relative to firm.toml."""
    text = secret(reference) if reference.startswith(("env:", "keyring:")) else reference
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise ConfigurationError(
            "firm.toml\n  at key: url\n    expected a SQLAlchemy URL, e.g. postgresql://reader@host/books"
        ) from None
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        path = directory / url.database
        if not path.is_file():  # SQLite would make an empty one
            raise SourceUnavailable(f"{path} does not exist", mend="mend `url` in firm.toml")
        return url.set(database=str(path))
    return url


def _carried(column: sa.ColumnClause[Any], kind: sa.types.TypeEngine[Any]) -> sa.ColumnElement[Any]:
    """The column as ADBC carries it whole; as exact text where it would not."""
    if isinstance(kind, postgresql.MONEY):
        return sa.cast(sa.cast(column, sa.Numeric), sa.Text)
    whole = (sa.Integer, sa.Float, sa.Boolean, sa.Date, sa.DateTime, sa.Text)
    if isinstance(kind, whole) or (isinstance(kind, sa.String) and not isinstance(kind, sa.CHAR | sa.Enum)):
        return column
    return sa.cast(column, sa.Text)


def _plain(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([(field.name, field.type) for field in reader.schema])
    try:
        for batch in reader:
            yield pa.RecordBatch.from_arrays([_infinite(column) for column in batch.columns], schema=schema)
    except OSError as error:
        raise SourceUnavailable(
            f"the database broke off: {_cause(error)}", mend="land again when it is well"
        ) from error


def _infinite(column: pa.Array) -> pa.Array:
    """PostgreSQL's infinite days and moments as DuckDB's: ADBC adds its epoch to them, and they wrap."""
    if pa.types.is_date32(column.type):
        wide, epoch = pa.int32(), 10_957  # days from 1970 to 2000
    elif pa.types.is_timestamp(column.type):
        wide, epoch = pa.int64(), 10_957 * 86_400_000_000
    else:
        return column
    limit = 2 ** (wide.bit_width - 1)
    numbers = column.view(wide)
    for wrapped, infinite in ((epoch - 1 - limit, limit - 1), (epoch - limit, 1 - limit)):
        numbers = pc.if_else(pc.equal(numbers, pa.scalar(wrapped, wide)), pa.scalar(infinite, wide), numbers)
    return numbers.view(column.type)


def _arrow_type(kind: sa.types.TypeEngine[Any], typed: bool) -> pa.DataType:
    if isinstance(kind, sa.Boolean):
        return pa.bool_()
    if isinstance(kind, sa.Integer):
        return pa.int64()
    if isinstance(kind, sa.Float):
        return pa.float64()
    if typed and isinstance(kind, sa.DateTime):
        return pa.timestamp("us", tz="UTC" if kind.timezone else None)
    if typed and isinstance(kind, sa.Date):
        return pa.date32()
    return pa.string()


def _batch(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = []
    for field, values in zip(schema, zip(*rows, strict=True), strict=True):
        if pa.types.is_string(field.type):
            values = tuple(value if isinstance(value, str) else as_text(value) for value in values)
        elif pa.types.is_boolean(field.type):
            values = tuple(None if value is None else bool(value) for value in values)
        try:
            arrays.append(pa.array(values, field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise UnreadableSource(
                f'column "{field.name}" is declared {field.type} but holds something else: {error}',
                mend="mend the value or the column's type in the database",
            ) from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _bindable(floor: str, kind: pa.DataType) -> int | date | datetime | str:
    value = parse(floor)
    if pa.types.is_string(kind):
        return floor
    if pa.types.is_date(kind) and isinstance(value, datetime):
        return value.date()
    return value


def _cause(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    text = str(original).strip().partition("\n\nQuery was:")[0]
    return " ".join(text.split())[:400]
