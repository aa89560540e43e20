"""What this package needs of a published snapshot: named queries that answer with frames."""

from __future__ import annotations

from typing import Any, Protocol

import polars as pl


class Queries(Protocol):
    """Anything that answers a named query; `opslayer.warehouse.Layer` does."""

    def query(self, name_or_sql: str, /, **values: Any) -> pl.DataFrame: ...
