"""The tables of documents: what each says, where it was read, and whether a person has to look at it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from opslayer.intelligence.document import checks
from opslayer.intelligence.document.answer import Said, understood, values
from opslayer.intelligence.document.reading import lines_of
from opslayer.intelligence.document.schema import (
    CONTRADICTS,
    DOCUMENT,
    FIELD,
    READ,
    TWICE,
    UNREADABLE,
    UNSURE,
    WAITS,
)  # fmt: skip
from opslayer.intelligence.tables import typed

READER, READER_VERSION = "document reader", "1"  # of what was refused: no model was asked


def tables(
    come: pl.DataFrame, answers: pl.DataFrame, overrides: pl.DataFrame, bills: pl.DataFrame, *, as_of: date
) -> dict[str, pl.DataFrame]:
    """`document`, a row each of `come`, and `document_field`, a row a field that was read.

    `answers` are those of the capability of what was not refused; `overrides` what people said (subject,
    override, by), which stands above them.
    """
    asked = {row["subject"]: row for row in answers.to_dicts()}
    said_by = {row["subject"]: row for row in overrides.to_dicts()}
    known = _by_number(bills)
    seen: dict[Any, str] = {}
    documents: list[dict[str, Any]] = []
    fields: list[dict[str, Any]] = []
    for row in come.sort("received_at", "document_id").to_dicts():
        answer, said = asked.get(row["document_id"]), said_by.get(row["document_id"])
        if row["refused"] is not None and said is None:
            documents.append(_of(row, as_of) | _refused(row))
            continue
        read = understood(answer["answer"]) if answer else {}
        found = _merged(read, understood(said["override"]) if said else {})
        lines = lines_of(row["lines"])
        document = _of(row, as_of) | _read(lines, found, answer, said, known, seen, row["name"], as_of)
        documents.append(document)
        fields += [_field(document, field, one, lines) for field, one in found.items()]
    return {
        "document": typed(_frame(documents, DOCUMENT), pl.Schema(DOCUMENT)),
        "document_field": typed(_frame(fields, FIELD), pl.Schema(FIELD)),
    }


def _frame(rows: list[dict[str, Any]], schema: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")


def _merged(read: dict[str, Said], said: dict[str, Said]) -> dict[str, Said]:
    """What a person said, at the place where the same was read."""
    placed = {
        field: Said(one.value, 1.0, read[field].page, read[field].line, "A person said so.")
        if field in read and read[field].value == one.value
        else Said(one.value, 1.0, reasons="A person said so.")
        for field, one in said.items()
    }
    return read | placed


def _by_number(bills: pl.DataFrame) -> dict[str, list[checks.Bill]]:
    known: dict[str, list[checks.Bill]] = defaultdict(list)
    for row in bills.drop_nulls("number").to_dicts():
        known[row["number"].casefold()].append(checks.Bill(**row))
    return known


def _of(row: dict[str, Any], as_of: date) -> dict[str, Any]:
    empty = dict.fromkeys(DOCUMENT)
    return empty | {"as_of": as_of} | {
        name: row[name] for name in ("document_id", "name", "origin", "received_at", "sender")
    }  # fmt: skip


def _refused(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "standing": WAITS, "exception": UNREADABLE, "reasons": f"It was not read: {row['why']}.",
        "model": READER, "model_version": READER_VERSION, "is_fallback": False,
    }  # fmt: skip


def _read(
    lines: pl.DataFrame,
    found: dict[str, Said],
    answer: dict[str, Any] | None,
    said: dict[str, Any] | None,
    known: Mapping[str, Sequence[checks.Bill]],
    seen: dict[Any, str],
    name: str,
    as_of: date,
) -> dict[str, Any]:
    told = values(found)
    facts = checks.facts(told)
    bill = checks.bill_of(lines, facts, known)
    against = checks.contradictions(lines, facts, bill, as_of=as_of)
    same = checks.same_document(facts)
    before = seen.setdefault(same, name) if same is not None else name
    is_sure = bool(answer and answer["may_act"]) or (bill is not None and not against)
    standing, exception, reasons = READ, None, answer["reasons"] if answer else ""
    if said is not None:
        reasons = f"{said['by']} said so."
    elif before != name:
        standing, exception, reasons = WAITS, TWICE, f"The same came before, as {before}."
    elif against:
        standing, exception, reasons = WAITS, CONTRADICTS, " ".join(against)
    elif not is_sure:
        standing, exception = WAITS, UNSURE
    elif bill is not None:
        reasons = f"Its total is that of bill {bill.number} of {bill.party} in the books."
    by = answer or {
        "confidence": None,
        "model": READER,
        "model_version": READER_VERSION,
        "is_fallback": False,
    }
    return {
        "class": told.get("class"), "type": told.get("type"),
        "company": bill.party if bill and not said else facts.company,
        "party_id": bill.party_id if bill else None,
        "number": bill.number if bill and not said else facts.number,
        "issued_on": facts.issued_on, "total": facts.total,
        "currency": bill.currency if bill else checks.currency_of(lines),
        "bill_id": bill.bill_id if bill else None,
        "standing": standing, "exception": exception, "reasons": reasons,
        "confidence": 1.0 if said else by["confidence"], "said_by": said["by"] if said else None,
        "model": by["model"], "model_version": by["model_version"], "is_fallback": by["is_fallback"],
    }  # fmt: skip


def _field(document: dict[str, Any], field: str, said: Said, lines: pl.DataFrame) -> dict[str, Any]:
    at = lines.filter(line=said.line).to_dicts() if said.line is not None else []
    place = at[0] if at else dict.fromkeys(("x0", "y0", "x1", "y1", "text"))
    top, bottom = (float(at[0][side]) - (said.page or 1) + 1 if at else None for side in ("y0", "y1"))
    return {
        "as_of": document["as_of"], "document_id": document["document_id"], "field": field,
        "value": said.value,
        "confidence": said.confidence, "page": said.page, "line": said.line, "quote": place["text"],
        "x0": place["x0"], "x1": place["x1"],
        "y0": top, "y1": bottom,
        "reasons": said.reasons, "model": document["model"], "model_version": document["model_version"],
    }  # fmt: skip
