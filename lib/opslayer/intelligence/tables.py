"""The tables this package gives back: their columns and types, and frames brought to them."""

from __future__ import annotations

import polars as pl

MONEY: pl.DataType = pl.Decimal(18, 2)


def typed(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The columns of `schema`, in its order and types."""
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
