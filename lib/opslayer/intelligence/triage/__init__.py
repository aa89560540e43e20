"""Triage: what came by mail and telephone, what it wants, how soon, and whom it is for."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import polars as pl

from opslayer.intelligence.inquiry import since_last_working_day
from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.triage.incoming import calls, mails, triage
from opslayer.intelligence.triage.text import OUT_OF_SCOPE, TextClassifier, TextModel
from opslayer.intelligence.triage.threshold import threshold_at
from opslayer.intelligence.triage.whom import Ask, Candidate, Ranked, candidates, hand_out, rank

__all__ = [
    "LEAST_LABELS",
    "OUT_OF_SCOPE",
    "Ask",
    "Candidate",
    "Ranked",
    "TextClassifier",
    "TextModel",
    "for_a_person",
    "hand_out",
    "handed",
    "headline",
    "rank",
    "run",
    "taught",
    "threshold_at",
]

LEAST_LABELS = 200  # mails whose intent people have said: fewer teach less than the rules know
HANDED_AT = time(9)  # in the firm's zone: when whoever gets it begins to work


def run(
    layer: Queries, *, as_of: date, zone: ZoneInfo, labels: pl.DataFrame | None = None
) -> dict[str, pl.DataFrame]:
    """The table of the question, by name: triage; of the mail that intelligence.inquiry has of the day.

    `labels` are mails whose intent people have said (text, label); with too few the inquiry rules answer.
    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    since, until = since_last_working_day(as_of, set(layer.query("holidays")["day"]), zone)
    span = {"since": since.isoformat(), "until": until.isoformat()}
    texts = layer.query("mail_between", **span).select(
        "message_id", text=pl.concat_str(pl.col("subject", "body").fill_null(""), separator="\n")
    )
    model = taught(labels)
    read = layer.query("inquiries")
    waiting = layer.query("calls_to_return", hours=0, at_most=(as_of - since.date()).days)
    people = candidates(
        layer.query("people_to_hand_to"), layer.query("skills"), layer.query("client_people"), zone=zone
    )
    come = [
        *mails(
            read, texts.filter(pl.col("message_id").is_in(read["message_id"].implode())), model, as_of=as_of
        ),
        *calls(layer.query("calls_received", **span), waiting),
    ]
    return {"triage": triage(come, people, as_of=as_of, at=datetime.combine(as_of, HANDED_AT, zone))}


def taught(labels: pl.DataFrame | None) -> TextModel | None:
    """A model of the firm's own labels; none where they are fewer than LEAST_LABELS, or of one intent."""
    if labels is None or len(labels) < LEAST_LABELS:
        return None
    often = labels.filter(pl.len().over("label") >= 5)
    if often.filter(pl.col("label") != OUT_OF_SCOPE)["label"].n_unique() < 2:
        return None
    return TextClassifier().fit(often)


def handed(found: pl.DataFrame) -> pl.DataFrame:
    """What is somebody's, the most urgent first."""
    return found.filter(pl.col("to_person_id").is_not_null())


def for_a_person(found: pl.DataFrame) -> pl.DataFrame:
    """What a person has to say of: what it wants, or whose it is."""
    unowned = pl.col("to_person_id").is_null() & (pl.col("urgency") != "low")
    return found.filter(pl.col("abstained") | unowned)


def headline(found: pl.DataFrame) -> str:
    """One sentence: how many came, how many are somebody's, and how many wait for a person."""
    if found.is_empty():
        return "Nothing has come since the last working day, or no mailbox and no telephone is read."
    urgent = int((handed(found)["urgency"] == "high").sum())
    return (
        f"**{len(handed(found))} of {len(found)}** that came since the last working day are somebody's "
        f"({urgent} urgent); {len(for_a_person(found))} wait for a person to say whose they are."
    )
