"""The SQL of a rule: a condition of one row, a count of what breaks it, the rows that do."""

from __future__ import annotations

from datetime import date

import sqlglot
from sqlglot import exp

from opslayer.contracts.contract import Rule, Table


def quoted(*parts: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def relation(name: str) -> str:
    """A table's physical name, schema.table, as SQL names it."""
    return quoted(*name.split(".", 1))


def bound(rule: Rule, as_of: date) -> str:
    """A rule's condition of a bad row `t`, for one business day."""
    assert rule.predicate is not None
    return rule.predicate.replace("$as_of", f"date '{as_of.isoformat()}'")


def condition(rule: Rule, as_of: date) -> str | None:
    """The condition of a bad row without `t`, for many in one SELECT; None where it reads another table."""
    if rule.predicate is None:
        return None
    parsed = sqlglot.parse_one(bound(rule, as_of), dialect="duckdb")
    if parsed.find(exp.Select):
        return None
    for column in parsed.find_all(exp.Column):
        if column.table == "t":
            column.set("table", None)
    text: str = parsed.sql(dialect="duckdb")
    return text


def broken_count(rule: Rule, name: str, table: Table, as_of: date) -> str:
    """A query for one number: 0 where the rule holds of the table, else more.

    Keys are counted by their hash, which is cheaper: distinct hashes prove distinct keys. Two keys that share
    a hash give a number above 0, and `broken_rows`, which compares the keys themselves, has the last word.
    """
    if rule.kind == "unique":
        keys = ", ".join(quoted(column) for column in rule.columns)
        return f"select count(*) - count(distinct hash({keys})) from {relation(name)}"
    return f"select count(*) from ({broken_rows(rule, name, table, as_of)})"


def broken_rows(rule: Rule, name: str, table: Table, as_of: date) -> str:
    """A query for what breaks the rule: rows, or one row that says what is wrong of the table whole."""
    target = relation(name)
    match rule.kind:
        case "unique":
            keys = ", ".join(quoted(column) for column in rule.columns)
            return f"select {keys}, count(*) as times from {target} group by {keys} having count(*) > 1"
        case "columns":
            return _other_columns(name, table)
        case "freshness":
            newest = f"max({quoted(rule.columns[0])})"
            oldest = f"date '{as_of.isoformat()}' - {int(rule.high or 0)}"
            return f"select {newest} as newest from {target} having {newest} < {oldest}"
        case "row_count":
            low, high = int(rule.low or 0), int(rule.high or 0)
            return f"select count(*) as rows from {target} having count(*) not between {low} and {high}"
        case _:
            return f"select * from {target} as t where {bound(rule, as_of)}"


def _other_columns(name: str, table: Table) -> str:
    """Columns that the contract and the table do not have alike, with the type each has in either."""
    schema, _, short = name.partition(".")
    expected = ", ".join(f"({literal(c.name)}, {literal(c.physical_type)})" for c in table.columns)
    return (
        "select coalesce(e.name, f.column_name) as column_name, e.type as expected, f.data_type as found "
        f"from (values {expected}) as e (name, type) full join (select column_name, data_type from "
        f"duckdb_columns() where schema_name = {literal(schema)} and table_name = {literal(short)} "
        "and database_name = current_database()) as f on f.column_name = e.name "
        "where e.type is distinct from f.data_type"
    )
