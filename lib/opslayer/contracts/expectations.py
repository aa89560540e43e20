"""Contracts as Great Expectations suites. The one module that imports Great Expectations.

GX 1.24 has no DuckDB engine: it gives a connection back before it fetches, and DuckDB's result goes with it.
Counted among the dialects whose connection GX keeps, DuckDB works; `tests/integration/test_audit.py` is pinned
to the version and fails when GX changes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # read once, when GX is imported

import great_expectations as gx
from great_expectations import expectations as gxe
from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

from opslayer.contracts.contract import Rule, Table
from opslayer.contracts.quarantine import bound

TESTED_VERSION = "1.24"


class _Dialect(str):
    """What GX asks of a dialect's name."""

    __slots__ = ()

    @property
    def value(self) -> str:
        return str(self)


if not any(dialect.value == "duckdb" for dialect in engine._PERSISTED_CONNECTION_DIALECTS):
    engine._PERSISTED_CONNECTION_DIALECTS = (*engine._PERSISTED_CONNECTION_DIALECTS, _Dialect("duckdb"))


def validate(
    database: Path, tables: Mapping[str, Table], as_of: date
) -> dict[str, tuple[dict[str, bool], float]]:
    """Which rules of each table hold, and the seconds it took; `tables` is by physical name.

    Passed or not is all that is asked here: counts and samples are fetched for what failed.
    """
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = gx.data_context.types.base.ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql("staged", connection_string=f"duckdb:///{database}")
    outcome: dict[str, tuple[dict[str, bool], float]] = {}
    try:
        for name, table in tables.items():
            started = time.perf_counter()
            schema, _, relation = name.partition(".")
            asset = source.add_table_asset(name, table_name=relation, schema_name=schema)
            batch = asset.add_batch_definition_whole_table("all").get_batch()
            suite = gx.ExpectationSuite(
                name=name, expectations=[_expectation(rule, name, table, as_of) for rule in table.rules]
            )
            result = batch.validate(suite, result_format="BOOLEAN_ONLY")
            failed = [r for r in result.results if r.exception_info and r.exception_info.get("raised_exception")]
            if failed:
                raise RuntimeError(f"{name}: {failed[0].expectation_config.meta}: {failed[0].exception_info}")
            held = {r.expectation_config.meta["rule"]: bool(r.success) for r in result.results}
            outcome[name] = (held, time.perf_counter() - started)
    finally:
        _close(source)
    return outcome


def _close(source: gx.datasource.fluent.SQLDatasource) -> None:
    """Let go of the file: GX holds one connection for its queries, and another it tried the source with."""
    execution = source.get_execution_engine()
    if execution._connection is not None:
        execution._connection.close()
    for pool in (execution.engine, source.get_engine()):
        pool.dispose()


def _expectation(rule: Rule, name: str, table: Table, as_of: date) -> gxe.Expectation:
    meta = {"rule": rule.name}
    match rule.kind:
        case "not_null":
            return gxe.ExpectColumnValuesToNotBeNull(column=rule.columns[0], meta=meta)
        case "allowed":
            return gxe.ExpectColumnValuesToBeInSet(column=rule.columns[0], value_set=list(rule.allowed), meta=meta)
        case "range":
            return gxe.ExpectColumnValuesToBeBetween(
                column=rule.columns[0], min_value=rule.low, max_value=rule.high, meta=meta
            )
        case "row_count":
            low, high = (None if bound_ is None else int(bound_) for bound_ in (rule.low, rule.high))
            return gxe.ExpectTableRowCountToBeBetween(min_value=low, max_value=high, meta=meta)
        case _:
            query = bad_rows(rule, name, table, as_of).replace("{", "{{").replace("}", "}}")
            # GX wants its batch named; ours is the whole table, which the query names itself
            return gxe.UnexpectedRowsExpectation(
                unexpected_rows_query=f"{query} limit 1 /* {{batch}} */", meta=meta
            )


def bad_rows(rule: Rule, name: str, table: Table, as_of: date) -> str:
    """A query for what breaks the rule: rows, or one row that says what is wrong of the table whole."""
    relation = ".".join(f'"{part}"' for part in name.split("."))
    match rule.kind:
        case "unique":
            key = ", ".join(f'"{column}"' for column in rule.columns)
            return f"select {key}, count(*) as times from {relation} group by {key} having count(*) > 1"
        case "columns":
            expected = ", ".join(f"('{c.name}', '{c.physical_type}')" for c in table.columns)
            schema, _, short = name.partition(".")
            return (
                f"select coalesce(e.name, f.column_name) as column_name, e.type as expected, f.data_type as found "
                f"from (values {expected}) as e (name, type) full join (select column_name, data_type from "
                f"duckdb_columns() where schema_name = '{schema}' and table_name = '{short}' and database_name = "
                "current_database()) as f on f.column_name = e.name where e.type is distinct from f.data_type"
            )
        case "freshness":
            column = rule.columns[0]
            return (
                f'select max("{column}") as newest from {relation} '
                f"having max(\"{column}\") < date '{as_of.isoformat()}' - {int(rule.high or 0)}"
            )
        case "row_count":
            return f"select count(*) as rows from {relation}"
        case _:
            return f"select * from {relation} as t where {bound(rule, as_of)}"
