"""Reading: one published version, opened read-only and kept until it is closed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import polars as pl

from opslayer.access import EVERYTHING, Rows
from opslayer.config import Firm
from opslayer.errors import AccessDenied, OpslayerError, UsageError, unknown
from opslayer.warehouse import scoped
from opslayer.warehouse.models import Bound, bind, bound_names
from opslayer.warehouse.reading import check_reading
from opslayer.warehouse.versions import Version, current, versions

QUERIES = Path(__file__).parent / "queries"
NAMED = re.compile(r"^[a-z][a-z0-9_]*$")


@dataclass(frozen=True)
class Layer:
    """A published snapshot. Queries are named files in `queries/`, or SQL an analyst writes."""

    version: Version
    base_currency: str
    connection: duckdb.DuckDBPyConnection
    own: Mapping[str, Path] = field(default_factory=dict)  # the firm's own queries, by name; they only read
    rows: Rows = EVERYTHING

    @property
    def as_of(self) -> date:
        return self.version.as_of

    @cached_property
    def forbidden(self) -> tuple[dict[str, Any], ...]:
        """What the contracts say against acting on it; asked once, for a snapshot does not change."""
        return tuple(self.query("acting_forbidden").to_dicts())

    @cached_property
    def clients(self) -> pl.DataFrame:
        """Country and bank account by party_id; asked once, for each message looks at its client's."""
        return self.query("client_records")

    def sql(self, query: str) -> str:
        """The text of a named query; SQL is returned as it is.

        Raises UsageError for an unknown name, ConfigurationError for a firm's own that does more than read,
        AccessDenied for SQL on a snapshot of which not everything is seen.
        """
        if not NAMED.match(query):
            if not self.rows.is_everything:
                raise AccessDenied("only named queries are asked of what is not seen whole", what="free SQL")
            return query
        path = query_path(self, query)
        text = path.read_text(encoding="utf-8")
        if query in self.own:
            check_reading(text, path)
        return text

    def query(self, query: str, /, **values: Bound) -> pl.DataFrame:
        """Rows of a query. `$name` is bound from `values`; `$as_of` and `$base_currency` are always there.

        Raises UsageError for an unknown name or SQL that does not run.
        """
        text = self.sql(query)
        given = {"as_of": self.as_of, "base_currency": self.base_currency, **values}
        names = bound_names(text, query[:60])
        try:
            # a cursor of its own lets threads read side by side
            with self.connection.cursor() as cursor:
                rows: pl.DataFrame = cursor.sql(text, params=bind(names, given, query[:60])).pl()
                return rows
        except duckdb.Error as error:
            raise UsageError(f"the query {query[:200]!r} does not run: {error}") from error

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Layer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_layer(firm: Firm, version: str | None = None, *, rows: Rows = EVERYTHING) -> Layer:
    """Open the current version, or a named one: all of it, or the rows that somebody sees.

    Raises UsageError where there is none.
    """
    for _ in range(3):
        chosen = _choose(firm, version)
        try:
            connection = _connect(chosen.path, rows)
        except (duckdb.IOException, duckdb.CatalogException) as error:
            if chosen.path.exists():
                raise OpslayerError(
                    f"version {chosen.name} cannot be opened: {error}",
                    mend="`opslayer rollback VERSION` goes back to one that can",
                ) from error
            continue  # pruned between reading the pointer and opening: the pointer has moved on
        return Layer(chosen, firm.base_currency, connection, own_queries(firm), rows)
    raise OpslayerError(f"{firm.name}: every version vanished while it was being opened")


def _connect(path: Path, rows: Rows) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(path), read_only=True) if rows.is_everything else scoped.connect(path, rows)


def query_path(layer: Layer, name: str) -> Path:
    """The file of a named query, the firm's own first. Raises UsageError for an unknown name."""
    path = layer.own.get(name, QUERIES / f"{name}.sql")
    if not path.exists():
        raise unknown("query", name, query_names(layer))
    return path


def query_names(layer: Layer) -> list[str]:
    """Every named query, shipped or the firm's own."""
    return sorted({*layer.own, *(path.stem for path in QUERIES.glob("*.sql"))})


def own_queries(firm: Firm) -> dict[str, Path]:
    """The queries in the firm's own folder, by name."""
    return {path.stem: path for path in firm.folder("queries")[1].glob("*.sql")}


def _choose(firm: Firm, name: str | None) -> Version:
    if name is None:
        live = current(firm)
        if live is None:
            raise UsageError(f"{firm.name} has no published snapshot yet", mend="run `opslayer refresh`")
        return live
    kept = {version.name: version for version in versions(firm)}
    if name not in kept:
        raise unknown("version", name, kept)
    return kept[name]
