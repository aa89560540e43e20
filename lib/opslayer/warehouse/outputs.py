"""What intelligence computed, as tables: audited, landed and published like any other."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl

from opslayer.config import Firm
from opslayer.contracts import Contract, Table
from opslayer.errors import UsageError, unknown
from opslayer.sources import read_manifest, write_table
from opslayer.warehouse.mapped import literal, quoted

SCHEMA = "intelligence"


def output_tables(contracts: Iterable[Contract]) -> dict[str, Table]:
    """The tables intelligence may write, by name without schema: those under contract."""
    return {
        table.name.partition(".")[2]: table
        for contract in contracts
        for table in contract.tables
        if table.name.startswith(f"{SCHEMA}.")
    }


def create_outputs(
    connection: duckdb.DuckDBPyConnection, firm: Firm, contracts: Iterable[Contract], *, as_of: date
) -> None:
    """Fill `intelligence.<table>` from landed predictions up to `as_of`; the last landing of a day wins."""
    connection.execute(f"create schema if not exists {SCHEMA}")
    for name, table in output_tables(contracts).items():
        _create(connection, table)
        manifest = read_manifest(landing(firm, name))
        if manifest is None:
            continue
        paths = ", ".join(literal(str(landing(firm, name) / file)) for file in manifest.files)
        landed = f"read_parquet([{paths}], union_by_name = true)"
        # what landed before a column was in the contract has none
        had = {row[0] for row in connection.execute(f"describe select * from {landed}").fetchall()}
        columns = ", ".join(quoted(column.name) for column in table.columns if column.name in had)
        connection.execute(
            f"insert into {quoted(SCHEMA, name)} ({columns}) select {columns} "
            f"from {landed} where as_of <= $as_of "
            "qualify _load_id = max(_load_id) over (partition by as_of)",
            {"as_of": as_of},
        )


def replace_outputs(
    connection: duckdb.DuckDBPyConnection,
    contracts: Iterable[Contract],
    frames: Mapping[str, pl.DataFrame],
    *,
    as_of: date,
) -> None:
    """Put this day's rows of each frame in place of what the day had.

    Raises UsageError for a table that has no contract, or a frame whose columns are not its contract's.
    """
    tables = output_tables(contracts)
    for name, frame in frames.items():
        if name not in tables:
            raise unknown("intelligence table under contract", name, tables)
        expected = [column.name for column in tables[name].columns]
        if sorted(expected) != sorted(frame.columns):
            raise UsageError(
                f"{SCHEMA}.{name}: expected the columns {', '.join(expected)}; got {', '.join(frame.columns)}"
            )
        _create(connection, tables[name], keep=True)  # the snapshot may be older than the contract
        connection.execute(f"delete from {quoted(SCHEMA, name)} where as_of = $as_of", {"as_of": as_of})
        connection.register("frame", frame.select(expected).to_arrow())
        connection.execute(f"insert into {quoted(SCHEMA, name)} select * from frame")
        connection.unregister("frame")


def land_outputs(firm: Firm, frames: Mapping[str, pl.DataFrame], *, load_id: str, moment: datetime) -> None:
    """Keep the frames as the record, so that every later build has them."""
    for name, frame in frames.items():
        write_table(landing(firm, name), frame, load_id=load_id, moment=moment, mode="append")


def landing(firm: Firm, name: str) -> Path:
    return firm.var / "raw" / SCHEMA / name


def published_in(firm: Firm, name: str, *, as_of: date) -> str | None:
    """The version that the predictions of a day in `intelligence.<name>` were published with, the last."""
    manifest = read_manifest(landing(firm, name))
    if manifest is None:
        return None
    paths = [str(landing(firm, name) / file) for file in manifest.files]
    row = duckdb.execute(
        "select max(_load_id) from read_parquet($paths, union_by_name = true) where as_of = $as_of",
        {"paths": paths, "as_of": as_of},
    ).fetchone()
    return str(row[0]) if row and row[0] else None


def copy_version(source: Path, target: Path) -> None:
    """A published file's content under the staged name; the published one stays as it is."""
    for leftover in target.parent.glob(f"{target.name}*"):
        leftover.unlink()
    shutil.copyfile(source, target)


def _create(connection: duckdb.DuckDBPyConnection, table: Table, *, keep: bool = False) -> None:
    columns = ", ".join(f"{quoted(column.name)} {column.physical_type}" for column in table.columns)
    create = "create table if not exists" if keep else "create or replace table"
    connection.execute(f"{create} {quoted(*table.name.split('.'))} ({columns})")
