"""What came in, a row each: what it wants, how soon, whether it is work of ours, and whom it is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from opslayer.intelligence import inquiry
from opslayer.intelligence.tables import typed
from opslayer.intelligence.triage import urgency
from opslayer.intelligence.triage.schema import INTENTS, TRIAGE
from opslayer.intelligence.triage.text import OUT_OF_SCOPE, TextModel
from opslayer.intelligence.triage.whom import Ask, Candidate, Ranked, hand_out

LEARNT, LEARNT_VERSION = "words and pieces of words, linear", "1"
RULE, RULE_VERSION = inquiry.MODEL, inquiry.VERSION
PHONE, PHONE_VERSION = "callers not reached", "1"


@dataclass(frozen=True)
class Come:
    """A row without its person, and what decides whose it is; no ask where it is nobody's."""

    row: dict[str, Any]
    ask: Ask | None


def triage(come: Sequence[Come], people: Sequence[Candidate], *, as_of: date, at: datetime) -> pl.DataFrame:
    """The table triage, the most urgent first; `at` is the moment it is handed over."""
    order = {urgency.HIGH: 0, urgency.NORMAL: 1, urgency.LOW: 2}
    sorted_come = sorted(come, key=lambda one: (order[one.row["urgency"]], one.row["received_at"]))
    given = hand_out([one.ask for one in sorted_come if one.ask is not None], people, at=at)
    rows = [_with_person(one, given.get(one.row["subject_id"])) for one in sorted_come]
    frame = pl.DataFrame(rows, schema_overrides=TRIAGE, infer_schema_length=None)
    if frame.is_empty():
        return pl.DataFrame(schema=TRIAGE)
    return typed(frame.with_columns(as_of=pl.lit(as_of)), pl.Schema(TRIAGE))


def mails(read: pl.DataFrame, texts: pl.DataFrame, model: TextModel | None, *, as_of: date) -> list[Come]:
    """Of rows of intelligence.inquiry, with the `texts` (message_id, text) for a model that was taught.

    Without a model the points of the inquiry rules answer, and the row says that it is the fallback.
    """
    learnt: dict[str, dict[str, Any]] = {}
    if model is not None:
        answers = model.predict(texts)
        learnt = dict(zip(texts["message_id"], answers.to_dicts(), strict=True))
    return [_mail(row, learnt.get(row["message_id"]), as_of) for row in read.to_dicts()]


def calls(received: pl.DataFrame, waiting: pl.DataFrame) -> list[Come]:
    """Of callers nobody has spoken with since: `waiting` as the query calls_to_return gives it."""
    first = {row["call_id"]: row for row in received.to_dicts()}
    return [
        _call(first[row["subject"]], row["calls"])
        for row in waiting.sort("subject").to_dicts()
        if row["subject"] in first
    ]


def _mail(read: dict[str, Any], learnt: dict[str, Any] | None, as_of: date) -> Come:
    how_soon, why_soon = urgency.of_mail(read, as_of)
    if learnt is None:
        intent = INTENTS.get(read["verdict"])
        outside = read["verdict"] == "inquiry" and read["practice"] is None
        abstained, confidence, why = intent is None, None, read["reasons"]
    else:
        outside = learnt["out_of_scope"] or learnt["answer"] == OUT_OF_SCOPE
        abstained, confidence, why = learnt["abstained"], learnt["confidence"], learnt["reasons"]
        intent = None if abstained else learnt["answer"]
    wanted = read["verdict"] != "noise" and not abstained
    ask = Ask(
        read["message_id"],
        tuple((read["skills"] or "").split(", ")) if read["skills"] else (),
        read["practice"],
        read["party_id"],
    )
    row = {
        "subject_id": read["message_id"],
        "message_id": read["message_id"],
        "call_id": None,
        "received_at": read["received_at"],
        "sender": read["party_name"] or read["from_name"] or read["from_address"],
        "about": read["subject"],
        "intent": intent,
        "urgency": how_soon,
        "is_qualified": bool(read["qualifies"]),
        "out_of_scope": bool(outside),
        "confidence": confidence,
        "reasons": f"{why} {why_soon}".strip(),
        "abstained": abstained,
        "model": RULE if learnt is None else LEARNT,
        "model_version": RULE_VERSION if learnt is None else LEARNT_VERSION,
        "is_fallback": learnt is None,
    }
    return Come(row, ask if wanted and not outside else None)


def _call(call: dict[str, Any], times: int) -> Come:
    how_soon, why_soon = urgency.of_call(times, call["party_id"] is not None)
    row = {
        "subject_id": call["call_id"],
        "message_id": None,
        "call_id": call["call_id"],
        "received_at": call["started_at"],
        "sender": call["party_name"] or call["number"],
        "about": f"Call from {call['number']}",
        "intent": INTENTS["call"],
        "urgency": how_soon,
        "is_qualified": None,
        "out_of_scope": False,
        "confidence": None,
        "reasons": f"Nobody has spoken with them since. {why_soon}",
        "abstained": False,
        "model": PHONE,
        "model_version": PHONE_VERSION,
        "is_fallback": False,
    }
    return Come(row, Ask(call["call_id"], party_id=call["party_id"], line_of=call["person_id"]))


def _with_person(come: Come, person: Ranked | None) -> dict[str, Any]:
    told = come.row["reasons"]
    if person is not None:
        told += f" For {person.name}: {'; '.join(person.reasons)}."
    elif come.ask is not None:
        told += " Nothing says whose it is."
    return come.row | {
        "to_person_id": person.person_id if person else None,
        "to_person": person.name if person else None,
        "reasons": told,
    }
