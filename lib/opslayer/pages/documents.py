"""What the page Documents shows. What strangers wrote stands in tables only: there it is text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from opslayer import figures
from opslayer.intelligence import document
from opslayer.pages.reading import Reading
from opslayer.pages.shown import Drawn, Meeting, Page, Shown, count, sentence, table
from opslayer.sources import kept_document


def _choices(read: Reading) -> Iterator[Mapping[str, str]]:
    """One document that waits, which the page opens with, and one that is read: all are drawn as these."""
    found = read("documents").sort("standing", descending=True, maintain_order=True)
    shown = found.unique("standing", keep="first", maintain_order=True)["document_id"].to_list()
    yield from ({"document_id": one} for one in shown or [""])


def _waiting(read: Reading, **_: str) -> pl.DataFrame:
    """What waits, without what a person said of since."""
    said = read.record("document_overrides")["subject"]
    return read("documents_waiting").filter(~pl.col("document_id").is_in(said.implode()))


def _said(read: Reading, **_: str) -> str:
    waits = read("documents_waiting").height
    since = waits - _waiting(read).height
    if not since:
        return ""
    return f"{since} more were put right since they were read: the next morning learns from them."


def _one(read: Reading, *, document_id: str = "", **_: str) -> str:
    found = read("documents").filter(document_id=document_id)
    if found.is_empty():
        return ""
    return document.told(found.to_dicts()[0])


def _fields(read: Reading, *, document_id: str = "", **_: str) -> pl.DataFrame:
    return read("document_fields").filter(document_id=document_id)


def _picture(read: Reading, *, document_id: str = "", **_: str) -> Drawn:
    """The first page that something was read from, each place framed; or that there is none to show."""
    fields = _fields(read, document_id=document_id)
    number = min(fields["page"].drop_nulls().to_list(), default=1)
    drawn = kept_document(read.firm, document_id.rpartition(":")[2], number)
    if drawn is None:
        return ":gray[There is no picture of it.]"
    return figures.places(drawn, fields.filter(page=number), theme=read.theme)


DOCUMENTS = Page(
    "documents",
    "What do the documents say that came, and which does a person have to look at?",
    metrics=("documents_waiting",),
    choices=_choices,
    shows=(
        sentence("headline", lambda read, **_: document.headline(read("documents"))),
        sentence("said", _said, live=True),
        table(
            "waiting",
            _waiting,
            {
                "received_at": "Came",
                "name": "File",
                "exception": "Why it waits",
                "company": "From",
                "total": "Total",
                "currency": "",
                "reasons": "What speaks against it",
            },
            empty="Nothing waits for a person.",
            live=True,
        ),
        sentence("one", _one),
        Shown("picture", _picture),
        table(
            "fields",
            _fields,
            {
                "field": "Field",
                "value": "Read",
                "confidence": "Sure",
                "quote": "From the line",
                "reasons": "Why",
            },
            empty="Nothing was read of it.",
        ),
        table(
            "read",
            lambda read, **_: document.done(read("documents")),
            {
                "received_at": "Came",
                "name": "File",
                "class": "Class",
                "company": "From",
                "number": "Number",
                "issued_on": "Of",
                "total": "Total",
                "currency": "",
                "reasons": "Why",
            },
            empty="Nothing was read.",
            meets=(
                Meeting(
                    "with those that wait, as many as came",
                    count,
                    query="documents_read_counted",
                ),
            ),
        ),
    ),
)
