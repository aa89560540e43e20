"""From a source's landed tables to `mapped.<entity>`, the text that staging models read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import sqlglot
import yaml
from duckdb import DuckDBPyConnection
from sqlglot import exp

from opslayer.errors import BuildError, ConfigurationError, nearest
from opslayer.sources import EntitySelect, RawTable
from opslayer.sources import Mapping as SourceMapping

REFERENCES = {  # a column that names a row of another entity -> that entity
    "party_key": "party",
    "person_key": "person",
    "manager_key": "person",
    "owner_key": "person",
    "project_key": "project",
    "task_key": "task",
    "opportunity_key": "opportunity",
    "invoice_key": "invoice",
}
ENTITIES = Path(__file__).parent / "entities.yaml"
TYPING = Path(__file__).parent / "typing.sql"


@cache
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
        _create_view(connection, mappings, entity, quoted("mapped_all", entity), union)
    referring = referred(mappings)
    for target, column in sorted({place for refers in referring.values() for place in set(refers.values())}):
        view = quoted("mapped_all", f"{target}_by_{column}")
        _create_view(connection, mappings, target, view, named_query(target, column, mappings))
    for entity, columns in known.items():
        query = resolved_query(latest_query(entity, columns), referring.get(entity, {}))
        _create_view(connection, mappings, entity, quoted("mapped", entity), query)


def _create_view(
    connection: DuckDBPyConnection, mappings: Mapping[str, SourceMapping], entity: str, view: str, query: str
) -> None:
    try:
        connection.execute(f"create view {view} as\n{query}")
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
    for column, by in spec.refers.items():
        _check_reference(column, by, allowed, f"{where}.refers")
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
    refers = {
        f"{column}.{attribute}": value
        for column, by in spec.refers.items()
        for attribute, value in by.items()
    }
    selected = ", ".join(
        f"cast({value} as varchar) as {quoted(name)}" for name, value in (spec.columns | refers).items()
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


def _check_reference(column: str, by: Mapping[str, str], allowed: set[str], where: str) -> None:
    """Raises ConfigurationError for a column that refers to nothing, or by what its entity has not."""
    can = {name for name in REFERENCES if name in allowed}
    for key, known in (
        (column, can),
        *((a, set(entities()[REFERENCES[column]])) for a in by if column in can),
    ):
        if key not in known:
            near = nearest(key, known)
            raise ConfigurationError(
                f"{where}\n  at key: {key}\n    expected one of: {', '.join(sorted(known)) or 'none'}"
                + (f'\n    nearest: "{near}"' if near else "")
            )


References = dict[str, tuple[str, str]]  # <column>.<attribute> of a mapping's row -> entity, attribute


def referred(mappings: Mapping[str, SourceMapping]) -> dict[str, References]:
    """Entity -> what its rows say of rows of other systems, in the order in which it is tried."""
    found: dict[str, References] = {}
    for mapping in mappings.values():
        for entity, selects in mapping.entities.items():
            for spec in selects:
                for column, by in spec.refers.items():
                    places = {f"{column}.{attribute}": (REFERENCES[column], attribute) for attribute in by}
                    found.setdefault(entity, {}).update(places)
    return found


def named_query(entity: str, attribute: str, mappings: Iterable[str]) -> str:
    """Value of an attribute -> the one row it names, of the first source that has it.

    A value that two rows of one source share names none. Keys are taken as they are, other values as plain
    words.
    """
    value = comparable(attribute, quoted(attribute))
    order = ", ".join(literal(source) for source in mappings)
    return f"""
        with named as (
            select distinct {value} as value, source, source_key, list_position([{order}], source) as place
            from {quoted("mapped_all", entity)} where {value} is not null
        )
        select value, min_by(source, place) as source, min_by(source_key, place) as source_key
        from named group by value having count(*) = count(distinct source)
    """


def comparable(attribute: str, expression: str) -> str:
    return expression if attribute == "source_key" else f"as_plain({expression})"


def resolved_query(latest: str, references: References) -> str:
    """The rows with each reference to another system's row as that row's source and key.

    What names no row stays as it was written, so that the contract finds it.
    """
    if not references:
        return latest
    by_column: dict[str, list[str]] = {}
    for helper in references:
        by_column.setdefault(helper.partition(".")[0], []).append(helper)
    joins = [
        f"left join {quoted('mapped_all', f'{entity}_by_{attribute}')} as {quoted(helper)} "
        f"on {quoted(helper, 'value')} = {comparable(attribute, quoted('m', helper))}"
        for helper, (entity, attribute) in references.items()
    ]
    replaced = []
    for column, helpers in by_column.items():
        source = column.removesuffix("_key") + "_source"
        keys = [quoted(helper, "source_key") for helper in helpers]
        written = [quoted("m", helper) for helper in helpers]
        found = [f"when {quoted(h, 'source_key')} is not null then {quoted(h, 'source')}" for h in helpers]
        replaced += [
            f"nullif(coalesce({', '.join([*keys, quoted('m', column), *written])}), '') as {quoted(column)}",
            f"case {' '.join(found)} else {quoted('m', source)} end as {quoted(source)}",
        ]
    helping = ", ".join(quoted(h) for h in references)
    return f"select m.* exclude ({helping}) replace ({', '.join(replaced)}) from ({latest}) as m " + " ".join(
        joins
    )


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
    missing = mapping.tables.keys() - landed
    reads: dict[str, set[str]] = {table: set() for table in missing}
    for entity, selects in mapping.entities.items() if missing else ():
        for spec in selects:
            query = _parsed(source, spec, f"mapping {mapping.mapping}\n  at entities.{entity}")
            columns_read = [(column.table, column.name) for column in query.find_all(exp.Column)]
            for table in query.find_all(exp.Table):
                if table.name in missing:
                    reads[table.name] |= {name for of, name in columns_read if of == table.alias_or_name}
    for absent, names in reads.items():
        columns = {"_load_id", *mapping.tables[absent].key, *names}
        nulls = ", ".join(f"null::varchar as {quoted(c)}" for c in sorted(columns))
        connection.execute(f"create view {quoted(f'raw_{source}', absent)} as select {nulls} where false")
