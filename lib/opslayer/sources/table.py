"""One table's landing: read into parts, judged against what was there, then made visible in one step."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl
from pydantic import Field

from opslayer.config import Settings
from opslayer.sources.cursor import capped, lagged, later
from opslayer.sources.drift import Drift, DriftPolicy, compare, refuse
from opslayer.sources.manifest import (
    LOAD_ID,
    Manifest,
    Mode,
    make_durable,
    next_load_id,
    read_manifest,
    replace_manifest,
    sweep,
)
from opslayer.sources.mapping import MappedTable
from opslayer.sources.parquet import Parts, query, quoted
from opslayer.sources.reader import Reader

MOST_FILES = 64  # an appended table of more is written anew as one


class Task(Settings):
    """A table to land."""

    source: str
    mapping: str
    table: str
    spec: MappedTable
    folder: Path
    policy: DriftPolicy
    full: bool
    as_of: date
    moment: datetime

    @property
    def name(self) -> str:
        return f"{self.source}.{self.table}"


class Landed(Settings):
    """What one landing did to one table.

    `rows_new` came in this landing: all rows of a table that is read whole, only new and changed ones of a
    table with a cursor. `rows_total` lie in its files now. `rows_deleted` keys were found gone from the
    source. `columns_added` were neither declared nor landed before. `columns_discarded` are column -> number
    of values left out; `columns_retyped` are column -> "before -> now".
    """

    source: str
    table: str
    mode: Mode
    rows_new: int
    rows_total: int
    rows_deleted: int
    load_id: str
    cursor: str | None
    columns_added: tuple[str, ...] = ()
    columns_missing: tuple[str, ...] = ()
    columns_retyped: dict[str, str] = Field(default_factory=dict)
    columns_discarded: dict[str, int] = Field(default_factory=dict)


class Staged(Settings):
    """A landing that is read and judged, and that nobody sees yet."""

    folder: Path
    new_files: tuple[str, ...]
    manifest: Manifest
    landed: Landed


def publish(staged: Staged) -> Landed:
    """Make it visible."""
    make_durable(staged.folder, staged.new_files)
    replace_manifest(staged.folder, staged.manifest)
    return staged.landed


def fingerprint(reader: Reader, table: str, spec: MappedTable, policy: DriftPolicy) -> str | None:
    """Of the table's content and of how it is to be landed; None where only reading can tell."""
    stamp = reader.stamp(table)
    if stamp is None:
        return None
    how = spec.model_dump_json() + policy.model_dump_json()
    return hashlib.sha256((stamp + how).encode()).hexdigest()


def stage(task: Task, reader: Reader, connection: duckdb.DuckDBPyConnection) -> Staged:
    """Read the table and judge what came. Raises SourceError and SchemaDrift; leaves nothing visible."""
    task.folder.mkdir(parents=True, exist_ok=True)
    before = read_manifest(task.folder)
    sweep(task.folder, before)
    stamp = fingerprint(reader, task.table, task.spec, task.policy)
    parts = Parts(connection, task.folder, next_load_id(before, task.as_of))
    if before and stamp and before.source_stamp == stamp and not task.full:
        return _staged(
            task, before.model_copy(update={"landed_at": task.moment}), parts, Arrival(), rows_new=0
        )

    moves = reader.incremental(task.table, task.spec)
    same = before and (before.key, before.cursor_column) == (task.spec.key, task.spec.cursor)
    cursor = before.cursor if before and same and moves and not task.full else None
    floor = lagged(cursor, reader.lag) if cursor else None
    arrival = _arrive(task, reader, before, floor, parts)
    if before and floor is not None and arrival.reshaped:
        parts.clear()  # and read whole, so that earlier rows have the new columns and types too
        floor = None
        arrival = _arrive(task, reader, before, floor, parts)
    cursor = later(before.cursor if before and floor else None, _cursor(task, parts)) if moves else None
    if before and floor is not None:
        return _appended(task, before, parts, arrival, cursor)
    return _replaced(task, before, parts, arrival, cursor, stamp)


class Arrival(Settings):
    """What a read brought, after its undeclared columns were left out where the contract says so."""

    drift: Drift = Drift()
    added: tuple[str, ...] = ()
    discarded: dict[str, int] = Field(default_factory=dict)
    reshaped: bool = False


def _arrive(task: Task, reader: Reader, before: Manifest | None, floor: str | None, parts: Parts) -> Arrival:
    reader.read(task.table, task.spec, floor, parts)
    known = _without_load_id(before.columns) if before else {}
    if not parts.names:  # JSON without a row names no columns: those that are known stand
        names = dict.fromkeys((*known, *task.policy.columns, *task.spec.key), pl.String)
        empty = pl.DataFrame(schema=names).to_arrow(compat_level=pl.CompatLevel.oldest())
        parts.write(empty.to_batches(), empty.schema)
    arrived = _without_load_id(parts.described()[0])
    drift = compare(arrived, declared=task.policy.columns, before=known)
    short = reader.sparse and floor is not None
    if short:  # a few JSON rows without a value prove no column missing
        drift = drift.model_copy(update={"missing": ()})
    refuse(drift, task.policy, key=task.spec.key, arrived=arrived)
    discarded = _discard(parts, drift.added) if task.policy.policy == "discard" else {}
    kept = {name: kind for name, kind in arrived.items() if name not in discarded}
    change = compare(kept, declared=(), before=known)
    reshaped = bool(change.added or change.retyped or (change.missing and not short))
    landed_before = {name.casefold() for name in known}
    added = tuple(n for n in drift.added if n not in discarded and n.casefold() not in landed_before)
    return Arrival(drift=drift, added=added, discarded=discarded, reshaped=reshaped)


def _discard(parts: Parts, columns: Sequence[str]) -> dict[str, int]:
    """Leave the columns out of the parts; how many values each held."""
    if not columns:
        return {}
    names = [quoted(name) for name in columns]
    counted = ", ".join(f"count({name})" for name in names)
    source = "from read_parquet($now, union_by_name = true)"
    counts = parts.rows(f"select {counted} {source}", now=parts.paths)[0]
    parts.rewrite(f"select * exclude ({', '.join(names)}) {source}", now=parts.paths)
    return {name: int(str(count)) for name, count in zip(columns, counts, strict=True)}


def _cursor(task: Task, parts: Parts) -> str | None:
    assert task.spec.cursor is not None
    select = query("latest_cursor", cursor=quoted(task.spec.cursor))
    found = parts.rows(select, now=parts.paths)[0][0]
    return None if found is None else capped(str(found), task.moment)


def _appended(task: Task, before: Manifest, parts: Parts, arrival: Arrival, cursor: str | None) -> Staged:
    """The table as it was, and what is new or changed in a file of its own."""
    old = [task.folder / name for name in before.files]
    columns = ", ".join(quoted(name) for name in _without_load_id(before.columns))
    select = query("changed_rows", columns=columns, key=", ".join(quoted(name) for name in task.spec.key))
    parts.rewrite(select, before=[str(path) for path in old], now=parts.paths, load_id=parts.load_id)
    rows_new = parts.described()[1]
    update: dict[str, object] = {"landed_at": task.moment, "cursor": cursor}
    if rows_new == 0:
        parts.clear()
        return _staged(task, before.model_copy(update=update), parts, arrival, rows_new=0)
    if len(old) >= MOST_FILES:
        both = "from read_parquet($files, union_by_name = true)"
        parts.rewrite(f"select * {both}", files=[*map(str, old), *parts.paths])
        old = []
    described, rows = parts.described(old)
    update |= {
        "mode": "append",
        "files": (*(path.name for path in old), *parts.names),
        "columns": described,
        "rows": rows,
        "load_id": parts.load_id,
        "deleted_keys": None,
    }
    return _staged(task, before.model_copy(update=update), parts, arrival, rows_new=rows_new)


def _replaced(
    task: Task,
    before: Manifest | None,
    parts: Parts,
    arrival: Arrival,
    cursor: str | None,
    stamp: str | None,
) -> Staged:
    """What came is the table; keys that it had and that did not come were deleted at the source."""
    deleted = 0
    gone = f"{parts.load_id}.deleted.parquet"
    if before and {name.casefold() for name in task.spec.key} <= {n.casefold() for n in before.columns}:
        key = ", ".join(f"cast({quoted(name)} as varchar) as {quoted(name)}" for name in task.spec.key)
        old = [str(task.folder / name) for name in before.files]
        deleted = parts.copy_beside(gone, query("deleted_keys", key=key), before=old, now=parts.paths)
    columns, rows = parts.described()
    manifest = Manifest(
        source=task.source,
        mapping=task.mapping,
        table=task.table,
        mode="replace",
        files=tuple(parts.names),
        columns=columns,
        rows=rows,
        load_id=parts.load_id,
        landed_at=task.moment,
        cursor=cursor,
        cursor_column=task.spec.cursor,
        key=task.spec.key,
        source_stamp=stamp,
        deleted_keys=gone if deleted else None,
    )
    return _staged(task, manifest, parts, arrival, rows_new=rows, deleted=deleted)


def _staged(
    task: Task, manifest: Manifest, parts: Parts, arrival: Arrival, *, rows_new: int, deleted: int = 0
) -> Staged:
    landed = Landed(
        source=task.source,
        table=task.table,
        mode=manifest.mode,
        rows_new=rows_new,
        rows_total=manifest.rows,
        rows_deleted=deleted,
        load_id=manifest.load_id,
        cursor=manifest.cursor,
        columns_added=arrival.added,
        columns_missing=arrival.drift.missing,
        columns_retyped=arrival.drift.retyped,
        columns_discarded=arrival.discarded,
    )
    new_files = [*parts.names, *([manifest.deleted_keys] if deleted and manifest.deleted_keys else [])]
    return Staged(folder=task.folder, new_files=tuple(new_files), manifest=manifest, landed=landed)


def _without_load_id(columns: dict[str, str]) -> dict[str, str]:
    return {name: kind for name, kind in columns.items() if name != LOAD_ID}
