"""Key fields of a receipt or an invoice, with the line each was read from and how sure it is.

Which of what could be a field is it, is learnt from documents whose fields people have said: by the words
beside it, those above it, where it stands, and what a plain rule would take. Each of these tells once for
everybody, and once for whoever sends the document: a layout is its sender's own. A name that is nearly one
that people have written is that one: who sends documents sends them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from opslayer.errors import UsageError
from opslayer.intelligence.document.forms import (
    TOP,
    Found,
    Signs,
    could_be,
    near,
    nearest,
    plain,
    same,
    same_as,
)

STRICTNESS = 1.0
TRUST = 3.0  # documents that the plain rule counts for before anybody has said anything
SCHEMA: dict[str, type[pl.DataType]] = {
    "document_id": pl.String, "field": pl.String, "answer": pl.String, "confidence": pl.Float64,
    "line": pl.Int64, "quote": pl.String, "reasons": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class Chooser:
    """Of what one field could be, how likely each is."""

    signs: DictVectorizer
    regression: LogisticRegression

    def chances(self, found: list[Found]) -> NDArray[np.float64]:
        """One for each, adding up to one at most: a document has one such field, or none."""
        each = self.regression.predict_proba(self.signs.transform([one.signs for one in found]))[:, 1]
        return np.asarray(each / max(1.0, float(each.sum())), dtype=np.float64)


@dataclass(frozen=True)
class FieldModel:
    """A chooser a field."""

    choosers: Mapping[str, Chooser]
    names: tuple[str, ...]

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row a document and field: answer, confidence in [0, 1], the line and the words of it, reasons.

        `rows` are lines as of FieldLearner; nothing that could be it gives a null answer.
        """
        told = []
        for (document,), lines in rows.group_by(["document_id"], maintain_order=True):
            for field, chooser in self.choosers.items():
                told.append({"document_id": document, "field": field} | self._best(lines, field, chooser))
        return pl.DataFrame(told, schema=SCHEMA)

    def _best(self, lines: pl.DataFrame, field: str, chooser: Chooser) -> dict[str, object]:
        found = theirs(could_be(lines, field), sender_of(lines, self.names), field)
        if not found:
            reasons = f"Nothing has the form of a {field}."
            return {"answer": None, "confidence": 0.0, "line": None, "quote": None, "reasons": reasons}
        chances = chooser.chances(found)
        best = int(chances.argmax())
        chosen = found[best]
        sure = float(chances[same_as(chosen, found)].sum())  # it may be said in more than one place
        said = [name.partition("=")[2] for name in chosen.signs if name.startswith("left=")]
        beside = f" beside “{said[0]}”" if said else ""
        reasons = f"Read from line {chosen.line}{beside}; {len(found)} could have been it."
        answer = chosen.text
        if field == "company" and (known := nearest(answer, self.names)) and not same(known, answer):
            answer, reasons = known, f"{reasons} It reads “{chosen.text}”, as {known} is known."
        return {
            "answer": answer,
            "confidence": min(sure, 1.0),
            "line": chosen.line,
            "quote": lines.filter(line=chosen.line)["text"][0],
            "reasons": reasons,
        }


@dataclass(frozen=True)
class FieldLearner:
    """Learns fields from documents whose values people have said."""

    def fit(self, rows: pl.DataFrame, *, labels: pl.DataFrame, seed: int = 0) -> FieldModel:
        """`rows` has document_id, line, x0, y0, x1, y1 (any unit), text; `labels` document_id, field, value.

        Raises UsageError for a field that no document has, as it stands in it.
        """
        value = {(row["document_id"], row["field"]): row["value"] for row in labels.to_dicts()}
        parts = [(key[0], lines) for key, lines in rows.group_by(["document_id"], maintain_order=True)]
        often = Counter(said for (_, field), said in value.items() if field == "company" and said)
        again = tuple(sorted(name for name, times in often.items() if times > 1))
        sender = {doc: sender_of(lines, again) for doc, lines in parts}
        choosers = {}
        for field in sorted({field for _, field in value}):
            asked = [
                (found, value.get((doc, field)))
                for doc, lines in parts
                if (doc, field) in value
                for found in theirs(could_be(lines, field), sender[doc], field)
            ]
            alike = near if field == "company" else same
            right = np.array([said is not None and alike(one.text, said) for one, said in asked], bool)
            if not right.any():
                raise UsageError(
                    f"no document has its {field} as it was said", mend="say it in its own words"
                )
            signs = DictVectorizer()
            known_before: list[Signs] = [
                {"ruled": 1.0},
                {},
            ]  # the rule is oftener right than what has no sign
            weights = signs.fit_transform([*(one.signs for one, _ in asked), *known_before])
            taught = np.concatenate([np.ones(len(asked)), [TRUST, TRUST]])
            regression = LogisticRegression(C=STRICTNESS, max_iter=500, random_state=seed)
            regression.fit(weights, np.concatenate([right, [True, False]]), sample_weight=taught)
            choosers[field] = Chooser(signs, regression)
        names = {said for (_, field), said in value.items() if field == "company" and said}
        return FieldModel(choosers, tuple(sorted(names)))


def sender_of(lines: pl.DataFrame, names: tuple[str, ...]) -> str | None:
    """Whose document it is, of those who have sent one before; nobody where its first lines name none."""
    said = lines.head(TOP)["text"].to_list()
    exact = {plain(name): name for name in names}
    by_name = next((exact[plain(text)] for text in said if plain(text) in exact), None)
    return by_name or next((name for text in said[:3] if (name := nearest(text, names))), None)


def theirs(found: list[Found], sender: str | None, field: str) -> list[Found]:
    """Each with its signs once more as the sender's own; of a name, whether it is the sender's."""
    if sender is None:
        return found
    if field == "company":
        return [replace(one, signs=one.signs | {"known": float(near(one.text, sender))}) for one in found]
    return [
        replace(
            one,
            signs=one.signs | {f"{sender}|{name}": told for name, told in one.signs.items() if "=" in name},
        )
        for one in found
    ]
