"""Triage: what came by mail and telephone, what it wants, how soon, and whom it is for."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

import polars as pl

from opslayer.intelligence.inquiry import since_last_working_day
from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.triage.incoming import by_rule, calls, mails, questions, ruled, triage
from opslayer.intelligence.triage.teaching import CAPABILITY, teach
from opslayer.intelligence.triage.text import OUT_OF_SCOPE, TextClassifier, TextModel
from opslayer.intelligence.triage.threshold import threshold_at
from opslayer.intelligence.triage.whom import Ask, Candidate, Handing, Ranked, candidates, hand_out, rank
from opslayer.modelops import Models, capture

__all__ = [
    "OUT_OF_SCOPE",
    "Ask",
    "Candidate",
    "Handing",
    "Ranked",
    "TextClassifier",
    "TextModel",
    "for_a_person",
    "hand_out",
    "handed",
    "headline",
    "learn",
    "rank",
    "run",
    "teach",
    "threshold_at",
]

HOURS = (time(9), time(17))  # of whoever neither a source nor firm.toml says otherwise


class Answering(Protocol):
    """Whoever answers for a capability; `opslayer.modelops.Models` does."""

    def ask(self, capability: str, given: pl.DataFrame, *, as_of: date, moment: datetime) -> pl.DataFrame: ...


def run(
    layer: Queries,
    *,
    as_of: date,
    zone: ZoneInfo,
    hours: tuple[time, time] = HOURS,
    models: Answering | None = None,
    moment: datetime | None = None,
) -> dict[str, pl.DataFrame]:
    """The table of the question, by name: triage; of the mail that intelligence.inquiry has of the day.

    It is handed over when the firm's `hours` begin, to who is at work then. `models` say what each mail
    wants, asked at `moment`; without them the inquiry rules do. Raises UsageError where the snapshot is of
    another day.
    """
    hold_to_day(layer, as_of)
    since, until = since_last_working_day(as_of, set(layer.query("holidays")["day"]), zone)
    handed_at = datetime.combine(as_of, hours[0], zone)
    read = layer.query("inquiries")
    texts = layer.query("mail_texts").select("message_id", "text")
    asked = questions(read, texts)
    at = moment or handed_at
    answers = models.ask(CAPABILITY, asked, as_of=as_of, moment=at) if models else by_rule(asked)
    also = ruled(read, texts, as_of=as_of) if models else {}
    learnt = {name: models.ask(name, rows, as_of=as_of, moment=at) for name, rows in also.items() if models}
    received = layer.query("calls_received", since=since.isoformat(), until=until.isoformat())
    waiting = layer.query("calls_to_return", hours=0, at_most=(as_of - since.date()).days)
    people = candidates(
        layer.query("people_to_hand_to"),
        layer.query("skills"),
        layer.query("client_people"),
        zone=zone,
        hours=hours,
    )
    come = [*mails(read, answers, as_of=as_of, learnt=learnt), *calls(received, waiting)]
    return {"triage": triage(come, people, as_of=as_of, at=handed_at)}


def handed(found: pl.DataFrame) -> pl.DataFrame:
    """What is somebody's, the most urgent first."""
    return found.filter(pl.col("to_person_id").is_not_null())


def for_a_person(found: pl.DataFrame) -> pl.DataFrame:
    """What a person has to say of: what it wants, or whose it is."""
    unowned = pl.col("to_person_id").is_null() & (pl.col("urgency") != "low")
    return found.filter(pl.col("abstained") | unowned)


def learn(layer: Queries, models: Models, *, as_of: date, moment: datetime) -> str:
    """Teach on what people said that mails want, where it is enough; in words, what came of it."""
    with models.store.reading() as session:
        overrides = capture.overrides(session, CAPABILITY)
    texts = layer.query("mail_texts")
    said = overrides.join(texts, left_on="subject", right_on="message_id").select(
        "subject", "text", "received_at", "answer", label="override"
    )
    return teach(said, models.registry, as_of=as_of, snapshot=as_of.isoformat(), moment=moment)


def headline(found: pl.DataFrame) -> str:
    """One sentence: how many came, how many are somebody's, and how many wait for a person."""
    if found.is_empty():
        return "Nothing has come since the last working day, or no mailbox and no telephone is read."
    urgent = int((handed(found)["urgency"] == "high").sum())
    return (
        f"**{len(handed(found))} of {len(found)}** that came since the last working day are somebody's "
        f"({urgent} urgent); {len(for_a_person(found))} wait for a person to say whose they are."
    )
