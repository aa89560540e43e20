"""Every number in a text must be a fact it was given: else what the template says stands.

A number is what is written in digits or in English words. It is a fact where the same number, to the last
digit, stands in what was given; one that is rounded, added up or counted is not, for nobody checked it.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from opslayer.modelops.privacy import TOKEN

DIGITS = re.compile(r"\d(?:[\d.,'’\u00a0\u202f]*\d)?")
SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen""".split()  # noqa: SIM905
TENS = """twenty thirty forty fifty sixty seventy eighty ninety""".split()  # noqa: SIM905
WORDS = {word: Decimal(number) for number, word in enumerate(SMALL)}
WORDS |= {word: Decimal(10 * number) for number, word in enumerate(TENS, start=2)}
SCALES = {
    name: Decimal(10**power)
    for name, power in (("hundred", 2), ("thousand", 3), ("million", 6), ("billion", 9))
}
PARTS = {"half": "1/2", "halved": "1/2", "third": "1/3", "quarter": "1/4", "double": "2x", "doubled": "2x",
         "twice": "2x", "triple": "3x", "tripled": "3x", "dozen": "12x"}  # fmt: skip
WORD = re.compile(r"[a-z]+")
NO_NUMBER = re.compile(r"\b(?:(?:no|any|every|some|each|this|that|the|which) one|one (?:of|another))\b")


def invented(text: str, given: str) -> set[str]:
    """The numbers of `text`, as it writes them, that `given` does not have."""
    known = set(_numbers(given).values())
    return {written for written, number in _numbers(text).items() if number not in known}


def _numbers(text: str) -> dict[str, Decimal | str]:
    """As written -> what it is. Tokens that stand for names have no numbers in them."""
    plain = TOKEN.sub(" ", text)
    found: dict[str, Decimal | str] = {}
    for match in DIGITS.finditer(plain):
        found[match.group()] = _value(match.group())
    for run in _runs(NO_NUMBER.sub(" ", plain.casefold())):
        found[" ".join(run)] = _spelt(run)
    for word in WORD.findall(plain.casefold()):
        if word in PARTS:
            found[word] = PARTS[word]
    return found


def _value(written: str) -> Decimal | str:
    """12,345.60 and 12.345,60 are one number; 2026-11-16 is three; 1.2.3 is what it says."""
    bare = re.sub(r"['’\u00a0\u202f]", "", written)
    marks = [mark for mark in bare if mark in ".,"]
    if len(set(marks)) == 2:
        last = marks[-1]
        bare = bare.replace("," if last == "." else ".", "").replace(last, ".")
    elif len(marks) > 1 or (marks and re.fullmatch(r"\d{1,3}[.,]\d{3}", bare)):
        if not re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", bare):
            return written
        bare = bare.replace(marks[0], "")
    else:
        bare = bare.replace(",", ".")
    try:
        return Decimal(bare).normalize()
    except InvalidOperation:
        return written


def _runs(text: str) -> list[list[str]]:
    """Number words that stand together: `two hundred and five`, `forty-five`."""
    runs: list[list[str]] = []
    end = -1
    for match in WORD.finditer(text):
        word = match.group()
        if word not in WORDS and word not in SCALES:
            continue
        between = text[end : match.start()] if end >= 0 else None
        if between is not None and re.fullmatch(r"[\s-]+(?:and\s+)?", between):
            runs[-1].append(word)
        else:
            runs.append([word])
        end = match.end()
    return runs


def _spelt(words: list[str]) -> Decimal:
    total, part = Decimal(0), Decimal(0)
    for word in words:
        if word in WORDS:
            part += WORDS[word]
        elif word == "hundred":
            part = max(part, Decimal(1)) * 100
        else:
            total += max(part, Decimal(1)) * SCALES[word]
            part = Decimal(0)
    return (total + part).normalize()
