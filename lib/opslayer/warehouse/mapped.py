"""From a source's landed tables to `mapped.<entity>`, the text that staging models read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlglot
import yaml
from duckdb import DuckDBPyConnection
from sqlglot import exp

from opslayer.errors import BuildError, ConfigurationError, nearest
from opslayer.sources import EntitySelect, RawTable
from opslayer.sources import Mapping as SourceMapping

ENTITIES = Path(__file__).parent / "entities.yaml"
TYPING = Path(__file__).parent / "typing.sql"


def entities() -> dict[str, list[str]]:
    """Entity -> the columns a mapping may give it."""
    loaded: dict[str, list[str]] = yaml.safe_load(ENTITIES.read_text(encoding="utf-8"))
    return loaded


def quoted(*parts: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def create_typing(connection: DuckDBPyConnection) -> None:
    """The macros by which staging models make values of text."""
    connection.execute(TYPING.read_text(encoding="utf-8"))


def create_raw(connection: DuckDBPyConnection, tables: Iterable[RawTable]) -> None:
    """A view `raw_<source>.<table>` over each landed table's Parquet."""
    for table in tables:
        schema = f"raw_{table.source}"
        paths = ", ".join(literal(str(path)) for path in table.files)
        connection.execute(f"create schema if not exists {quoted(schema)}")
        connection.execute(
            f"create or replace view {quoted(schema, table.table)} as "
            f"select * from read_parquet([{paths}], union_by_name = true)"
        )


def create_mapped(
    connection: DuckDBPyConnection, mappings: Mapping[str, SourceMapping], landed: Mapping[str, set[str]]
) -> None:
    """A view `mapped.<entity>` over every source that has the entity; empty where none has.

    `mappings` and `landed` are by source. Raises BuildError, naming the source and the column, where a
    mapping reads a column that its source did not deliver.
    """
    connection.execute("create schema if not exists mapped_all")
    connection.execute("create schema if not exists mapped")
    known = entities()
    for source, mapping in mappings.items():
        _create_missing(connection, source, mapping, landed.get(source, set()))
        strangers = sorted(mapping.entities.keys() - known.keys())
        if strangers:
            near = nearest(strangers[0], known)
            raise ConfigurationError(
                f"mapping {mapping.mapping}\n  at entities\n  at key: {strangers[0]}\n"
                f"    expected one of: {', '.join(known)}" + (f'\n    nearest: "{near}"' if near else "")
            )
    for entity, columns in known.items():
        parts = [
            mapped_query(source, mapping, entity, select)
            for source, mapping in mappings.items()
            for select in mapping.entities.get(entity, ())
        ]
        empty = ", ".join(f"null::varchar as {quoted(c)}" for c in [*columns, "source", "_load_id"])
        union = "\nunion all by name\n".join([*parts, f"select {empty} where false"])
        try:
            connection.execute(f"create view {quoted('mapped_all', entity)} as\n{union}")
            connection.execute(f"create view {quoted('mapped', entity)} as\n{latest_query(entity, columns)}")
        except Exception as error:
            raise BuildError(
                f"the mapping of {entity} does not fit what landed from "
                f"{', '.join(s for s, m in mappings.items() if entity in m.entities)}: {error}",
                mend="the source dropped or renamed a column: mend it there, or change the mapping",
            ) from error


def mapped_query(source: str, mapping: SourceMapping, entity: str, spec: EntitySelect) -> str:
    """One SELECT of an entity from a source; every value as text, as the staging model types it.

    Raises ConfigurationError where the mapping is not one plain SELECT over its own tables.
    """
    where = f"mapping {mapping.mapping}\n  at entities.{entity}"
    allowed = set(entities()[entity])
    for column in spec.columns:
        if column not in allowed:
            near = nearest(column, allowed)
            raise ConfigurationError(
                f"{where}.columns\n  at key: {column}\n    expected one of: {', '.join(sorted(allowed))}"
                + (f'\n    nearest: "{near}"' if near else "")
            )
    query = _parsed(source, spec, where)
    named = {cte.alias for cte in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if table.name in named:
            continue
        if table.db or table.name not in mapping.tables:
            near = nearest(table.name, mapping.tables)
            raise ConfigurationError(
                f"{where}\n    expected one of: {', '.join(mapping.tables)}; got {table.sql()}"
                + (f'\n    nearest: "{near}"' if near else "")
            )
        table.set("db", exp.to_identifier(f"raw_{source}", quoted=True))
    return query.sql(dialect="duckdb", pretty=True)


def _parsed(source: str, spec: EntitySelect, where: str) -> exp.Select:
    """The SELECT a mapping spells out. Raises ConfigurationError, naming `where`, if it is not one SELECT."""
    first = spec.from_.split()[-1]
    selected = ", ".join(
        f"cast({value} as varchar) as {quoted(name)}" for name, value in spec.columns.items()
    )
    text = f"select {selected}, {literal(source)} as source, {first}._load_id as _load_id from {spec.from_} "
    text += " ".join(spec.join) + (f" where {spec.where}" if spec.where else "")
    try:
        query = sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.errors.ParseError as error:
        raise ConfigurationError(f"{where}\n    expected SQL scalar expressions; got {error}") from error
    if not isinstance(query, exp.Select):
        raise ConfigurationError(f"{where}\n    expected scalar expressions; got a {query.key} statement")
    return query


def latest_query(entity: str, columns: Iterable[str]) -> str:
    """The newest row of each key: by update stamp, then by landing.

    Rows that tie and say different things all stay, marked `_conflict`; those that say the same are one.
    Only keys that stand more than once are ranked, so that a clean table streams through.
    """
    everything = quoted("mapped_all", entity)
    newest = "updated_at desc nulls last, _load_id desc" if "updated_at" in columns else "_load_id desc"
    return f"""
        with repeated as (
            select source, source_key from {everything} group by source, source_key having count(*) > 1
        ),
        newest as (
            select distinct m.* from {everything} as m semi join repeated using (source, source_key)
            qualify rank() over (partition by source, source_key order by {newest}) = 1
        )
        select m.*, false as _conflict from {everything} as m anti join repeated using (source, source_key)
        union all
        select *, count(*) over (partition by source, source_key) > 1 as _conflict from newest
    """


def _create_missing(
    connection: DuckDBPyConnection, source: str, mapping: SourceMapping, landed: set[str]
) -> None:
    """An empty view for each table this firm's source does not have, with the columns the mapping reads."""
    connection.execute(f"create schema if not exists {quoted(f'raw_{source}')}")
    for table in mapping.tables.keys() - landed:
        columns = {"_load_id", *mapping.tables[table].key}
        for entity, selects in mapping.entities.items():
            for spec in selects:
                query = _parsed(source, spec, f"mapping {mapping.mapping}\n  at entities.{entity}")
                aliases = {t.alias_or_name for t in query.find_all(exp.Table) if t.name == table}
                columns |= {c.name for c in query.find_all(exp.Column) if c.table in aliases}
        nulls = ", ".join(f"null::varchar as {quoted(c)}" for c in sorted(columns))
        connection.execute(f"create view {quoted(f'raw_{source}', table)} as select {nulls} where false")
