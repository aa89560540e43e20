"""What stands where no model answers."""

from __future__ import annotations

import polars as pl


def as_drafted(rows: pl.DataFrame) -> pl.DataFrame:
    """The text as the template drafted it."""
    return rows.select(answer="text", reasons=pl.lit("As the template has it."))


def even_chance(rows: pl.DataFrame) -> pl.DataFrame:
    """A coin, where nothing is known yet."""
    told = rows.with_columns(answer=pl.lit(0.5), reasons=pl.lit("Nothing has been learnt yet."))
    return told.select("answer", "reasons")
