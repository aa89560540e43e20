"""From a number to its rows: the query, the snapshot, what the contracts say of it, and the sum done again.

The value is a query's; the rows are another's. A metric says how its value follows from the rows (`of_rows`),
and that is computed here over all of them, in DuckDB: two ways to one number, which must meet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import polars as pl

from opslayer.errors import OpslayerError
from opslayer.metrics.metric import Metric, MetricValue, measure
from opslayer.warehouse import Layer, tables_read

CLOSE = 1e-9  # relative; a sum of floats in another order differs by less


@dataclass(frozen=True)
class Proof:
    """What one value rests on. `recomputed` is of the rows, None where they are none or all null.

    `contracts` has a row a rule on a table that the value or its rows are read from (table_name, rule,
    dimension, severity, passed, rows_checked, rows_failed). `failure` says why it could not be computed.
    """

    value: MetricValue
    snapshot: str
    recomputed: float | None = None
    rows: int = 0
    tables: tuple[str, ...] = ()
    contracts: pl.DataFrame = field(default_factory=pl.DataFrame)
    failure: str | None = None

    @property
    def holds(self) -> bool:
        """Whether both ways meet. Where there is nothing to measure there is nothing to recompute."""
        if self.failure is not None or self.value.failure is not None:
            return False
        if self.value.value is None:
            return self.recomputed is None or self.recomputed == 0
        return self.recomputed is not None and math.isclose(
            self.value.value, self.recomputed, rel_tol=CLOSE, abs_tol=CLOSE
        )

    @property
    def red(self) -> int:
        """How many of the contract rules do not hold."""
        return 0 if self.contracts.is_empty() else self.contracts.filter(~pl.col("passed")).height


def prove(layer: Layer, metric: Metric) -> Proof:
    """Measure the metric on a snapshot, and compute it again from its rows."""
    (value,) = measure(layer, [metric])
    snapshot = layer.version.name
    try:
        rows = layer.sql(metric.rows)
        tables = tuple(sorted(tables_read(layer.sql(metric.query)) | tables_read(rows)))
        found = layer.query(
            f"select cast({metric.of_rows} as double) as value, count(*) as rows from ({rows}) as rows"
        ).row(0, named=True)
        contracts = layer.query("results_of_tables", tables=list(tables))
    except OpslayerError as error:
        return Proof(value, snapshot, failure=error.message)
    return Proof(value, snapshot, found["value"], found["rows"], tables, contracts)
