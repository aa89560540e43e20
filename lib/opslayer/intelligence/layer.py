"""What this package needs of a published snapshot: its day, and named queries that answer with frames."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol

import polars as pl

from opslayer.errors import UsageError


class Queries(Protocol):
    """Anything that answers a named query as of a day; `opslayer.warehouse.Layer` does."""

    @property
    def as_of(self) -> date: ...

    def query(self, query: str, /, **values: Any) -> pl.DataFrame: ...


def hold_to_day(layer: Queries, as_of: date) -> None:
    """Raises UsageError where the snapshot is of another day: its open items are not those of `as_of`."""
    if layer.as_of != as_of:
        raise UsageError(
            f"the snapshot is as of {layer.as_of}, and {as_of} was asked for",
            mend=f"`opslayer refresh --as-of {as_of}` publishes one of that day",
        )
