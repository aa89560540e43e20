"""What is visible of a raw table: the files that its manifest names, and nothing else.

A landing writes `<load_id>[-<part>].parquet` beside what is there, makes it durable, then replaces
`manifest.json` in one step. Killed before that step, the table is as it was; after it, wholly new. Files
that no manifest names are taken away at the next landing of the table, so that one who reads the table as
it was before can finish.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl
from pydantic import ValidationError

from opslayer.config import Firm, Settings
from opslayer.errors import SourceError

MANIFEST = "manifest.json"
LOAD_ID = "_load_id"
Mode = Literal["replace", "append"]


class Manifest(Settings):
    """One raw table as it stands; written to `var/raw/<source>/<table>/manifest.json`.

    `columns` are name -> DuckDB type over all files, `_load_id` included; `rows` counts what lies in the
    files (rows that an overlap landed again are counted again); `landed_at` is when the table was last
    known to hold all that its source had; `deleted_keys` names a file of the keys that were found gone
    from the source at this landing.
    """

    source: str
    mapping: str
    table: str
    mode: Mode
    files: tuple[str, ...]
    columns: dict[str, str]
    rows: int
    load_id: str
    landed_at: datetime
    cursor: str | None = None
    cursor_column: str | None = None
    key: tuple[str, ...] = ()
    source_stamp: str | None = None
    deleted_keys: str | None = None


class RawTable(Settings):
    """A raw table that is visible now.

    Read `files` by name (`union_by_name`), and keep the latest `_load_id` of a key. `deleted_keys_file` is a
    record for people: rows deleted at the source are gone from `files` already, and a key may come back.
    """

    source: str
    mapping: str
    table: str
    files: tuple[Path, ...]
    columns: dict[str, str]
    key: tuple[str, ...]
    rows: int
    landed_at: datetime
    load_id: str
    deleted_keys_file: Path | None


def raw_tables(firm: Firm) -> list[RawTable]:
    """The visible tables of this firm's sources and of `intelligence`, sorted by source and table.

    Raises SourceError where a manifest cannot be read.
    """
    sources = {*firm.sources, "intelligence"}
    folders = sorted(path.parent for path in (firm.var / "raw").glob(f"*/*/{MANIFEST}"))
    return [_raw_table(folder) for folder in folders if folder.parent.name in sources]


def _raw_table(folder: Path) -> RawTable:
    manifest = read_manifest(folder)
    assert manifest is not None
    return RawTable(
        source=manifest.source,
        mapping=manifest.mapping,
        table=manifest.table,
        files=tuple(folder / name for name in manifest.files),
        columns=manifest.columns,
        key=manifest.key,
        rows=manifest.rows,
        landed_at=manifest.landed_at,
        load_id=manifest.load_id,
        deleted_keys_file=folder / manifest.deleted_keys if manifest.deleted_keys else None,
    )


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a raw table, or None before its first landing. Raises SourceError if unreadable."""
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise SourceError(
            f"{path} is not a manifest: {error.errors()[0]['msg']}",
            mend=f"move {folder} away and land again: the whole table is read anew",
        ) from error


def next_load_id(previous: Manifest | None, as_of: date) -> str:
    """`<n>-<as_of>`: n counts this table's landings, so it sorts by landing whatever the clock says."""
    count = int(previous.load_id.split("-", 1)[0]) if previous else 0
    return f"{count + 1:08d}-{as_of.isoformat()}"


def write_table(
    folder: Path,
    frame: pl.DataFrame,
    *,
    load_id: str,
    moment: datetime,
    mode: Mode,
    key: Sequence[str] = (),
    mapping: str | None = None,
) -> Manifest:
    """Make `frame` the raw table in `folder` (`var/raw/<source>/<table>`), or add it to that table.

    The table gets the column `_load_id`. `mapping` is the source's name where none is given. Rows of a
    load_id that is there already are replaced: writing the same load twice leaves it once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    previous = read_manifest(folder)
    sweep(folder, previous)
    name = f"{load_id}.parquet"
    frame.with_columns(pl.lit(load_id).alias(LOAD_ID)).write_parquet(folder / f"{name}.tmp")
    kept = previous.files if previous and mode == "append" else ()
    files = tuple(sorted({*kept, name}))
    make_durable(folder, [name])
    columns, rows = describe([folder / f for f in files])
    manifest = Manifest(
        source=folder.parent.name,
        mapping=mapping or folder.parent.name,
        table=folder.name,
        mode=mode,
        files=files,
        columns=columns,
        rows=rows,
        load_id=load_id,
        landed_at=moment,
        key=tuple(key),
    )
    replace_manifest(folder, manifest)
    return manifest


def describe(
    files: Sequence[Path], connection: duckdb.DuckDBPyConnection | None = None
) -> tuple[dict[str, str], int]:
    """Columns (name -> DuckDB type) and number of rows over Parquet files, joined by column name.

    A connection that is there saves the start of a database, which takes longer than the answer.
    """
    if connection is None:
        with duckdb.connect() as own:
            return describe(files, own)
    paths = [str(path) for path in files]
    described = connection.execute(
        "describe select * from read_parquet($paths, union_by_name = true)", {"paths": paths}
    ).fetchall()
    counted = connection.execute(
        "select coalesce(sum(num_rows), 0) from parquet_file_metadata($paths)", {"paths": paths}
    ).fetchall()
    return {str(row[0]): str(row[1]) for row in described}, int(counted[0][0])


def make_durable(folder: Path, names: Sequence[str]) -> None:
    """Give `<name>.tmp` its name once its bytes are on the disk."""
    for name in names:
        temporary = folder / f"{name}.tmp"
        _fsync(temporary)
        temporary.replace(folder / name)
    _fsync(folder)


def replace_manifest(folder: Path, manifest: Manifest) -> None:
    """The one step that makes a landing visible."""
    temporary = folder / f"{MANIFEST}.tmp"
    temporary.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    _fsync(temporary)
    temporary.replace(folder / MANIFEST)
    _fsync(folder)


def sweep(folder: Path, manifest: Manifest | None) -> None:
    """Take away what no manifest names: earlier landings, and what a killed one left."""
    named = {MANIFEST, *manifest.files, manifest.deleted_keys} if manifest else set()
    for path in folder.iterdir():
        if path.name not in named and path.is_file():
            path.unlink()


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
