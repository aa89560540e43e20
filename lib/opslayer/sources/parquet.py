"""What one landing of one table writes: Parquet parts that nobody sees yet, in bounded memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from opslayer.config import Firm
from opslayer.errors import UnreadableSource
from opslayer.sources.manifest import LOAD_ID, describe

ROW_GROUP = 131_072


def query(name: str, **identifiers: str) -> str:
    """The statement in `queries/<name>.sql`, its identifiers filled in (quoted by `quoted`)."""
    text = (Path(__file__).parent / "queries" / f"{name}.sql").read_text(encoding="utf-8")
    return text.format(**identifiers) if identifiers else text


def quoted(name: str) -> str:
    """A SQL identifier, whatever the source called it."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def workbench(firm: Firm) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that holds nothing: it reads, compares and writes Parquet within the firm's memory limit."""
    spill = firm.var / "raw" / ".spill"
    shutil.rmtree(spill, ignore_errors=True)  # what a killed landing left
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": firm.warehouse.memory_limit,
        "temp_directory": str(spill),
    }
    if firm.warehouse.threads:
        settings["threads"] = firm.warehouse.threads
    with duckdb.connect(config=settings) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_progress_bar = false")  # it would draw in notebooks
        yield connection


class Parts:
    """The Parquet files of one landing, `<load_id>-<n>.parquet.tmp`, each row with its `_load_id`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, load_id: str) -> None:
        self.connection = connection
        self.folder = folder
        self.load_id = load_id
        self.names: list[str] = []
        self._count = 0

    @property
    def paths(self) -> list[str]:
        return [str(self._temporary(name)) for name in self.names]

    def copy(self, select: str, **values: object) -> None:
        """Write what a SELECT gives, streamed."""
        name = self._next()
        self._copy(f"select *, $load_id as {LOAD_ID} from ({select}\n)", name, load_id=self.load_id, **values)
        self.names.append(name)

    def write(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
        """Write Arrow batches of one schema, gathered to row groups of a size that reads well."""
        check_names(schema.names)
        name = self._next()
        full = schema.append(pa.field(LOAD_ID, pa.string()))
        with pq.ParquetWriter(self._temporary(name), full) as writer:
            for table in _gathered(batches, schema):
                column = pa.repeat(pa.scalar(self.load_id), table.num_rows)
                writer.write_table(table.append_column(full.field(LOAD_ID), column))
        self.names.append(name)

    def rewrite(self, select: str, **values: object) -> None:
        """Put what a SELECT over the parts gives in their place."""
        name = self._next()
        self._copy(select, name, **values)
        self.clear()
        self.names = [name]

    def copy_beside(self, name: str, select: str, **values: object) -> int:
        """Write what a SELECT gives to a file that is not part of the table; its rows. None, no file."""
        count = self._copy(select, name, **values)
        if count == 0:
            self._temporary(name).unlink()
        return count

    def clear(self) -> None:
        """Take the parts away."""
        for name in self.names:
            self._temporary(name).unlink()
        self.names = []

    def described(self, before: Sequence[Path] = ()) -> tuple[dict[str, str], int]:
        """Columns and number of rows of the parts, and of the files before them."""
        return describe([*before, *map(Path, self.paths)], self.connection)

    def rows(self, select: str, **values: object) -> list[tuple[object, ...]]:
        """The rows of a small answer about the parts."""
        return self.connection.execute(select, values).fetchall()

    def _copy(self, select: str, name: str, **values: object) -> int:
        statement = f"copy ({select}\n) to $target (format parquet, row_group_size {ROW_GROUP})"
        target = str(self._temporary(name))
        return int(self.connection.execute(statement, {**values, "target": target}).fetchall()[0][0])

    def _next(self) -> str:
        self._count += 1
        return f"{self.load_id}-{self._count:04d}.parquet"

    def _temporary(self, name: str) -> Path:
        return self.folder / f"{name}.tmp"


def _gathered(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        waiting.append(batch)
        held += batch.num_rows
        if held >= ROW_GROUP:
            yield pa.Table.from_batches(waiting, schema)
            waiting, held = [], 0
    yield pa.Table.from_batches(waiting, schema)


def check_names(names: Sequence[str]) -> None:
    """Raise UnreadableSource where two columns have one name (case aside), or one is landing's own."""
    seen = {LOAD_ID: f"{LOAD_ID}, which landing adds itself"}
    for name in names:
        if name.casefold() in seen:
            raise UnreadableSource(
                f'its column "{name}" has the name of another: {seen[name.casefold()]}',
                mend="rename one of them in the source",
            )
        seen[name.casefold()] = name
