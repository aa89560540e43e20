"""What is wanted, read from a text: hours, people, weeks, start, budget, deadline; each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from opslayer.intelligence.inquiry.dates import Dates
from opslayer.intelligence.inquiry.lexicon import Lexicon, alternatives, pattern

DAY_HOURS = 8
WEEKS_A_MONTH = Decimal(52) / 12
CURRENCIES = {
    "EUR": r"€|eur(?:os?)?\b",
    "USD": r"us\$|\$|usd\b|us dollars?\b|dollars?\b",
    "GBP": r"£|gbp\b|pounds?\b|pfund\b|livres?\b",
    "CHF": r"chf\b|sfr\.?|franken\b|francs suisses\b",
}
_NUMBER = r"\d{1,3}(?:[ .,'’]\d{3})+(?!\d)(?:[.,]\d{1,2}(?!\d))?|\d+(?:[.,]\d+)?"
_NEAR = 60  # characters within which a word says what an amount is
_SENTENCE_END = re.compile(r"[.!?]\s|\n\n")
MOST_HOURS, MOST_PEOPLE, MOST_WEEKS, MOST_MONEY = 1_000_000, 500, 520, Decimal(10) ** 10


@dataclass(frozen=True)
class Fact:
    """One thing that is wanted: `value` as text, in which words it was said, and at which character."""

    field: str
    value: str
    quote: str
    start: int


def extract(text: str, words: Iterable[Lexicon], *, day: date) -> list[Fact]:
    """At most one fact a field, in the order of the text; `day` is when it was written.

    hours, people and weeks are numbers, starts_on and deadline ISO dates, budget an amount, currency an ISO
    4217 code. Never raises for what the text holds.
    """
    facts: dict[str, Fact] = {}
    for lexicon in words:
        reader = _Reader(text, lexicon, day)
        for found in (reader.hours(), reader.people(), reader.weeks(), reader.start(), reader.deadline()):
            if found is not None:
                facts.setdefault(found.field, found)
        for found in reader.budget():
            facts.setdefault(found.field, found)
    return sorted(facts.values(), key=lambda fact: (fact.start, fact.field))


def number(text: str, lexicon: Lexicon | None = None) -> Decimal | None:
    """A number as English, German or French write it, in digits or (with a lexicon) in a word."""
    word = text.strip().casefold()
    if lexicon is not None and word in lexicon.numbers:
        return Decimal(lexicon.numbers[word])
    if re.fullmatch(r"\d{1,3}(?:[ .,'’]\d{3})+(?:[.,]\d{1,2})?", word):
        head, tail = word, ""
        if match := re.search(r"[.,](\d{1,2})$", word):
            head, tail = word[: match.start()], f".{match[1]}"
        word = re.sub(r"[ .,'’]", "", head) + tail
    try:
        return Decimal(word.replace(",", "."))
    except InvalidOperation:
        return None


class _Reader:
    """One text in one language."""

    def __init__(self, text: str, lexicon: Lexicon, day: date) -> None:
        self.text = text
        self.words = lexicon
        self.dates = Dates(lexicon, day)
        self.upper = rf"(?:\s*{lexicon.to}\s*(?P<m>(?:{alternatives(lexicon.numbers)})\b|\d+))?"
        self.count = rf"(?P<n>\b(?:{alternatives(lexicon.numbers)})\b|{_NUMBER})"

    def hours(self) -> Fact | None:
        """Hours; hours a month or week over the duration; person-days of eight hours."""
        w = self.words
        rate = rf"(?:\s*{w.each}\s*(?P<unit>{w.month}|{w.week}))?"
        for match in self._find(rf"{self.count}\s*(?:(?:{w.hour})\b|h\b){rate}"):
            amount = number(match["n"], w)
            if amount is None:
                continue
            if match["unit"]:
                lasts = self._duration()
                if lasts is None:
                    continue  # so much a month, and nobody said for how long
                per_week = amount if re.fullmatch(w.week, match["unit"], re.I) else amount / WEEKS_A_MONTH
                amount = per_week * lasts[0]
            if fact := _fact("hours", amount, match, MOST_HOURS):
                return fact
        for match in self._find(rf"{self.count}\s*(?:{w.person_day})\b"):
            amount = number(match["n"], w)
            if amount is not None and (fact := _fact("hours", amount * DAY_HOURS, match, MOST_HOURS)):
                return fact
        return None

    def people(self) -> Fact | None:
        """How many are asked for, at most; numbers joined by "and" are added; who is to be taught is not."""
        w = self.words
        noun = rf"(?:\w+[ -]){{0,2}}?(?:{w.people})\b(?!-)"
        taught = pattern(rf"(?:{w.for_})\s*$")
        total, first, last = Decimal(0), None, None
        for match in self._find(rf"(?:(?:{w.team})\s+)?{self.count}{self.upper}\s+{noun}"):
            if taught.search(self.text[max(0, match.start() - 12) : match.start()]):
                continue
            between = self.text[last.end() : match.start()] if last else ""
            if last is not None and not re.fullmatch(rf"\s*(?:,|{w.and_}|\+|&)\s*", between, re.I):
                break
            counted = number(match["m"] or match["n"], w)
            if counted is None or counted != counted.to_integral_value():
                continue
            total, first, last = total + counted, first or match, match
        if first is None or last is None or not 0 < total <= MOST_PEOPLE:
            return None
        return Fact("people", f"{total:f}", self.text[first.start() : last.end()], first.start())

    def weeks(self) -> Fact | None:
        """How long it lasts, in whole weeks."""
        lasts = self._duration()
        return _fact("weeks", *lasts, MOST_WEEKS) if lasts else None

    def _duration(self) -> tuple[Decimal, re.Match[str]] | None:
        """Weeks, at most: months are 52/12 of them, five days one."""
        w = self.words
        kept_out = pattern(rf"\b(?:{w.not_duration}|{w.by}|{w.before})\s*$")
        unit = rf"(?P<week>{w.week})|(?P<month>{w.month})|(?P<day>{w.day})"
        for match in self._find(rf"{self.count}{self.upper}\s*(?:{unit})\b"):
            amount = number(match["m"] or match["n"], w)
            if re.fullmatch(w.each, match["n"], re.I):
                continue  # "a week" is how often
            if amount is None or kept_out.search(self.text[max(0, match.start() - 15) : match.start()]):
                continue
            if match["day"] and not 2 <= amount <= 25:
                continue  # thirty days are terms of payment more often than work
            if match["month"]:
                return amount * WEEKS_A_MONTH, match
            return (max(amount / 5, Decimal(1)) if match["day"] else amount), match
        return None

    def start(self) -> Fact | None:
        """The first day that is named after a word for starting."""
        w = self.words
        for match in self._find(rf"\b(?:{w.start})\s*(?P<when>{self.dates.expression})"):
            if begins := self.dates.first_day(match["when"]):
                return Fact("starts_on", begins.isoformat(), match[0], match.start())
        for match in self._find(self.dates.week_of_month):
            if begins := self.dates.first_day(match[0]):
                return Fact("starts_on", begins.isoformat(), match[0], match.start())
        for match in self._find(rf"\b(?:{w.at_once})\b"):
            monday = self.dates.day + timedelta(days=7 - self.dates.day.weekday())
            return Fact("starts_on", monday.isoformat(), match[0], match.start())
        return None

    def deadline(self) -> Fact | None:
        """The last day on which it would still be in time."""
        w = self.words
        cue = rf"\b(?:(?P<before>{w.before})|(?P<by>{w.by}))\s+"
        for match in self._find(rf"{cue}(?P<when>{self.dates.expression})"):
            found = self.dates.first_day(match["when"])
            if found is None:
                continue
            if match["before"] or not any(map(str.isdigit, match["when"])):
                found -= timedelta(days=1)
            return Fact("deadline", found.isoformat(), match[0], match.start())
        return None

    def budget(self) -> list[Fact]:
        """The amount that is said to be there, with its currency; else the first amount."""
        w = self.words
        scale = rf"(?:\s?(?P<scale>{alternatives(w.scale)})\b\.?)?"
        marks_before = "|".join(f"(?P<a{code}>{words})" for code, words in CURRENCIES.items())
        marks_after = "|".join(f"(?P<b{code}>{words})" for code, words in CURRENCIES.items())
        expression = rf"(?:(?:{marks_before})\s?)?(?<![\d.,])(?P<n>{_NUMBER}){scale}(?:\s?(?:{marks_after}))?"
        found: list[tuple[bool, int, list[Fact]]] = []
        for match in self._find(expression):
            amount = number(match["n"])
            currency = next((c for c in CURRENCIES if match[f"a{c}"] or match[f"b{c}"]), None)
            said = self._said_to_be_budget(match)
            if amount is None or not (currency or (said and match["scale"])):
                continue
            amount *= w.scale.get((match["scale"] or "").casefold(), 1)
            if not 0 < amount < MOST_MONEY:
                continue
            facts = [Fact("budget", f"{amount:.2f}", match[0].strip(), match.start())]
            if currency:
                facts.append(Fact("currency", currency, match[0].strip(), match.start()))
            found.append((not said, match.start(), facts))
        return min(found, key=lambda one: one[:2])[2] if found else []

    def _said_to_be_budget(self, match: re.Match[str]) -> bool:
        """Whether a word for it stands in the same sentence, near."""
        cue = pattern(rf"\b(?:{self.words.budget})")
        before = _SENTENCE_END.split(self.text[max(0, match.start() - _NEAR) : match.start()])[-1]
        after = _SENTENCE_END.split(self.text[match.end() : match.end() + _NEAR])[0]
        return bool(cue.search(before) or cue.search(after))

    def _find(self, expression: str) -> Iterable[re.Match[str]]:
        return pattern(expression).finditer(self.text)


def _fact(field: str, amount: Decimal, match: re.Match[str], most: int) -> Fact | None:
    rounded = amount.quantize(Decimal(1))
    return Fact(field, f"{rounded:f}", match[0].strip(), match.start()) if 0 < rounded <= most else None
