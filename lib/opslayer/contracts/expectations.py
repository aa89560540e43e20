"""Contracts as Great Expectations suites. The one module that imports Great Expectations.

GX 1.24 has no DuckDB engine: it gives a connection back before it fetches, and DuckDB's result goes with it.
Counted among the dialects whose connection GX keeps, DuckDB works; `tests/integration/test_audit.py` is
pinned to the version and fails when GX changes.

Everything that can be said of one row, GX asks in one SELECT a table. Its own expectations do for columns;
`ExpectNoBrokenRows` adds conditions over several columns to the same SELECT, `ExpectNothingFound` asks one
number (GX's UnexpectedRowsExpectation runs its query twice, and is never part of the bundle).
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # read once, when GX is imported

import great_expectations as gx
import sqlalchemy as sa
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource, TableAsset
from great_expectations.execution_engine import sqlalchemy_execution_engine
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.core.expect_column_values_to_be_between import (
    ExpectColumnValuesToBeBetween,
)
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.expect_column_values_to_not_be_null import (
    ExpectColumnValuesToNotBeNull,
)
from great_expectations.expectations.core.expect_table_row_count_to_be_between import (
    ExpectTableRowCountToBeBetween,
)
from great_expectations.expectations.expectation import BatchExpectation, Expectation
from great_expectations.expectations.metrics.metric_provider import metric_partial, metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from opslayer.contracts.contract import Rule, Table
from opslayer.contracts.queries import broken_count, condition
from opslayer.errors import ConfigurationError

TESTED_VERSION = "1.24"


class _Dialect(str):
    """What GX asks of a dialect's name."""

    __slots__ = ()

    @property
    def value(self) -> str:
        return str(self)


_persisted = sqlalchemy_execution_engine._PERSISTED_CONNECTION_DIALECTS
if not any(dialect.value == "duckdb" for dialect in _persisted):
    sqlalchemy_execution_engine._PERSISTED_CONNECTION_DIALECTS = (  # type: ignore[assignment]
        *_persisted,
        _Dialect("duckdb"),
    )


class BrokenRows(TableMetricProvider):
    """How many rows meet a condition; an aggregate, so GX bundles it with the others of its table."""

    metric_name = "table.broken_rows"
    value_keys = ("condition",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _count(cls, metric_domain_kwargs: Any, metric_value_kwargs: Any, **_: Any) -> Any:  # noqa: N805
        broken: Any = sa.literal_column(f"({metric_value_kwargs['condition']})")
        return sa.func.sum(sa.case((broken, 1), else_=0)), metric_domain_kwargs, {}


class Found(TableMetricProvider):
    """The number that a query gives."""

    metric_name = "table.found"
    value_keys = ("query",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _ask(  # GX gives the class by the name cls
        cls,  # noqa: N805
        execution_engine: SqlAlchemyExecutionEngine,
        metric_value_kwargs: Any,
        **_: Any,
    ) -> Any:
        query = sa.text(metric_value_kwargs["query"].replace(":", r"\:"))
        return execution_engine.execute_query(query).scalar()


class ExpectNoBrokenRows(BatchExpectation):
    """No row meets the condition."""

    condition: str
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.broken_rows",)
    success_keys: ClassVar[tuple[str, ...]] = ("condition",)

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        return {"success": not metrics["table.broken_rows"]}


class ExpectNothingFound(BatchExpectation):
    """The query gives 0."""

    query: str
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.found",)
    success_keys: ClassVar[tuple[str, ...]] = ("query",)

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        return {"success": not metrics["table.found"]}


def validate(
    database: Path, tables: Mapping[str, Table], as_of: date, settings: Mapping[str, Any]
) -> dict[str, tuple[dict[str, bool], float]]:
    """Which rules of each table hold, and the seconds it took; `tables` is by physical name.

    `settings` are DuckDB's, for the connections that ask.

    Passed or not is all that is asked here: counts and samples are fetched for what failed. Raises
    ConfigurationError for a rule whose SQL the database does not understand.
    """
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_or_update_sql(_source(database, tables, settings))
    outcome: dict[str, tuple[dict[str, bool], float]] = {}
    try:
        for name, table in tables.items():
            started = time.perf_counter()
            batch = source.get_asset(name).get_batch_definition("whole").get_batch()
            expectations = [_expectation(rule, name, table, as_of) for rule in table.rules]
            result = batch.validate(
                gx.ExpectationSuite(name=name, expectations=expectations), result_format="BOOLEAN_ONLY"
            )
            _refuse_unanswered(name, result.results)
            held = {r.expectation_config.meta["rule"]: bool(r.success) for r in result.results}
            outcome[name] = (held, time.perf_counter() - started)
    finally:
        _close(source)
    return outcome


def _source(database: Path, tables: Iterable[str], settings: Mapping[str, Any]) -> SQLDatasource:
    """The staged file with every table named at once: GX writes its whole context down at each addition."""
    assets = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # GX wants one source a schema; ours are many
        for name in tables:
            schema, _, relation = name.partition(".")
            asset = TableAsset(name=name, table_name=relation, schema_name=schema)
            asset.batch_definitions = [BatchDefinition(name="whole", partitioner=None)]
            assets.append(asset)
    return SQLDatasource(
        name="staged",
        connection_string=f"duckdb:///{database}",
        kwargs={"connect_args": {"config": dict(settings)}},
        assets=assets,
    )


def _refuse_unanswered(name: str, results: Iterable[Any]) -> None:
    for result in results:
        raised = (result.exception_info or {}).values()
        for info in raised:
            if isinstance(info, dict) and info.get("raised_exception"):
                rule = result.expectation_config.meta["rule"]
                raise ConfigurationError(f"{name}: {rule}: cannot be asked: {info['exception_message']}")


def _close(source: SQLDatasource) -> None:
    """Let go of the file: GX holds one connection for its queries, and another it tried the source with."""
    execution = source.get_execution_engine()
    if execution._connection is not None:
        execution._connection.close()
    for pool in (execution.engine, source.get_engine()):
        pool.dispose()


def _expectation(rule: Rule, name: str, table: Table, as_of: date) -> Expectation:
    meta = {"rule": rule.name}
    match rule.kind:
        case "not_null":
            return ExpectColumnValuesToNotBeNull(column=rule.columns[0], meta=meta)
        case "allowed":
            return ExpectColumnValuesToBeInSet(
                column=rule.columns[0], value_set=list(rule.allowed), meta=meta
            )
        case "range":
            return ExpectColumnValuesToBeBetween(
                column=rule.columns[0], min_value=rule.low, max_value=rule.high, meta=meta
            )
        case "row_count":
            low, high = (None if bound is None else int(bound) for bound in (rule.low, rule.high))
            return ExpectTableRowCountToBeBetween(min_value=low, max_value=high, meta=meta)
    row = condition(rule, as_of)
    if row is not None:
        return ExpectNoBrokenRows(condition=row, meta=meta)
    return ExpectNothingFound(query=broken_count(rule, name, table, as_of), meta=meta)
