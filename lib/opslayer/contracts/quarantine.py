"""Rows that break a quarantine rule are set aside, with the rule and the key they have at their source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from graphlib import TopologicalSorter

from duckdb import DuckDBPyConnection

from opslayer.contracts.contract import Contract, Rule, Table
from opslayer.contracts.queries import bound, literal, relation


@dataclass(frozen=True)
class QuarantineCount:
    """How many rows of a table one rule set aside."""

    table: str
    rule: str
    rows: int


def split_quarantine(
    connection: DuckDBPyConnection, contracts: Iterable[Contract], *, as_of: date, schema: str = "staging"
) -> list[QuarantineCount]:
    """Move rows that break a quarantine rule from `schema` into quality.quarantine.

    Parents go first: a row whose parent is set aside is an orphan, and follows it. A build starts from what
    landed, so a row comes back by itself once its source has mended it.
    """
    connection.execute(
        "create or replace table quality.quarantine (as_of date, table_name varchar, source varchar, "
        "source_key varchar, rule varchar, contract varchar, contract_version varchar, row_json varchar)"
    )
    tables = {
        table.name: (contract, table, [rule for rule in table.rules if rule.severity == "quarantine"])
        for contract in contracts
        for table in contract.tables
        if table.schema == schema
    }
    counts: list[QuarantineCount] = []
    for name in _parents_first({name: rules for name, (_, _, rules) in tables.items()}):
        contract, table, rules = tables[name]
        counts += _set_aside(connection, contract, table, rules, as_of)
    return counts


def _set_aside(
    connection: DuckDBPyConnection, contract: Contract, table: Table, rules: list[Rule], as_of: date
) -> list[QuarantineCount]:
    broken = {rule.name: bound(rule, as_of) for rule in rules}
    if not broken:
        return []
    names = ", ".join(f"case when {predicate} then {literal(rule)} end" for rule, predicate in broken.items())
    anything = " or ".join(f"({predicate})" for predicate in broken.values())
    target = relation(table.name)
    connection.execute(
        f"create or replace temp table broken as select t.rowid as row_number, "
        f"list_filter([{names}], lambda rule: rule is not null) as rules, to_json(t) as row_json, "
        f"t.source, t.source_key from {target} as t where {anything}"
    )
    counts = connection.execute(
        "select rule, count(*) from (select unnest(rules) as rule from broken) group by rule order by rule"
    ).fetchall()
    if counts:
        connection.execute(
            "insert into quality.quarantine select $as_of, $table, source, source_key, unnest(rules), "
            "$contract, $version, row_json from broken",
            {"as_of": as_of, "table": table.name, "contract": contract.name, "version": contract.version},
        )
        connection.execute(f"delete from {target} where rowid in (select row_number from broken)")
    connection.execute("drop table broken")
    return [QuarantineCount(table.name, str(rule), int(rows)) for rule, rows in counts]


def _parents_first(rules: Mapping[str, Iterable[Rule]]) -> Iterable[str]:
    graph = {
        name: {parent for rule in own for parent in rule.parents if parent in rules and parent != name}
        for name, own in rules.items()
    }
    return TopologicalSorter(graph).static_order()
