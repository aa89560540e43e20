"""An empty snapshot: tables under contract with their types, in memory; queries and rules are tried on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import duckdb

from opslayer.config import Firm
from opslayer.contracts import Contract, load_contracts
from opslayer.errors import UsageError, nearest, unknown
from opslayer.warehouse.layer import Layer, own_queries
from opslayer.warehouse.mapped import quoted
from opslayer.warehouse.reading import PUBLISHED
from opslayer.warehouse.versions import Version

QUALITY = {  # what the audit writes: no contract is over it
    "quality.results": {
        "as_of": "DATE",
        "contract": "VARCHAR",
        "contract_version": "VARCHAR",
        "table_name": "VARCHAR",
        "rule": "VARCHAR",
        "dimension": "VARCHAR",
        "severity": "VARCHAR",
        "passed": "BOOLEAN",
        "rows_checked": "BIGINT",
        "rows_failed": "BIGINT",
        "sample": "VARCHAR",
    },
    "quality.quarantine": {
        "as_of": "DATE",
        **dict.fromkeys(
            ("table_name", "source", "source_key", "rule", "contract", "contract_version", "row_json"),
            "VARCHAR",
        ),
    },
}
Rows = Mapping[str, Iterable[Mapping[str, Any]]]


def published_columns(contracts: Iterable[Contract]) -> dict[str, dict[str, str]]:
    """Column -> type of every table that a rule's query may read, by schema.table."""
    declared = {
        table.name: {column.name: column.physical_type for column in table.columns}
        for contract in contracts
        for table in contract.tables
        if table.schema in PUBLISHED
    }
    return declared | QUALITY


def blank_layer(firm: Firm, rows: Rows | None = None, *, as_of: date) -> Layer:
    """A snapshot in memory that holds `rows`, by table, and nothing else; what a row does not write is null.

    It sees no file and no network. Raises UsageError for a table or column that no contract has, or a value
    that is not of its column's type.
    """
    columns = published_columns(load_contracts(firm))
    connection = duckdb.connect()
    for schema in PUBLISHED:
        connection.execute(f"create schema {quoted(schema)}")
    for table, types in columns.items():
        listed = ", ".join(f"{quoted(name)} {kind}" for name, kind in types.items())
        connection.execute(f"create table {quoted(*table.split('.'))} ({listed})")
    for table, given in (rows or {}).items():
        if table not in columns:
            raise unknown("table under contract", table, _like(table, columns))
        for row in given:
            _insert(connection, table, columns[table], row)
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    published = datetime.combine(as_of, time(), UTC)
    version = Version(f"{as_of}.blank", Path(":memory:"), as_of, published, {}, 0, 0)
    return Layer(version, firm.base_currency, connection, own_queries(firm))


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, types: Mapping[str, str], row: Mapping[str, Any]
) -> None:
    for name in row:
        if name not in types:
            raise unknown(f"column of {table}", str(name), types)
    names = ", ".join(map(quoted, row))
    casts = ", ".join(f"cast(? as {types[name]})" for name in row)
    values = [None if value is None else str(value) for value in row.values()]
    try:
        connection.execute(f"insert into {quoted(*table.split('.'))} ({names}) values ({casts})", values)
    except duckdb.Error as error:
        raise UsageError(f"{table}: {error}") from error


def _like(table: str, columns: Iterable[str]) -> list[str]:
    """The nearest alone, where there is one: a list of every table is no help."""
    near = nearest(table, columns)
    return [near] if near else list(columns)
