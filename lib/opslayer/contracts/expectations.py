"""Contracts as Great Expectations suites. The one module that imports Great Expectations.

GX 1.24 has no DuckDB engine: it gives a connection back before it fetches, and DuckDB's result goes with it.
Counted among the dialects whose connection GX keeps, DuckDB works; `tests/integration/test_audit.py` is
pinned to the version and fails when GX changes.

What an aggregate over the table can say, GX asks in one SELECT a table; `ExpectNothingFound` asks one number
of a query that reads another (GX's UnexpectedRowsExpectation runs its query twice, and is never part of the
bundle).
"""

from __future__ import annotations

import os
import time
import warnings
from abc import ABC
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # read once, when GX is imported

import great_expectations as gx
import sqlalchemy as sa
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.id_dict import IDDict
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource, TableAsset
from great_expectations.execution_engine import sqlalchemy_execution_engine
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation, Expectation
from great_expectations.expectations.expectation_configuration import parse_result_format
from great_expectations.expectations.metrics.metric_provider import metric_partial, metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies

from opslayer.contracts.contract import Rule, Table
from opslayer.contracts.queries import broken_count, broken_tally
from opslayer.errors import ConfigurationError

TESTED_VERSION = "1.24"
DOMAIN = TableMetricProvider.domain_keys  # what GX tells one table from another by


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


class Tally(TableMetricProvider):
    """The number that an aggregate gives; GX bundles those of a table."""

    metric_name = "table.tally"
    value_keys = ("aggregate",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _tally(cls, metric_domain_kwargs: Any, metric_value_kwargs: Any, **_: Any) -> Any:  # noqa: N805
        return sa.literal_column(metric_value_kwargs["aggregate"]), metric_domain_kwargs, {}


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


class _Asked(BatchExpectation, ABC):
    """An expectation of one metric, which says itself what the metric is asked.

    GX's own way builds the expectation's configuration anew some fifty times to learn the same.
    """

    def get_validation_dependencies(
        self,
        execution_engine: Any = None,  # noqa: ARG002  GX's own signature
        runtime_configuration: Any = None,
    ) -> ValidationDependencies:
        (metric,) = self.metric_dependencies
        asked = MetricConfiguration(
            metric_name=metric,
            metric_domain_kwargs=IDDict({key: getattr(self, key, None) for key in DOMAIN}),
            metric_value_kwargs=IDDict({key: getattr(self, key) for key in self.success_keys}),
        )
        wanted = parse_result_format(runtime_configuration["result_format"])
        return ValidationDependencies(metric_configurations={metric: asked}, result_format=wanted)

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        return {"success": not metrics[self.metric_dependencies[0]]}


class ExpectNothingTallied(_Asked):
    """The aggregate gives 0."""

    aggregate: str
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.tally",)
    success_keys: ClassVar[tuple[str, ...]] = ("aggregate",)


class ExpectNothingFound(_Asked):
    """The query gives 0."""

    query: str
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.found",)
    success_keys: ClassVar[tuple[str, ...]] = ("query",)


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
    tally = broken_tally(rule, as_of)
    if tally is not None:
        return ExpectNothingTallied(aggregate=tally, meta=meta)
    return ExpectNothingFound(query=broken_count(rule, name, table, as_of), meta=meta)
