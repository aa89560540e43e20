"""The general kind at work: what a rule chooses becomes a message, read once more before it leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from opslayer.actions.channels.channel import MAIL
from opslayer.actions.guardrails import Case, Hold, plain_addresses
from opslayer.actions.kind import Column, Followed, Judgement, Kind, Occasion, Wanted, as_letter
from opslayer.actions.messaging import words
from opslayer.actions.messaging.choice import Asked, Row, choose, read_history, reread, still_named
from opslayer.actions.messaging.rule import MessageRule
from opslayer.errors import OpslayerError
from opslayer.store import Proposal as Record
from opslayer.warehouse import Layer


@dataclass
class Snapshot:
    """What the rule's query says, asked again only where the history has become another."""

    occasion: Occasion
    asked: dict[tuple[Asked, ...], list[Row]] = field(default_factory=dict)

    def chosen(self, history: Collection[Asked]) -> list[Row]:
        known = tuple(history)
        if known not in self.asked:
            self.asked[known] = choose(
                self.occasion.layer, self.occasion.rule, known, subject=self.occasion.subject
            )
        return self.asked[known]


def _wanted(session: Session, occasion: Occasion, snapshot: Snapshot) -> list[Wanted]:
    rule: MessageRule = occasion.rule
    history = read_history(session, rule, as_of=occasion.as_of, moment=occasion.moment)
    return [_as_wanted(occasion, row) for row in snapshot.chosen(history)]


def _as_wanted(occasion: Occasion, row: Row) -> Wanted:
    """The key is of rule, subject, step and turn: what was asked before is asked anew only when it is due."""
    rule: MessageRule = occasion.rule
    step = rule.what.steps[row["_step"]]
    name = words.flat(row["name"] or row["subject"])
    identity = [rule.name, row["subject"], step.days, row["_turns"]]
    return Wanted(
        key=hashlib.sha256(json.dumps(identity, ensure_ascii=False).encode()).hexdigest(),
        subject=row["subject"],
        name=name,
        title=f"{step.name}: {name[:300]}",
        step=step.name,
        approval=rule.approval,
        amount=Decimal(row["amount_base"] or 0),
        client=row["recipient_id"] if rule.what.to == "client" else None,
        level=step.days,
        basis=_basis(occasion, row),
        detail=row,
    )


def _basis(occasion: Occasion, row: Row) -> dict[str, Any]:
    """What must still be so when it is sent."""
    rule: MessageRule = occasion.rule
    reader, _ = _reader(occasion, row)
    return {"recipient": reader, "facts": _steady(rule, row)}


def _steady(rule: MessageRule, row: Row) -> dict[str, str]:
    shown = rule.what.shows.items()
    return {name: words.in_words(row.get(name), fact) for name, fact in shown if not fact.may_change}


def _reader(occasion: Occasion, row: Row) -> tuple[str | None, str]:
    """Address and name: those in the record of a party or person, or of everybody who has the role."""
    reader = occasion.rule.what.reader(row.get("recipient_id"))
    if not reader.startswith("role:"):
        return row["_email"], row["_name"] or "colleague"
    role = reader.removeprefix("role:")
    people = [person for person in occasion.firm.people if role in person.roles]
    name = people[0].name if len(people) == 1 else "all"
    return ", ".join(person.email for person in people) or None, name


def _evidence(occasion: Occasion, wanted: Wanted) -> dict[str, Any]:
    rule: MessageRule = occasion.rule
    row = wanted.detail
    facts = [("Subject", row["subject"])]
    facts += [(fact.title, words.in_words(row.get(name), fact)) for name, fact in rule.what.shows.items()]
    return {
        "query": rule.who.query,
        "parameters": dict(rule.who.parameters),
        "to": rule.what.reader(row.get("recipient_id")),
        "channel": rule.what.channel,
        **({} if occasion.firm.is_addressed(rule.what.channel) else {"is_contact": False}),
        "recipient_id": row.get("recipient_id"),
        "rows": [{"what": what, "value": value} for what, value in facts],
    }


def _content(occasion: Occasion, wanted: Wanted, _: dict[str, Any]) -> dict[str, Any]:
    step = occasion.rule.step(wanted.level)
    assert step is not None, "it was chosen by its step"
    return _write(occasion, step.template_for(wanted.subject), wanted.detail)


def _draw_again(_: Session, occasion: Occasion, record: Record) -> dict[str, Any] | None:
    row = _standing(occasion.layer, record.evidence).get("row")
    step = occasion.rule.step(record.level)
    return _write(occasion, step.template_for(record.subject), row) if row and step else None


def _write(occasion: Occasion, template: str, row: Row) -> dict[str, Any]:
    rule: MessageRule = occasion.rule
    address, name = _reader(occasion, row)
    content = words.write(occasion.firm, rule, template, row, recipient=name, as_of=occasion.as_of)
    content = {"recipient": address, **content}
    if rule.what.channel != MAIL:
        values = {name: words.plain(row.get(name)) for name in rule.what.shows}
        content |= {"channel": rule.what.channel, "data": values}
    return content


def _standing(layer: Layer, evidence: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The subject's row as the query gives it now; or why it cannot be asked."""
    try:
        row = reread(
            layer,
            query=evidence["query"],
            parameters=evidence["parameters"],
            to=evidence["to"],
            subject=evidence["party_id"],
        )
    except OpslayerError as error:
        return {"problem": {"said": error.message}}
    return {"row": row} if row is not None else {}


def _still_chosen(case: Case) -> Hold | None:
    """It was mended, or is another by now: the approval was not for that."""
    found = case.situation.documents
    if "problem" in found:
        return Hold(f"it cannot be looked at again: {found['problem']['said']}")
    if "row" not in found:
        return Hold("it is settled: the rule's question no longer names it", "cancelled")
    if case.rule is None:
        return None
    before, now = case.evidence["basis"]["facts"], _steady(case.rule, found["row"])
    for name, fact in case.rule.what.shows.items():
        if name in before and name in now and before[name] != now[name]:
            return Hold(
                f"{fact.title} was {before[name] or 'nothing'}, now {now[name] or 'nothing'}", "cancelled"
            )
    return None


def _same_reader(case: Case) -> Hold | None:
    row = case.situation.documents.get("row")
    if row is not None and case.rule is not None:
        now = case.rule.what.reader(row.get("recipient_id"))
        if now != case.evidence["to"]:
            return Hold(f"it was for {case.evidence['to']} to read, now for {now}", "cancelled")
    if row is not None and "_email" in row and row["_email"] != case.recipient:
        return Hold("the reader's e-mail address has changed", "cancelled")
    return None


def _follow(occasion: Occasion, _: Wanted) -> dict[str, Any]:
    rule: MessageRule = occasion.rule
    return {"query": rule.who.judged_by or rule.who.query, "parameters": dict(rule.who.parameters)}


def _judge(layer: Layer, followed: list[Followed]) -> dict[str, Judgement]:
    """Whether the rule's question, or the one it is judged by, does not name the subject."""
    questions: dict[str, list[Followed]] = {}
    for one in followed:
        questions.setdefault(json.dumps(one.what, sort_keys=True), []).append(one)
    found: dict[str, Judgement] = {}
    for alike in questions.values():
        named = still_named(layer, subjects=[one.subject for one in alike], **alike[0].what)
        found |= {one.subject: Judgement(one.subject not in named) for one in alike}
    return found


KIND = Kind(
    rule=MessageRule,
    gather=Snapshot,
    wanted=_wanted,
    evidence=_evidence,
    content=_content,
    columns=(Column("what", "What"), Column("value", "Value")),
    standing=_standing,
    checks=(_still_chosen, _same_reader, plain_addresses),
    follow=_follow,
    judge=_judge,
    measure="the question it is judged by does not name it",
    draw_again=_draw_again,
    lay_out=as_letter,
)
