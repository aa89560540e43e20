"""What a field of a document could be, by its form, and what is known of the place of each.

A date, an amount and a number have forms; a name is one of the first lines. What a plain rule would take is
one of the signs: it answers where nothing has been learnt, and what is learnt may lean on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher, get_close_matches
from itertools import pairwise

import numpy as np
import polars as pl
from dateutil import parser
from numpy.typing import NDArray

from opslayer.errors import UsageError

MONTH = r"(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*"
DATE = re.compile(
    rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/. ]?(?:{MONTH})[-/. ]{{0,2}}\d{{2,4}}"
    rf"|(?:{MONTH})\.? \d{{1,2}}, ?\d{{4}}|(?<!\d)\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}})(?!\d)"
    r"|(?<!\d)20\d{6}(?!\d)",
    re.IGNORECASE,
)
_SIGN = r"(?:RM|\$|€|£)? ?-?"
AMOUNT = re.compile(
    rf"{_SIGN}\d{{1,3}}(?:,\d{{3}})+\.\d{{2}}|{_SIGN}\d+\.\d{{2}}(?!\d)"
    rf"|{_SIGN}\d{{1,3}}(?:\.\d{{3}})+,\d{{2}}(?!\d)|{_SIGN}\d+,\d{{2}}(?!\d)"  # as most of Europe writes
)
NUMBER = re.compile(r"(?<![\w.,/-])(?=[A-Z0-9/-]*\d)[A-Z0-9][A-Z0-9/-]{2,}(?![\w/-]|[.,]\d)")
TITLES = frozenset(
    {"invoice", "receipt", "bill", "tax", "credit", "note", "statement", "page", "copy", "original",
     "duplicate", "date", "number", "agreement", "contract", "rechnung", "facture", "quittung"}
)  # fmt: skip
CALLED_DATE = frozenset({"left=date", "left=dated", "left=issued", "left=datum"})
CALLED_NUMBER = frozenset(
    {"left=invoice", "left=receipt", "left=bill", "left=number", "left=no", "left=nr", "left=rechnung"}
)
DUE = frozenset({"left=due", "left=payable", "left=grand", "left=brutto", "left=ttc"})
FIELDS = ("company", "number", "date", "total")
TOP = 8  # lines from the top among which whoever wrote it stands
NEAR = 0.85  # of the letters of two names, in order
NUMBERED = re.compile(r"\s*\([^()]*\d{3}[^()]*\)?\s*$")  # a registration number behind a name
_WORD = re.compile(r"[^\W\d_]+")
_PLAIN = re.compile(r"[\W_]+")
Signs = dict[str, float]


@dataclass(frozen=True)
class Found:
    """What a field could be: the words, the line they stand in, and what is known of their place."""

    text: str
    line: int
    signs: Signs


def same(text: str | None, said: str | None) -> bool:
    """Whether two are one: spaces, signs between and case tell nothing; amounts are compared as amounts."""
    if text is None or said is None:
        return False
    one, two = amount(text), amount(said)
    return one == two if one is not None and two is not None else plain(text) == plain(said)


def amount(text: str) -> Decimal | None:
    """What an amount is worth; the last of its signs is that of its cents."""
    if not AMOUNT.fullmatch(text.strip()):
        return None
    figures = re.sub(r"[^\d.,-]", "", text)
    cents = figures[-3]
    try:
        return Decimal(figures.replace("," if cents == "." else ".", "").replace(",", "."))
    except InvalidOperation:
        return None


def as_day(text: str) -> date | None:
    """The day a date names; of 03/04 the day comes first, as it does everywhere but in America."""
    try:
        if re.match(r"\d{4}", text):
            found: datetime = parser.parse(text, yearfirst=True, dayfirst=False)
        else:
            found = parser.parse(text, dayfirst=True)
        return found.date()
    except (ValueError, OverflowError):
        return None


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
    """Everything in a document that has the form of the field; what the plain rule takes is `ruled`.

    Raises UsageError for another field.
    """
    if field not in FIELDS:
        raise UsageError(f"{field} has no form", mend=f"one of {', '.join(FIELDS)}")
    page = lines.to_dicts()
    places = _places(page)
    if field == "company":
        return _ruled(field, _names(page, places))
    form = {"date": DATE, "total": AMOUNT, "number": NUMBER}[field]
    found = [
        Found(match[0].strip(), row["line"], _signs(page, places, at, match.start()))
        for at, row in enumerate(page)
        for match in form.finditer(row["text"])
        if field != "number" or not (DATE.search(match[0]) or match[0].isalpha())
    ]
    compared = {"total": _compared, "date": _in_order}.get(field)
    return _ruled(field, compared(found) if compared else found)


def _ruled(field: str, found: list[Found]) -> list[Found]:
    """The first name that is no title; the first date, and number, that is called so; the last total."""
    chosen = RULES[field](found)
    return [
        replace(one, signs=one.signs | {"ruled": 1.0}) if place == chosen else one
        for place, one in enumerate(found)
    ]


def _first_name(found: list[Found]) -> int | None:
    for place, one in enumerate(found):
        words = set(_WORD.findall(one.text.casefold()))
        if "joined" not in one.signs and len("".join(words)) > 2 and not words <= TITLES:
            return place
    return None


def _called_date(found: list[Found]) -> int | None:
    return next(iter(_called(found, CALLED_DATE)), 0 if found else None)


def _called_number(found: list[Found]) -> int | None:
    return next(iter(_called(found, CALLED_NUMBER)), None)


def _called(found: list[Found], names: frozenset[str]) -> list[int]:
    return [place for place, one in enumerate(found) if names & one.signs.keys()]


def _last_total(found: list[Found]) -> int | None:
    totals = [
        place for place, one in enumerate(found) if "left=total" in one.signs and "left=sub" not in one.signs
    ]
    due = [place for place, one in enumerate(found) if DUE & one.signs.keys()]
    both = [place for place in totals if place in due]
    return next((places[-1] for places in (both, totals, due) if places), None)


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


RULES: dict[str, Callable[[list[Found]], int | None]] = {
    "company": _first_name, "number": _called_number, "date": _called_date, "total": _last_total,
}  # fmt: skip


def _compared(found: list[Found]) -> list[Found]:
    """Amounts beside each other: the largest is seldom what was paid, the total is said twice."""
    worth = [float(amount(one.text) or 0) for one in found]
    ranked = sorted(set(worth), reverse=True)
    return [
        Found(
            one.text,
            one.line,
            one.signs
            | {
                f"rank={min(ranked.index(paid), 4)}": 1.0,
                "often": np.log1p(worth.count(paid)),
                "zero": float(paid == 0),
                "last": float(place == len(found) - 1),
                "signed": float(not one.text[0].isdigit()),
            },
        )
        for place, (one, paid) in enumerate(zip(found, worth, strict=True))
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
