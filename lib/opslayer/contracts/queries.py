"""The SQL of a rule: a condition of one row, a count of what breaks it, the rows that do."""

from __future__ import annotations

from datetime import date
from functools import cache

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


def broken_tally(rule: Rule, as_of: date) -> str | None:
    """An aggregate over the table: 0 where the rule holds, else more; None where it reads another table.

    Keys are counted by their hash, which is cheaper: distinct hashes prove distinct keys. Two keys that share
    a hash give a number above 0, and `broken_rows`, which compares the keys themselves, has the last word.
    """
    match rule.kind:
        case "unique":
            keys = ", ".join(quoted(column) for column in rule.columns)
            return f"count(*) - count(distinct hash({keys}))"
        case "row_count":
            low, high = _row_bounds(rule)
            return f"case when count(*) between {low} and {high} then 0 else 1 end"
        case "freshness":
            return f"case when max({quoted(rule.columns[0])}) < {_oldest(rule, as_of)} then 1 else 0 end"
    broken = _condition(rule, as_of)
    return None if broken is None else f"count(*) filter (where {broken})"


def broken_count(rule: Rule, name: str, table: Table, as_of: date) -> str:
    """A query for one number: 0 where the rule holds of the table, else more."""
    return f"select count(*) from ({broken_rows(rule, name, table, as_of)})"


def _condition(rule: Rule, as_of: date) -> str | None:
    """The condition of a bad row without `t`; None where it reads another table."""
    if rule.predicate is None or rule.kind == "foreign_key":
        return None
    if rule.kind in ("not_null", "range"):  # most rules; no text in them could look like a column
        name = quoted(rule.columns[0])
        return rule.predicate.replace(f"t.{name}", name)
    return _unqualified(bound(rule, as_of))


@cache
def _unqualified(predicate: str) -> str | None:
    parsed = sqlglot.parse_one(predicate, dialect="duckdb")
    if parsed.find(exp.Select):
        return None
    for column in parsed.find_all(exp.Column):
        if column.table == "t":
            column.set("table", None)
    text: str = parsed.sql(dialect="duckdb")
    return text


def _row_bounds(rule: Rule) -> tuple[int, int]:
    return int(rule.low or 0), int(rule.high or 0)


def _oldest(rule: Rule, as_of: date) -> str:
    """The first day that is fresh, as SQL."""
    return f"date '{as_of.isoformat()}' - {int(rule.high or 0)}"


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
            return f"select {newest} as newest from {target} having {newest} < {_oldest(rule, as_of)}"
        case "row_count":
            low, high = _row_bounds(rule)
            return f"select count(*) as rows from {target} having count(*) not between {low} and {high}"
        case _:
            return f"select * from {target} as t where {bound(rule, as_of)}"


def _other_columns(name: str, table: Table) -> str:
    """Columns that the contract and the table do not have alike, with the type each has in either."""
    expected = ", ".join(f"({literal(c.name)}, {literal(c.physical_type)})" for c in table.columns)
    return (
        "select coalesce(e.name, f.name) as column_name, e.type as expected, f.type as found "
        f"from (values {expected}) as e (name, type) "
        f"full join pragma_table_info({literal(relation(name))}) as f on f.name = e.name "
        "where e.type is distinct from f.type"
    )
