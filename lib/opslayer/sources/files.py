"""Exports in a folder: CSV, TSV, Parquet, JSON, JSON lines, Excel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb

from opslayer.config import FilesSource
from opslayer.errors import ConfigurationError, SourceError, UnreadableSource, nearest
from opslayer.sources.delimited import as_utf8, read_delimited
from opslayer.sources.manifest import describe
from opslayer.sources.mapping import MappedTable
from opslayer.sources.parquet import Parts, check_names, query
from opslayer.sources.values import exact, write_rows
from opslayer.sources.workbook import read_workbook

TEXT = frozenset({".csv", ".txt", ".tsv"})
JSON = frozenset({".json", ".ndjson", ".jsonl"})
EXCEL = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
PARQUET = frozenset({".parquet", ".pq"})
_FETCH = 10_000


class FilesReader:
    """Every file that matches a table's pattern is part of the table; all of them are read, or none."""

    sparse = False
    lag = 0

    def __init__(self, source: FilesSource, directory: Path) -> None:
        self.source = source
        self.folder = (directory / source.path.expanduser()).resolve()

    def present(self, table: str) -> bool:
        return bool(self._files(table))

    def stamp(self, table: str) -> str | None:
        """Of names, sizes, times of change, and of how the files are to be read."""
        seen = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in self._files(table)]
        how = [self.source.pattern, self.source.encoding, self.source.delimiter]
        return hashlib.sha256(json.dumps([seen, how]).encode()).hexdigest()

    def incremental(self, _table: str, _spec: MappedTable, /) -> bool:
        return False

    def read(self, table: str, _spec: MappedTable, _floor: str | None, parts: Parts, /) -> None:
        files = self._files(table)
        if not files:
            raise self._missing(table)
        if len({_kind(path) for path in files}) > 1:
            raise ConfigurationError(
                f"firm.toml\n  at key: pattern\n    {self.source.pattern} finds files of several kinds: "
                f"{', '.join(path.name for path in files)}; each would be read, and every row come twice",
                mend='name the kind, e.g. pattern = "{table}.csv"',
            )
        before = self.stamp(table)
        for path in files:
            self._read_file(path, table, parts)
        if self.stamp(table) != before:
            raise UnreadableSource(
                f"{self.folder}: its files changed while they were read",
                mend="land again when the export is finished",
            )

    def _files(self, table: str) -> list[Path]:
        pattern = self.source.pattern.replace("{table}", table)
        found = (path for path in self.folder.glob(pattern) if path.is_file())
        return sorted(path for path in found if not path.name.startswith((".", "~$")))

    def _read_file(self, path: Path, table: str, parts: Parts) -> None:
        if path.stat().st_size == 0:
            raise UnreadableSource(f"{path}: it is empty (0 bytes)", mend="export the file again")
        kind = _kind(path)
        if kind is TEXT:
            delimiter = "\t" if path.suffix.casefold() == ".tsv" else self.source.delimiter
            read_delimited(path, encoding=self.source.encoding, delimiter=delimiter, parts=parts)
        elif kind is JSON:
            with as_utf8(path, self.source.encoding, parts.folder) as text:
                write_rows(_objects(text, path), parts)
        elif kind is EXCEL:
            read_workbook(path, table, parts)
        else:
            _copy_parquet(path, parts)

    def _missing(self, table: str) -> SourceError:
        pattern = self.source.pattern.replace("{table}", table)
        if not self.folder.is_dir():
            return UnreadableSource(
                f"{self.folder} is not a folder", mend="mend `path` in firm.toml; it is relative to that file"
            )
        near = nearest(pattern, (path.name for path in self.folder.iterdir()))
        return UnreadableSource(
            f"{self.folder}: no file matches {pattern}" + (f'; nearest: "{near}"' if near else ""),
            mend="put the export there, mend `pattern` in firm.toml, or list the table in `optional`",
        )


def _kind(path: Path) -> frozenset[str]:
    for kind in (TEXT, JSON, EXCEL, PARQUET):
        if path.suffix.casefold() in kind:
            return kind
    known = ", ".join(sorted({*TEXT, *JSON, *EXCEL, *PARQUET}))
    raise UnreadableSource(
        f'{path}: files that end in "{path.suffix}" cannot be read; these can: {known}',
        mend='name the kind in firm.toml, e.g. pattern = "{table}.csv"',
    )


def _objects(text: Path, path: Path) -> Iterator[object]:
    """The objects of a JSON file, one at a time, numbers exact."""
    with duckdb.connect() as connection:
        try:
            connection.execute("set variable path = $path", {"path": str(text)})
            for batch in connection.sql(query("json_objects")).to_arrow_reader(_FETCH):  # streamed, not held
                yield from map(exact, batch.column(0).to_pylist())
        except (duckdb.InvalidInputException, OSError) as error:  # the latter once it streams
            cause = str(error).removeprefix("Invalid Input Error: ").replace(str(text), path.name)
            raise UnreadableSource(
                f"{path}: {' '.join(cause.split())}", mend="export the file again"
            ) from error


def _copy_parquet(path: Path, parts: Parts) -> None:
    try:
        columns, _ = describe([path], parts.connection)
        check_names(list(columns))
        parts.copy("select * from read_parquet($path)", path=str(path))
    except duckdb.InvalidInputException as error:
        cause = str(error).removeprefix("Invalid Input Error: ").splitlines()[0]
        raise UnreadableSource(
            f"{path}: not a whole Parquet file: {cause}", mend="copy or export it again, to its end"
        ) from error
