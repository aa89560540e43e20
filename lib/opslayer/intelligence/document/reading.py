"""Reads the fields of documents: by a plain rule, or by what people's corrections have taught.

Both are asked through `opslayer.modelops.ask` as the capability `document`: rows of `lines`, the JSON that a
document's lines landed as, answered with the text of `answer.written`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import polars as pl

from opslayer.intelligence.document import contract, sort
from opslayer.intelligence.document.answer import WANTED, Said, understood, written
from opslayer.intelligence.document.fields import FieldLearner, FieldModel, sender_of
from opslayer.intelligence.document.forms import FIELDS, could_be

FIRST, LAST = 150, 60  # lines from the top and from the end among which fields stand
# how often each rule was right of receipts in SROIE and contracts of CUAD (bench_documents);
# of numbers there is no such measure: half
RULE_IS_RIGHT = {"company": 0.78, "number": 0.50, "date": 0.96, "total": 0.68, "type": 0.86}
FEWEST_CONTRACTS = 50  # whose type people have said: fewer teach less than the rule knows
LINES = ["page", "x0", "y0", "x1", "y1", "text"]


def lines_of(told: str | None, document: str = "") -> pl.DataFrame:
    """Its lines as a frame: document_id, line (from 1), page, x0, y0, x1, y1, text; y runs on over pages."""
    schema = {"page": pl.Int64, **dict.fromkeys(LINES[1:5], pl.Float64), "text": pl.String}
    frame = pl.DataFrame(json.loads(told or "[]"), schema=schema, orient="row").with_row_index(
        "line", offset=1
    )
    below = pl.col("page") - 1
    return frame.with_columns(
        pl.lit(document).alias("document_id"), pl.col("line").cast(pl.Int64),
        y0=pl.col("y0") + below, y1=pl.col("y1") + below,
    )  # fmt: skip


def telling(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines among which fields stand."""
    return lines if len(lines) <= FIRST + LAST else pl.concat([lines.head(FIRST), lines.tail(LAST)])


def as_ruled(rows: pl.DataFrame) -> pl.DataFrame:
    """The plain rules' answer to each row: it learns nothing."""
    return DocumentModel(None, sort.SortModel(None, None), None).predict(rows)


def for_a_person(rows: pl.DataFrame) -> pl.DataFrame:
    """Nothing: a person reads it."""
    return rows.select(answer=pl.lit(None, pl.String), reasons=pl.lit("Nothing was read: a person reads it."))


@dataclass(frozen=True)
class DocumentModel:
    """What was taught of fields, of sorts of documents and of contracts; what nobody said is read by rule."""

    fields: FieldModel | None
    sorts: sort.SortModel
    contracts: contract.ContractModel | None

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row a document: answer (`answer.written`), confidence of its least sure field, reasons."""
        told = [self._one(lines_of(text)) for text in rows["lines"]]
        schema = {"answer": pl.String, "confidence": pl.Float64, "reasons": pl.String}
        return pl.DataFrame(told, schema=schema, orient="row")

    def _one(self, lines: pl.DataFrame) -> tuple[str, float, str]:
        kind, sure, why = self.sorts.predict(sort.beginning(lines))
        found = {"class": Said(kind, round(sure, 4), line=1, reasons=why)}
        if kind == sort.CONTRACT:
            found["type"] = self._type("\n".join(lines["text"].head(FIRST)))
        elif kind != sort.OTHER:
            found |= self._fields(telling(lines))
        page_of = dict(lines.select("line", "page").iter_rows())
        placed = {field: replace(said, page=page_of.get(said.line)) for field, said in found.items()}
        least = min((field for field in WANTED[kind]), key=lambda field: placed[field].confidence)
        reasons = f"Least sure of its {least}: {placed[least].reasons}"
        return written(placed), placed[least].confidence, reasons

    def _type(self, text: str) -> Said:
        if self.contracts is None:
            named = contract.ruled(text[: contract.BEGINNING])
            told = f"The first sort it names is {named}." if named else "It names no sort."
            return Said(named, RULE_IS_RIGHT["type"] if named else 0.0, line=1, reasons=told)
        (found,) = self.contracts.predict(pl.DataFrame({"text": [text]})).to_dicts()
        return Said(found["answer"], round(found["confidence"], 4), line=1, reasons=found["reasons"])

    def _fields(self, lines: pl.DataFrame) -> dict[str, Said]:
        """What was taught, of who has sent a document before; of anybody else, whichever is surer."""
        by_rule = _by_rule(lines, FIELDS)
        if self.fields is None:
            return by_rule
        found = {
            row["field"]: Said(row["answer"], round(row["confidence"], 4), None, row["line"], row["reasons"])
            for row in self.fields.predict(lines).to_dicts()
        }
        is_known = sender_of(lines, self.fields.names) is not None
        return {
            field: found[field]
            if field in found and (is_known or found[field].confidence >= said.confidence)
            else said
            for field, said in by_rule.items()
        }


@dataclass(frozen=True)
class DocumentLearner:
    """Learns from rows of `document_id`, `lines` and `label`: what a person said (`answer.written`)."""

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> DocumentModel:
        """Fields that nobody has said are left to the rule."""
        told = [(row["document_id"], lines_of(row["lines"], row["document_id"]), understood(row["label"]))
                for row in rows.to_dicts()]  # fmt: skip
        said = [(document, field, one.value) for document, _, fields in told
                for field, one in fields.items() if field in FIELDS]  # fmt: skip
        known = {field for _, field, value in said if value}
        labels = pl.DataFrame(
            [one for one in said if one[1] in known],
            schema={"document_id": pl.String, "field": pl.String, "value": pl.String}, orient="row",
        )  # fmt: skip
        sorts = [
            (sort.beginning(lines), fields["class"].value) for _, lines, fields in told if "class" in fields
        ]
        types = [("\n".join(lines["text"].head(FIRST)), fields["type"].value)
                 for _, lines, fields in told if "type" in fields and fields["type"].value]  # fmt: skip
        of_type = pl.DataFrame(types, schema={"text": pl.String, "label": pl.String}, orient="row")
        enough = len(of_type) >= FEWEST_CONTRACTS and of_type["label"].n_unique() > 1
        pages = pl.concat([telling(lines) for _, lines, _ in told])
        return DocumentModel(
            FieldLearner().fit(pages, labels=labels, seed=seed) if len(labels) else None,
            sort.taught(
                [text for text, _ in sorts], [str(kind or sort.OTHER) for _, kind in sorts], seed=seed
            ),
            contract.ContractLearner().fit(of_type, seed=seed) if enough else None,
        )


def _by_rule(lines: pl.DataFrame, fields: tuple[str, ...]) -> dict[str, Said]:
    told = {}
    for field in fields:
        found = could_be(lines, field)
        chosen = next((one for one in found if "ruled" in one.signs), None)
        if chosen is None:
            told[field] = Said(None, 0.0, reasons=f"No rule finds its {field}.")
            continue
        reasons = f"By rule, from line {chosen.line}; {len(found)} could have been it."
        told[field] = Said(chosen.text, RULE_IS_RIGHT[field], None, chosen.line, reasons)
    return told
