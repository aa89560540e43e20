"""Documents: what each is, its key fields with where each was read from, and what a person has to look at."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Protocol

import polars as pl

from opslayer.intelligence.document.answer import WANTED, Said, understood, written
from opslayer.intelligence.document.contract import ContractLearner
from opslayer.intelligence.document.documents import tables
from opslayer.intelligence.document.fields import FieldLearner, FieldModel
from opslayer.intelligence.document.forms import FIELDS, could_be, same
from opslayer.intelligence.document.reading import DocumentLearner, DocumentModel
from opslayer.intelligence.document.saying import put_right
from opslayer.intelligence.document.schema import READ, WAITS
from opslayer.intelligence.document.teaching import CAPABILITY, teach
from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.modelops import Models, capture

__all__ = [
    "CAPABILITY",
    "FIELDS",
    "WANTED",
    "ContractLearner",
    "DocumentLearner",
    "DocumentModel",
    "FieldLearner",
    "FieldModel",
    "Said",
    "could_be",
    "done",
    "headline",
    "learn",
    "put_right",
    "run",
    "same",
    "tables",
    "teach",
    "told",
    "understood",
    "waiting",
    "written",
]  # fmt: skip


DAYS = 90  # in which a document that came is read again


class Answering(Protocol):
    """Whoever answers for a capability and knows what people said; `opslayer.modelops.Models` does."""

    def ask(self, capability: str, given: pl.DataFrame, *, as_of: date, moment: datetime) -> pl.DataFrame: ...

    def overrides(self, capability: str) -> pl.DataFrame: ...


def run(layer: Queries, models: Answering, *, as_of: date, moment: datetime) -> dict[str, pl.DataFrame]:
    """The tables of the question, by name: document, document_field; of what came in the last 90 days.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    come = layer.query("documents_come", days=DAYS)
    asked = come.select("document_id", "lines")  # of what was refused too: a person may still say what it is
    answers = models.ask(CAPABILITY, asked, as_of=as_of, moment=moment)
    return tables(come, answers, models.overrides(CAPABILITY), layer.query("bills_known"), as_of=as_of)


def learn(layer: Queries, models: Models, *, as_of: date, moment: datetime) -> str:
    """Teach on what people said of documents, where it is enough; in words, what came of it."""
    with models.store.reading() as session:
        overrides = capture.overrides(session, CAPABILITY)
    said = (
        layer.query("documents_come", days=3_650)
        .join(overrides, left_on="document_id", right_on="subject")
        .drop_nulls("lines")
        .select("document_id", "lines", "received_at", "answer", label="override")
    )
    return teach(said, models.registry, as_of=as_of, snapshot=as_of.isoformat(), moment=moment)


def waiting(documents: pl.DataFrame) -> pl.DataFrame:
    """What a person has to look at, the last that came first."""
    return documents.filter(pl.col("standing") == WAITS).sort("received_at", descending=True)


def done(documents: pl.DataFrame) -> pl.DataFrame:
    """What is read, the last that came first."""
    return documents.filter(pl.col("standing") == READ).sort("received_at", descending=True)


def headline(documents: pl.DataFrame) -> str:
    """One sentence: how many came, how many were read, and why the others wait."""
    if documents.is_empty():
        return "No document has come: name a folder for them under [sources] in firm.toml."
    left = waiting(documents)
    why = ", ".join(
        f"{count} {reason}" for reason, count in left["exception"].value_counts(sort=True).iter_rows()
    )
    told = (
        f"**{documents.height - left.height} of {documents.height}** documents of the last 90 days are read"
    )
    return f"{told}; {left.height} wait for a person ({why})." if left.height else f"{told}."


def told(one: dict[str, Any]) -> str:
    """A row of the table document in two sentences: what it is, and how it stands."""
    what = one["class"] or "Document"
    of = f", {one['total']:,.2f} {one['currency'] or ''}".rstrip() if one["total"] is not None else ""
    how = f"waits for a person, {one['exception']}" if one["exception"] else "read"
    return f"**{what.capitalize()}{of}**: {how}."
