"""Drafted explanations in better words, where the firm lets a language model in; else as drafted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl

from opslayer.config import Firm
from opslayer.modelops.service import Models
from opslayer.store import open_store

CAPABILITY = "narrative"
KEYS = ("month", "practice", "comparison")


def reword(
    firm: Firm, tables: Mapping[str, pl.DataFrame], *, as_of: date, moment: datetime
) -> dict[str, pl.DataFrame]:
    """The tables, with the newest paragraphs of each narrative (`*_narrative`) as a language model puts them.

    A paragraph that says another number than its draft, or that comes too late, stays as drafted; the row
    says who wrote it (model, model_version). Older months are not asked about.
    """
    if not firm.models.endpoints:
        return dict(tables)
    with open_store(firm) as store:
        models = Models(firm, store)
        return {
            name: _reworded(models, table, as_of, moment) if name.endswith("_narrative") else table
            for name, table in tables.items()
        }


def _reworded(models: Models, drafted: pl.DataFrame, as_of: date, moment: datetime) -> pl.DataFrame:
    newest = drafted["month"] == drafted["month"].max()
    keys = [pl.col(name).cast(pl.String).fill_null("") for name in KEYS if name in drafted.columns]
    asked = drafted.filter(newest).select(
        pl.concat_str(keys, separator=" ").alias("text_id"), text="paragraph"
    )
    said = models.ask(CAPABILITY, asked, as_of=as_of, moment=moment)
    written = drafted.filter(newest).with_columns(
        pl.when(~said["is_fallback"]).then(said[name]).otherwise(pl.col(column)).alias(column)
        for column, name in (("paragraph", "answer"), ("model", "model"), ("model_version", "model_version"))
    )
    return pl.concat([drafted.filter(~newest), written])
