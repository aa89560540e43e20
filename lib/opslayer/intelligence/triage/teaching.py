"""What people put right is learnt: enough of it teaches a model, which serves where it is oftener right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from opslayer.errors import UsageError
from opslayer.intelligence.triage.judging import oftener_right
from opslayer.intelligence.triage.schema import UNSURE
from opslayer.intelligence.triage.text import LEAST, OUT_OF_SCOPE, TextClassifier, TextModel
from opslayer.modelops import Card, Registry

CAPABILITY = "triage"
FEWEST = 200  # mails whose intent people have said: fewer teach less than the rules know
JUDGED_BY = 0.25  # the share of them, the newest, that judge


@dataclass(frozen=True)
class MailModel:
    """A text model that says so where it leaves a mail to a person."""

    texts: TextModel

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row a mail (`text`), in order: answer, confidence, reasons."""
        found = self.texts.predict(rows)
        return found.select(
            pl.when("abstained").then(pl.lit(UNSURE)).otherwise("answer").alias("answer"),
            "confidence",
            "reasons",
        )


@dataclass(frozen=True)
class MailClassifier:
    """Learns what mails want from `text` and `label`; those labelled UNSURE are of no intent."""

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> MailModel:
        """Intents of fewer than LEAST texts are left out. Raises UsageError where fewer than two stay."""
        told = rows.with_columns(pl.col("label").replace({UNSURE: OUT_OF_SCOPE}))
        often = told.filter((pl.len().over("label") >= LEAST) | (pl.col("label") == OUT_OF_SCOPE))
        return MailModel(TextClassifier().fit(often, seed=seed))


def as_ruled(rows: pl.DataFrame) -> pl.DataFrame:
    """What the lexicon makes of each mail: it learns nothing."""
    return rows.select(answer="ruled", reasons=pl.col("why").fill_null("It names nothing that tells."))


def teach(
    said: pl.DataFrame,
    registry: Registry,
    *,
    as_of: date,
    snapshot: str,
    moment: datetime,
    seed: int = 0,
) -> str:
    """Teach on the older of what people said, judge on the newest beside what was answered; in words.

    `said` is one row a mail: subject, text, received_at, answer (as it was given) and label (as a person put
    it). What is right more often, and not by chance, is registered and serves.
    """
    if len(said) < FEWEST:
        return f"People have said of {len(said)} mails what they want; {FEWEST} are needed to learn from it."
    ordered = said.sort("received_at", "subject")
    cut = int(len(ordered) * (1 - JUDGED_BY))
    older, newest = ordered.head(cut), ordered.tail(-cut)
    try:
        found = MailClassifier().fit(older, seed=seed).predict(newest)
    except UsageError as error:
        return f"Nothing could be learnt: {error.message}."
    label = newest["label"].to_numpy()
    right, before = found["answer"].to_numpy() == label, newest["answer"].to_numpy() == label
    shares = f"{right.mean():.0%} of the {len(newest)} newest; what was answered, of {before.mean():.0%}"
    told = f"It is right of {shares}"
    if not oftener_right(right, before):
        return f"{told}: no gain that is more than chance, so nothing changes."
    card = Card(
        CAPABILITY,
        "words and pieces of words",
        as_of,
        snapshot,
        "1.0.0",
        ("text",),
        len(ordered),
        {"accuracy": float(right.mean()), "accuracy before": float(before.mean())},
        told,
    )
    judged = pl.DataFrame({"outcome": newest["label"], "answer": found["answer"]})
    version = registry.register(MailClassifier().fit(ordered, seed=seed), card, judged=judged, moment=moment)
    registry.promote(CAPABILITY, version)
    return f"{told}: version {version} answers from now on."
