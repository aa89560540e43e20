"""A published snapshot, read by names that are completed and corrected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from opslayer.config import Firm, load_firm
from opslayer.contracts import load_contracts
from opslayer.errors import UsageError, nearest, unknown
from opslayer.metrics import Metric, cut, load_metrics, measure
from opslayer.warehouse import Layer, open_layer, query_names, versions

METRIC = {
    "metric": pl.String,
    "title": pl.String,
    "value": pl.Float64,
    "previous": pl.Float64,
    "unit": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "owner": pl.String,
    "failure": pl.String,
}


class Reader:
    """What `from opslayer import layer` reads; a snapshot is opened when it is first asked."""

    def __init__(self) -> None:
        self._opened: tuple[Firm, Layer] | None = None

    def open(self, firm: str | Path | None = None, *, as_of: date | str | None = None) -> Reader:
        """Read the newest snapshot, or the newest of a business day, from now on.

        `firm` is the directory of firm.toml; without it the firm read so far, or $OPSLAYER_FIRM, or the
        nearest one above. Raises UsageError where no snapshot of that day is kept.
        """
        found = self._opened[0] if self._opened and firm is None else load_firm(firm)
        chosen = open_layer(found, None if as_of is None else _version_of(found, as_of))
        if self._opened:
            self._opened[1].close()
        self._opened = found, chosen
        return self

    @property
    def as_of(self) -> date:
        """The business day of the snapshot."""
        return self._layer.as_of

    @property
    def version(self) -> str:
        """The name of the snapshot."""
        return self._layer.version.name

    def tables(self) -> pl.DataFrame:
        """One row a table: table, rows (an estimate of the database's), description of its contract."""
        told = {table.name: table.description for one in load_contracts(self._firm) for table in one.tables}
        found = self._layer.query("published_tables")
        return found.with_columns(
            pl.col("table").replace_strict(told, default=None, return_dtype=pl.String).alias("description")
        )

    def table(self, name: str) -> pl.DataFrame:
        """All rows of a table, such as "marts.open_item". Raises UsageError, naming the nearest."""
        known = self.table_names()
        if name not in known:
            raise unknown("table", name, known)
        schema, _, table = name.partition(".")
        return self._layer.query(f'select * from "{schema}"."{table}"')  # one of the names the snapshot has

    def columns(self, name: str) -> pl.DataFrame:
        """One row a column, as the contract has it: column, type, unit, description."""
        known = {table.name: table for one in load_contracts(self._firm) for table in one.tables}
        if name not in known:
            raise unknown("table under contract", name, known)
        return pl.DataFrame(
            [(one.name, one.physical_type, one.unit, one.description) for one in known[name].columns],
            schema=dict.fromkeys(("column", "type", "unit", "description"), pl.String),
            orient="row",
        )

    def metric(self, name: str, *, by: str | None = None) -> pl.DataFrame:
        """One row: a metric with its value, the one before, unit, range and owner.

        `by` a dimension: one row an entity of it: entity, name, value, rows. Raises UsageError for a metric
        or a dimension there is not.
        """
        known = self._metrics()
        if name not in known:
            raise unknown("metric", name, known)
        return self._measured([known[name]]) if by is None else cut(self._layer, known[name], by)

    def metrics(self) -> pl.DataFrame:
        """One row a metric, as `metric` gives it."""
        return self._measured(self._metrics().values())

    def query(self, query: str, /, **values: str | int | float | bool | date | None) -> pl.DataFrame:
        """A named query, or SQL that reads; `$name` is bound from `values`, `$as_of` is always there."""
        return self._layer.query(query, **values)

    def sql(self, name: str) -> str:
        """The text of a named query."""
        return self._layer.sql(name)

    def table_names(self) -> list[str]:
        return self._layer.query("published_tables")["table"].to_list()

    def metric_names(self) -> list[str]:
        return sorted(self._metrics())

    def query_names(self) -> list[str]:
        return query_names(self._layer)

    def __getattr__(self, name: str) -> Schema:
        schemas = [] if name.startswith("_") else self._schemas()
        if name in schemas:
            return Schema(self, name)
        near = nearest(name, [*schemas, *super().__dir__()])
        raise AttributeError(f"the layer has no {name!r}" + (f"; did you mean {near!r}?" if near else ""))

    def __dir__(self) -> list[str]:
        names = [name for name in super().__dir__() if not name.startswith("_")]
        return sorted([*names, *self._schemas()])

    def __repr__(self) -> str:
        return f"{self._firm.name}, as of {self.as_of}: snapshot {self.version}"

    @property
    def _layer(self) -> Layer:
        return self._opened_now()[1]

    @property
    def _firm(self) -> Firm:
        return self._opened_now()[0]

    def _opened_now(self) -> tuple[Firm, Layer]:
        if self._opened is None:
            self.open()
        assert self._opened is not None
        return self._opened

    def _metrics(self) -> dict[str, Metric]:
        return {metric.name: metric for metric in load_metrics(self._firm)}

    def _measured(self, metrics: Iterable[Metric]) -> pl.DataFrame:
        return pl.DataFrame(
            [
                (
                    one.metric.name, one.metric.title, one.value, one.previous, one.metric.unit,
                    one.metric.expected.low, one.metric.expected.high, one.metric.owner, one.failure,
                )
                for one in measure(self._layer, metrics)
            ],
            schema=METRIC,
            orient="row",
        )  # fmt: skip

    def _schemas(self) -> list[str]:
        return sorted({name.partition(".")[0] for name in self.table_names()})


@dataclass(frozen=True)
class Schema:
    """The tables of a schema, as attributes."""

    reader: Reader
    schema: str

    def __getattr__(self, name: str) -> pl.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.reader.table(f"{self.schema}.{name}")
        except UsageError as error:
            near = nearest(name, dir(self))
            raise AttributeError(
                f"{self.schema} has no table {name!r}" + (f"; did you mean {near!r}?" if near else "")
            ) from error

    def __dir__(self) -> list[str]:
        split = (name.partition(".") for name in self.reader.table_names())
        return [table for schema, _, table in split if schema == self.schema]


def _version_of(firm: Firm, as_of: date | str) -> str:
    day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    kept = {version.as_of: version.name for version in versions(firm)}  # the newest of a day comes last
    if day not in kept:
        raise UsageError(
            f"{firm.name} keeps no snapshot as of {day}; there are: {', '.join(str(one) for one in kept)}",
            mend=f"`opslayer refresh --as-of {day}` publishes one",
        )
    return kept[day]
