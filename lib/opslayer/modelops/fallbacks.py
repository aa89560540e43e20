"""What stands where no model answers."""

from __future__ import annotations

import polars as pl


def as_drafted(rows: pl.DataFrame) -> pl.DataFrame:
    """The text as the template drafted it."""
    return rows.select(answer="text", reasons=pl.lit("As the template has it."))
