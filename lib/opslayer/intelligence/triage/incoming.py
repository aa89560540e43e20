"""What came in, a row each: what it wants, how soon, whether it is work of ours, and whom it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from opslayer.intelligence import inquiry
from opslayer.intelligence.tables import typed
from opslayer.intelligence.triage import urgency
from opslayer.intelligence.triage.schema import CALL, NOTHING, RULED, TRIAGE, UNSURE, WORK
from opslayer.intelligence.triage.whom import Ask, Candidate, Handing, hand_out

MOST = 20_000  # characters that are read of a mail
URGENT, QUALIFIED = "mail_urgent", "mail_qualified"
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


def questions(read: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """What is asked of each mail of intelligence.inquiry: message_id, text, and what the rules make of it."""
    return read.join(texts, on="message_id", how="left", maintain_order="left").select(
        "message_id",
        pl.col("text").str.slice(0, MOST),
        pl.col("verdict").replace_strict(RULED).alias("ruled"),
        pl.col("reasons").alias("why"),
    )


def by_rule(asked: pl.DataFrame) -> pl.DataFrame:
    """The answers of the inquiry rules, where no model is asked."""
    return asked.select(
        answer="ruled", confidence=pl.lit(None, pl.Float64), reasons="why", model=pl.lit(inquiry.MODEL),
        model_version=pl.lit(inquiry.VERSION), is_fallback=pl.lit(True),
    )  # fmt: skip


def ruled(read: pl.DataFrame, texts: pl.DataFrame, *, as_of: date) -> dict[str, pl.DataFrame]:
    """What else is asked of each mail, by capability: message_id, text, and what the rules say."""
    asked = questions(read, texts).select("message_id", "text")
    urgent = [urgency.of_mail(row, as_of)[0] == urgency.HIGH for row in read.to_dicts()]
    return {
        URGENT: asked.with_columns(ruled=pl.Series(urgent, dtype=pl.Boolean)),
        QUALIFIED: asked.with_columns(ruled=read["qualifies"]),
    }


def mails(
    read: pl.DataFrame,
    answers: pl.DataFrame,
    *,
    as_of: date,
    learnt: Mapping[str, pl.DataFrame] | None = None,
) -> list[Come]:
    """Of rows of intelligence.inquiry, and what was answered of each, in their order.

    `learnt` has the answers of `ruled`; the rules stand where one may not be acted on.
    """
    said = [(learnt or {}).get(name) for name in (URGENT, QUALIFIED)]
    urgent, worth = ([None] * len(read) if one is None else one.to_dicts() for one in said)
    rows = zip(read.to_dicts(), answers.to_dicts(), urgent, worth, strict=True)
    return [_mail(row, answer, as_of, soon, deal) for row, answer, soon, deal in rows]


def calls(received: pl.DataFrame, waiting: pl.DataFrame) -> list[Come]:
    """Of callers nobody has spoken with since: `waiting` as the query calls_to_return gives it."""
    first = {row["call_id"]: row for row in received.to_dicts()}
    return [
        _call(first[row["subject"]], row["calls"])
        for row in waiting.sort("subject").to_dicts()
        if row["subject"] in first
    ]


def _mail(
    read: dict[str, Any],
    answer: dict[str, Any],
    as_of: date,
    soon: dict[str, Any] | None,
    deal: dict[str, Any] | None,
) -> Come:
    how_soon, why_soon = urgency.as_learnt(*urgency.of_mail(read, as_of), soon)
    qualified = bool(read["qualifies"])
    if deal is not None and deal["may_act"] and read["verdict"] != "noise":
        qualified = deal["answer"] >= 0.5
        why_soon = f"{why_soon} Mails like it {'become' if qualified else 'hardly become'} deals.".strip()
    abstained = answer["answer"] is None or answer["answer"] == UNSURE
    wanted = not abstained and answer["answer"] != NOTHING
    outside = answer["answer"] == WORK and read["practice"] is None
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
        "intent": None if abstained else answer["answer"],
        "urgency": how_soon,
        "is_qualified": qualified,
        "out_of_scope": outside,
        "confidence": answer["confidence"],
        "reasons": f"{answer['reasons']} {why_soon}".strip(),
        "abstained": abstained,
        **{name: answer[name] for name in ("model", "model_version", "is_fallback")},
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
        "intent": CALL,
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


def _with_person(come: Come, given: Handing | None) -> dict[str, Any]:
    told = come.row["reasons"]
    person = given.person if given else None
    if person is not None:
        told += f" For {person.name}: {'; '.join(person.reasons)}."
    if given is not None and given.passed_over is not None:
        gone = given.passed_over
        told += f" {gone.name} would have it ({gone.reasons[0]}), but is {gone.absent}."
    elif come.ask is not None and person is None:
        told += " Nothing says whose it is."
    return come.row | {
        "to_person_id": person.person_id if person else None,
        "to_person": person.name if person else None,
        "reasons": told,
    }
