"""Key fields of a receipt or an invoice, with the line each was read from and how sure it is.

What a field could be is found by its form (a date, an amount, a line of text); which of them it is, is learnt
from documents whose fields people have said: by the words beside it, those above it, and where it stands. A
name that is nearly one that people have written is that one: who sends documents sends them again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from opslayer.errors import UsageError

MONTH = r"(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*"
DATE = re.compile(
    rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/. ]?(?:{MONTH})[-/. ]{{0,2}}\d{{2,4}}"
    rf"|(?:{MONTH})\.? \d{{1,2}}, ?\d{{4}}|(?<!\d)\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}})(?!\d)"
    r"|(?<!\d)20\d{6}(?!\d)",
    re.IGNORECASE,
)
AMOUNT = re.compile(r"(?:RM|\$|€|£)? ?-?\d{1,3}(?:,\d{3})+\.\d{2}|(?:RM|\$|€|£)? ?-?\d+\.\d{2}(?!\d)")
FIELDS = ("company", "date", "total")
TOP = 8  # lines from the top among which whoever wrote it stands
STRICTNESS = 1.0
NEAR = 0.85  # of the letters of two names, in order
NUMBERED = re.compile(r"\s*\([^()]*\d{3}[^()]*\)?\s*$")  # a registration number behind a name
_WORD = re.compile(r"[^\W\d_]+")
_PLAIN = re.compile(r"[\W_]+")
SCHEMA: dict[str, type[pl.DataType]] = {
    "document_id": pl.String, "field": pl.String, "answer": pl.String, "confidence": pl.Float64,
    "line": pl.Int64, "quote": pl.String, "reasons": pl.String,
}  # fmt: skip
Signs = dict[str, float]


@dataclass(frozen=True)
class Found:
    """What a field could be: the words, the line they stand in, and what is known of their place."""

    text: str
    line: int
    signs: Signs


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
        found = could_be(lines, field)
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
        choosers = {}
        for field in sorted({field for _, field in value}):
            asked = [
                (found, value.get((doc, field))) for doc, lines in parts for found in could_be(lines, field)
            ]
            alike = near if field == "company" else same
            right = np.array([said is not None and alike(one.text, said) for one, said in asked], bool)
            if not right.any():
                raise UsageError(
                    f"no document has its {field} as it was said", mend="say it in its own words"
                )
            signs = DictVectorizer()
            nowhere: Signs = {}  # what has nothing that tells is wrong, where all that was asked was right
            weights = signs.fit_transform([*(one.signs for one, _ in asked), nowhere])
            regression = LogisticRegression(C=STRICTNESS, max_iter=500, random_state=seed)
            choosers[field] = Chooser(signs, regression.fit(weights, np.append(right, False)))
        names = {said for (_, field), said in value.items() if field == "company" and said}
        return FieldModel(choosers, tuple(sorted(names)))


def same(text: str | None, said: str | None) -> bool:
    """Whether two are one: spaces, signs between and case tell nothing; amounts are compared as amounts."""
    if text is None or said is None:
        return False
    one, two = (AMOUNT.fullmatch(part.strip()) for part in (text, said))
    if one and two:
        return re.sub(r"[^\d.]", "", text) == re.sub(r"[^\d.]", "", said)
    return plain(text) == plain(said)


def same_as(one: Found, found: list[Found]) -> NDArray[np.bool_]:
    """Which of them say the same as one."""
    return np.array([same(other.text, one.text) for other in found], bool)


def near(text: str, said: str) -> bool:
    """Whether a text is a name but for slips of whatever read it."""
    return SequenceMatcher(None, plain(text), plain(said)).ratio() >= NEAR


def nearest(text: str, names: tuple[str, ...]) -> str | None:
    """The name it is, or is but for slips; none where it is none of them."""
    by_plain = {plain(name): name for name in names}
    found = get_close_matches(plain(text), list(by_plain), n=1, cutoff=NEAR)
    return by_plain[found[0]] if found else None


def plain(text: str) -> str:
    return _PLAIN.sub("", text).casefold()


def could_be(lines: pl.DataFrame, field: str) -> list[Found]:
    """Everything in a document that has the form of the field. Raises UsageError for another field."""
    if field not in FIELDS:
        raise UsageError(f"{field} has no form", mend=f"one of {', '.join(FIELDS)}")
    page = lines.to_dicts()
    places = _places(page)
    if field == "company":
        return _names(page, places)
    form = DATE if field == "date" else AMOUNT
    found = [
        Found(match[0].strip(), row["line"], _signs(page, places, at, match.start()))
        for at, row in enumerate(page)
        for match in form.finditer(row["text"])
    ]
    return _compared(found) if field == "total" else _in_order(found)


def _names(page: list[dict[str, object]], places: list[Signs]) -> list[Found]:
    """Each of the first lines, and each with the next: a name may take two."""
    found = []
    for at, row in enumerate(page[:TOP]):
        text = NUMBERED.sub("", str(row["text"])) or str(row["text"])
        signs = _signs(page, places, at, 0) | {f"own={word.casefold()}": 1.0 for word in _WORD.findall(text)}
        found.append(Found(text, int(str(row["line"])), signs | {f"place={at}": 1.0}))
        if at + 1 < len(page):
            joined = f"{text} {page[at + 1]['text']}"
            more = {f"next={word.casefold()}": 1.0 for word in _WORD.findall(str(page[at + 1]["text"]))}
            found.append(
                Found(joined, int(str(row["line"])), signs | more | {"joined": 1.0, f"joined={at}": 1.0})
            )
    return found


def _compared(found: list[Found]) -> list[Found]:
    """Amounts beside each other: the largest is seldom what was paid, the total is said twice."""
    worth = [float(re.sub(r"[^\d.]", "", one.text)) for one in found]
    ranked = sorted(set(worth), reverse=True)
    return [
        Found(
            one.text,
            one.line,
            one.signs
            | {
                f"rank={min(ranked.index(amount), 4)}": 1.0,
                "often": np.log1p(worth.count(amount)),
                "zero": float(amount == 0),
                "last": float(place == len(found) - 1),
                "signed": float(not one.text[0].isdigit()),
            },
        )
        for place, (one, amount) in enumerate(zip(found, worth, strict=True))
    ]


def _in_order(found: list[Found]) -> list[Found]:
    return [
        Found(
            one.text,
            one.line,
            one.signs | {f"order={min(place, 3)}": 1.0, "letters": float(one.text.isalnum())},
        )
        for place, one in enumerate(found)
    ]


def _places(page: list[dict[str, object]]) -> list[Signs]:
    """Where each line stands, as shares of the page."""
    box = np.array([[float(str(row[side])) for side in ("x0", "y0", "x1", "y1")] for row in page])
    low, high = box[:, :2].min(axis=0), box[:, 2:].max(axis=0)
    size = np.maximum(high - low, 1e-9)
    tall = np.maximum(np.median(box[:, 3] - box[:, 1]), 1e-9)
    return [
        {
            "x": float((x0 - low[0]) / size[0]),
            "y": float((y0 - low[1]) / size[1]),
            "tall": float((y1 - y0) / tall),
        }
        for x0, y0, _, y1 in box
    ]


def _signs(page: list[dict[str, object]], places: list[Signs], at: int, start: int) -> Signs:
    """The words of its own line before it, of what stands left of it, and of the line above."""
    own, here = page[at], places[at]
    middle = (float(str(own["y0"])) + float(str(own["y1"]))) / 2
    left = [
        str(other["text"])
        for other in page
        if other is not own
        and float(str(other["y0"])) <= middle <= float(str(other["y1"]))
        and float(str(other["x0"])) < float(str(own["x0"]))
    ]
    above = str(page[at - 1]["text"]) if at else ""
    signs = {"x": here["x"], "y": here["y"], "y2": here["y"] ** 2, "tall": here["tall"]}
    for kind, text in (("left", " ".join([*left, str(own["text"])[:start]])), ("above", above)):
        said = [word.casefold() for word in _WORD.findall(text)]
        signs |= {f"{kind}={word}": 1.0 for word in said}
        signs |= {f"{kind}={one} {two}": 1.0 for one, two in pairwise(said)}
    return signs
