"""The words of a mail before and after an edit: what may be in them, and how they differ."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from opslayer.actions.rendering import Words
from opslayer.errors import UsageError

LONGEST_SUBJECT, LONGEST_TEXT = 250, 20_000  # characters
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # Unicode categories of what no reader sees
SENTENCE = re.compile(r"(?<=[.!?:]) +(?=\S)")
CURRENCY = r"(?:[€$£¥]|\b(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CAD|AUD|JPY|euros?|dollars?|pounds?)\b)"
AMOUNT = re.compile(
    rf"{CURRENCY}\s?\d[\d.,]*"
    rf"|\d[\d.,]*\s?{CURRENCY}"
    r"|\d[\d.,]*\s?(?:%|per ?cent\b)"  # a discount is an amount too
    r"|\d[\d.,]*[.,]\d\d(?![\d.,]*\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Edit:
    """One change of the words, and its difference as unified diff, a sentence a line."""

    person: str
    reason: str
    difference: str


def edits(content: dict[str, Any]) -> list[Edit]:
    """Every edit of a proposal, first to last."""
    past = past_words(content)
    versions = [Words(one["subject"], one["text"]) for one in (*past, words_of(content))]
    return [
        Edit(one["by"], one["reason"], unified(before, after))
        for one, (before, after) in zip(past, pairwise(versions), strict=True)
    ]


def whole_edit(content: dict[str, Any]) -> str:
    """From the draft to the words as they are now; nothing where they are the draft's."""
    past = past_words(content)
    first = past[0] if past else words_of(content)
    return unified(Words(first["subject"], first["text"]), Words(**words_of(content)))


def unified(before: Words, after: Words) -> str:
    """The difference of two messages as unified diff, a sentence a line: paragraphs are long to compare."""
    lines = difflib.unified_diff(
        list(_lines(before)), list(_lines(after)), "before", "after", lineterm="", n=1
    )
    return "\n".join(lines)


def _lines(words: Words) -> Iterator[str]:
    yield f"Subject: {words.subject}"
    yield ""
    for line in words.text.splitlines():
        yield from SENTENCE.split(line) if not line.startswith(" ") else [line]


def checked(before: Words, subject: str | None, text: str | None) -> Words:
    """The new words: one line of subject, lines of text. Raises UsageError for what may not be in them."""
    after = Words(
        before.subject if subject is None else subject.strip(),
        before.text if text is None else _plain_lines(text),
    )
    for name, words, most in (
        ("subject", after.subject, LONGEST_SUBJECT),
        ("text", after.text, LONGEST_TEXT),
    ):
        if not words.strip():
            raise UsageError(f"the {name} is empty")
        if len(words) > most:
            raise UsageError(f"the {name} has {len(words):,} characters, {most:,} are allowed")
        wrong = next((c for c in words if _is_unseen(c, in_text=name == "text")), None)
        if wrong is not None:
            what = "a line break" if wrong in "\r\n" else f"the character U+{ord(wrong):04X}"
            raise UsageError(f"the {name} has {what}, which may not be in it")
    if after == before:
        raise UsageError("nothing in the words would change")
    return after


def amounts(text: str) -> set[str]:
    """Every amount of money in a text, and every share of one, as digits and marks."""
    return {re.sub(r"[^\d.,]", "", found).strip(".,") for found in AMOUNT.findall(text)}


def _plain_lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().replace("\r\n", "\n").split("\n")) + "\n"


def _is_unseen(character: str, *, in_text: bool) -> bool:
    return unicodedata.category(character) in UNSEEN and not (in_text and character in "\n\t")


def past_words(content: dict[str, Any]) -> list[dict[str, str]]:
    return list(content.get("edits", ()))


def words_of(content: dict[str, Any]) -> dict[str, str]:
    return {"subject": content["subject"], "text": content["text"]}
