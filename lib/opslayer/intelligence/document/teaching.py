"""What people say of documents is learnt: taught on those before, judged on each that came after."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
from scipy.stats import binomtest

from opslayer.intelligence.document.answer import WANTED, Said, understood
from opslayer.intelligence.document.forms import same
from opslayer.intelligence.document.reading import DocumentLearner
from opslayer.modelops import Card, Registry

CAPABILITY = "document"
FEWEST = 6  # documents that people have said: fewer cannot show a gain that is more than chance
EACH = 40  # up to so many, each is judged by what the ones before it teach; of more, the newest quarter is
CHANCE = 0.05  # of serving a model that is no better (exact test of McNemar, Psychometrika 12, 1947)


def teach(
    said: pl.DataFrame, registry: Registry, *, as_of: date, snapshot: str, moment: datetime, seed: int = 0
) -> str:
    """Teach and judge, in words what came of it. What is right more often, and not by chance, serves.

    `said` is one row a document: document_id, lines, received_at, answer (as it was given) and label (as a
    person has it). A document is right where all that is wanted of its class is.
    """
    if len(said) < FEWEST:
        return (
            f"People have said of {len(said)} documents what they say; {FEWEST} are needed to learn from it."
        )
    ordered = said.sort("received_at", "document_id")
    found = foretold(ordered, seed=seed)
    newest = ordered.tail(len(found))
    right = [is_right(one, label) for one, label in zip(found, newest["label"], strict=True)]
    before = [is_right(one, label) for one, label in zip(newest["answer"], newest["label"], strict=True)]
    gained = sum(now and not then for now, then in zip(right, before, strict=True))
    lost = sum(then and not now for now, then in zip(right, before, strict=True))
    told = (
        f"Taught by the documents before each, it reads {sum(right)} of {len(right)} as people do; what was "
        f"answered was right of {sum(before)}"
    )
    if gained + lost == 0 or binomtest(gained, gained + lost, alternative="greater").pvalue >= CHANCE:
        return f"{told}: no gain that is more than chance, so nothing changes."
    share = {"accuracy": sum(right) / len(right), "accuracy before": sum(before) / len(before)}
    card = Card(
        CAPABILITY,
        "words and places of fields",
        as_of,
        snapshot,
        "1.0.0",
        ("lines",),
        len(ordered),
        share,
        told,
    )
    judged = pl.DataFrame({"outcome": newest["label"], "answer": pl.Series(found, dtype=pl.String)})
    version = registry.register(
        DocumentLearner().fit(_rows(ordered), seed=seed), card, judged=judged, moment=moment
    )
    registry.promote(CAPABILITY, version)
    return f"{told}: version {version} answers from now on."


def foretold(ordered: pl.DataFrame, *, seed: int = 0) -> list[str]:
    """The answers of models taught by what came before, of the last documents: all but the first."""
    rows = _rows(ordered)
    if len(rows) > EACH:
        cut = len(rows) * 3 // 4
        return DocumentLearner().fit(rows[:cut], seed=seed).predict(rows[cut:])["answer"].to_list()
    return [
        DocumentLearner().fit(rows[:at], seed=seed).predict(rows[at : at + 1])["answer"][0]
        for at in range(1, len(rows))
    ]


def is_right(answer: str | None, label: str) -> bool:
    """Whether all that is wanted of a document of its class was read as a person has it."""
    read, said = understood(answer), understood(label)
    wanted = WANTED.get(said["class"].value or "", ("class",)) if "class" in said else ()
    nothing = Said(None)
    return bool(wanted) and all(
        same(read.get(field, nothing).value, said[field].value)
        or read.get(field, nothing).value == said[field].value
        for field in wanted
        if field in said
    )


def _rows(said: pl.DataFrame) -> pl.DataFrame:
    return said.select("document_id", "lines", "label")
