"""A mail after the other: read, judged, matched; never obeyed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from opslayer.intelligence.inquiry.capacity import Need, needed_and_free, room
from opslayer.intelligence.inquiry.client import Sender, open_deal, who_writes
from opslayer.intelligence.inquiry.extraction import Fact, extract
from opslayer.intelligence.inquiry.lexicon import LANGUAGES, lexicon
from opslayer.intelligence.inquiry.reading import Reading, read
from opslayer.intelligence.inquiry.schema import CAPACITY, FACT, INQUIRY, Column
from opslayer.intelligence.inquiry.verdict import judge
from opslayer.intelligence.inquiry.vocabulary import Mention, Vocabulary, mentions
from opslayer.intelligence.tables import typed
from opslayer.modelops.language import language_of

MODEL, VERSION = "points for what is said", "1"
MOST_SKILLS = 3  # of a practice, where a mail names none
EXCERPT = 400


@dataclass(frozen=True)
class Inquiry:
    """One mail as a row, the places its facts were read from, and what it needs where it is an inquiry."""

    row: dict[str, Any]
    facts: list[dict[str, Any]]
    need: Need | None


def read_mail(
    messages: pl.DataFrame,
    *,
    vocabulary: Vocabulary,
    clients: pl.DataFrame,
    open_opportunities: pl.DataFrame,
    own_domains: Collection[str],
    skill_capacity: pl.DataFrame,
    base_currency: str,
    as_of: date,
) -> dict[str, pl.DataFrame]:
    """The tables inquiry, inquiry_fact and inquiry_capacity, of mails as core.message has them."""
    known = clients.to_dicts()
    read_ones = [
        _read_one(
            message, vocabulary, who_writes(message, known), open_opportunities, own_domains, base_currency
        )
        for message in _once(messages).to_dicts()
    ]
    room_for = {
        one.need.message_id: needed_and_free(one.need, skill_capacity, as_of=as_of)
        for one in read_ones
        if one.need is not None
    }
    for one in read_ones:
        if one.need is not None:
            one.row["capacity"] = room(room_for[one.need.message_id], one.need.skills)
    rows = pl.DataFrame([one.row for one in read_ones], schema_overrides=INQUIRY, infer_schema_length=None)
    facts = [fact for one in read_ones for fact in one.facts]
    return {
        "inquiry": _table(rows, INQUIRY, as_of).sort("score", "message_id", descending=[True, False]),
        "inquiry_fact": _table(pl.DataFrame(facts), FACT, as_of),
        "inquiry_capacity": _table(
            pl.concat(room_for.values()) if room_for else pl.DataFrame(), CAPACITY, as_of
        ),
    }


def _once(messages: pl.DataFrame) -> pl.DataFrame:
    """A mail that came by two ways, once."""
    key = pl.coalesce("internet_message_id", "message_id")
    return messages.sort("received_at", "message_id").unique(key, keep="first", maintain_order=True)


def _read_one(
    message: dict[str, Any],
    vocabulary: Vocabulary,
    sender: Sender,
    open_opportunities: pl.DataFrame,
    own_domains: Collection[str],
    base_currency: str,
) -> Inquiry:
    reading = read(message["subject"], message["body"], message["attachment_text"])
    language = language_of(reading.whole)
    words = [lexicon(name) for name in ([language] if language in LANGUAGES else LANGUAGES)]
    written_on = message["received_at"].date()
    facts = extract(reading.whole, words, day=written_on)
    named = mentions(reading.whole, vocabulary, words)
    verdict = judge(message, reading, language, words, facts, named, sender, own_domains)
    value = {fact.field: fact.value for fact in facts}
    practice = vocabulary.practice_of(named, subject=len(reading.subject)) or sender.practice
    skills = _skills(named, vocabulary, practice)
    deal = open_deal(sender.party_id, practice, open_opportunities)
    is_inquiry = verdict.verdict == "inquiry"
    sized = any(field in value for field in ("hours", "budget")) or {"people", "weeks"} <= value.keys()
    assumed = "budget" in value and "currency" not in value
    row = {
        "message_id": message["message_id"],
        "received_at": message["received_at"],
        "from_name": message["from_name"],
        "from_address": message["from_address"],
        "subject": message["subject"],
        "excerpt": " ".join(str(message["body"] or "").split())[:EXCERPT] or None,
        "language": language,
        "verdict": verdict.verdict,
        "score": verdict.score,
        "practice": practice,
        "skills": ", ".join(skills) or None,
        "wanted": wanted_in_words(value, base_currency),
        **{field: _whole(value.get(field)) for field in ("hours", "people", "weeks")},
        **{field: _day(value.get(field)) for field in ("starts_on", "deadline")},
        "budget": Decimal(value["budget"]) if "budget" in value else None,
        "currency": value.get("currency", base_currency) if "budget" in value else None,
        "match": ("opportunity" if deal else sender.match) if is_inquiry else None,
        "party_id": sender.party_id,
        "party_name": sender.party_name,
        "opportunity_id": deal,
        "qualifies": is_inquiry and practice is not None and sized,
        "capacity": None,
        "reasons": " ".join((*verdict.reasons, *_notes(message, reading, sender, assumed, base_currency))),
    }  # fmt: skip
    need = Need(
        message["message_id"], tuple(skills), row["hours"], row["people"], row["weeks"], row["starts_on"]
    ) if is_inquiry else None  # fmt: skip
    return Inquiry(row, [_placed(fact, reading, message["message_id"]) for fact in facts], need)


def _counted(number: int, things: str) -> str:
    one = {"hours": "hour", "people": "person", "weeks": "week"}
    return f"{number:,} {things if number != 1 else one[things]}"


def wanted_in_words(value: dict[str, str], base_currency: str) -> str | None:
    """What is wanted, as one line: "320 hours, 2 people, from 1 January 2027, EUR 55,000"."""
    told = [_counted(int(value[field]), field) for field in ("hours", "people", "weeks") if field in value]
    told += [f"from {_written(value['starts_on'])}"] if "starts_on" in value else []
    told += [f"until {_written(value['deadline'])}"] if "deadline" in value else []
    if "budget" in value:
        told.append(f"{value.get('currency', base_currency)} {Decimal(value['budget']):,.0f}")
    return ", ".join(told) or None


def _skills(named: list[Mention], vocabulary: Vocabulary, practice: str | None) -> list[str]:
    """The skills it names; else those that belong most to its practice."""
    said = [mention.name for mention in named if mention.name in vocabulary.skills]
    return said or vocabulary.skills_of(practice, MOST_SKILLS)


def _notes(
    message: dict[str, Any], reading: Reading, sender: Sender, assumed: bool, base_currency: str
) -> list[str]:
    notes = [f"Its sender: {sender.reason}."]
    notes += [sender.doubt] if sender.doubt else []
    notes += [f"It names no currency; taken as {base_currency}."] if assumed else []
    if reading.set_aside:
        notes.append("It gives orders to whatever reads it; they were set aside and changed nothing.")
    notes += ["Only its first part was read."] if message["is_truncated"] else []
    notes += [f"Not all of it could be read: {message['defects']}."] if message["defects"] else []
    return notes


def _placed(fact: Fact, reading: Reading, message_id: str) -> dict[str, Any]:
    """A fact and where it stands: in the subject or in the text, at which character."""
    offset = len(reading.subject) + 1
    in_text = fact.start >= offset
    return {
        "message_id": message_id,
        "field": fact.field,
        "value": fact.value,
        "quote": " ".join(fact.quote.split())[:200],
        "place": "text" if in_text else "subject",
        "start": fact.start - offset if in_text else fact.start,
    }


def _table(rows: pl.DataFrame, schema: dict[str, Column], as_of: date) -> pl.DataFrame:
    if rows.is_empty():
        return pl.DataFrame(schema=schema)
    stamped = rows.with_columns(as_of=pl.lit(as_of), model=pl.lit(MODEL), model_version=pl.lit(VERSION))
    return typed(stamped, pl.Schema(schema))


def _written(day: str) -> str:
    found = date.fromisoformat(day)
    return f"{found.day} {found:%B %Y}"


def _whole(text: str | None) -> int | None:
    return int(text) if text else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
