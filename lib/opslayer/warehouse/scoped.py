"""A snapshot as one person sees it: views over the published tables that leave out what is not theirs.

Queries name `marts.x` as ever and read the view. Only named queries run on it: SQL of somebody's own could
name the snapshot behind the views.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import duckdb

from opslayer import access

SEEN = """
select table_schema, table_name, list(column_name order by ordinal_position)
from information_schema.columns
where table_catalog = $catalog
group by all
order by all
"""


def connect(path: Path, rows: access.Rows) -> duckdb.DuckDBPyConnection:
    """A connection of its own, in memory, that reaches nothing but these views and what lies behind them."""
    behind = f"snapshot_{secrets.token_hex(8)}"
    connection = duckdb.connect(":memory:")
    connection.execute(f"attach '{_text(str(path))}' as {behind} (read_only)")
    tables = connection.execute(SEEN, {"catalog": behind}).fetchall()
    for statement in _views(tables, rows, behind):
        connection.execute(statement)
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def _views(tables: list[tuple[str, str, list[str]]], rows: access.Rows, behind: str) -> Iterator[str]:
    for schema in dict.fromkeys(schema for schema, _, _ in tables):
        yield f"create schema if not exists {schema}"
    for schema, name, columns in tables:
        empty = access.restricted(rows, columns)
        replaced = f" replace ({', '.join(f'null as {column}' for column in empty)})" if empty else ""
        seen = access.condition(rows, f"{schema}.{name}", columns, of=behind)
        yield f"create view {schema}.{name} as select *{replaced} from {behind}.{schema}.{name} where {seen}"


def _text(value: str) -> str:
    return value.replace("'", "''")
