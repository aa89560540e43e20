"""A metric cut by a dimension: the value of each entity, computed from its own rows."""

from __future__ import annotations

from typing import Protocol

import polars as pl

from opslayer.errors import unknown
from opslayer.metrics.metric import Metric, Queries

SCHEMA = {"entity": pl.String, "name": pl.String, "value": pl.Float64, "rows": pl.Int64}


class Texts(Queries, Protocol):
    """Queries whose text can be read, as that of a published layer."""

    def sql(self, query: str) -> str: ...


def cut(layer: Texts, metric: Metric, by: str) -> pl.DataFrame:
    """One row an entity: entity, name, value in the metric's unit, rows; largest first.

    Rows that name no entity are not in it. Raises UsageError for a dimension that the metric does not have.
    """
    if by not in metric.dimensions:
        raise unknown("dimension", by, metric.dimensions)
    dimension = metric.dimensions[by]
    rows = layer.sql(dimension.rows or metric.rows)
    found = layer.query(
        f"select cast({dimension.key} as varchar) as entity, "
        f"max(cast({dimension.label or dimension.key} as varchar)) as name, "
        f"cast({metric.of_rows} as double) as value, count(*) as rows from ({rows}) as rows "
        f"where {dimension.key} is not null group by 1 order by value desc nulls last, entity"
    )
    return found.cast(SCHEMA)  # type: ignore[arg-type]
