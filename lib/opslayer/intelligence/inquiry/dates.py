"""Days and months as people write them: "from January", "1 March 2027", "15.03.", "second week of May"."""

from __future__ import annotations

import re
from datetime import date, timedelta

from opslayer.intelligence.inquiry.lexicon import Lexicon, alternatives

FARTHEST = 3 * 366  # days from when it was written: a year beyond is a number that means something else


class Dates:
    """Days in one language, for a mail written on `day`: a month without a year is the next of its name."""

    def __init__(self, lexicon: Lexicon, day: date) -> None:
        self.day = day
        self.lexicon = lexicon
        months = alternatives((*lexicon.months, *(name[:3] for name in lexicon.months if len(name) > 4)))
        ordinals = alternatives(lexicon.ordinals)
        month = rf"(?:{months})\b\.?(?:,? 20\d\d\b)?"
        week = rf"\b(?:{ordinals}) (?:{lexicon.week_of}) ?(?:{months})\b"
        day_first = rf"\d{{1,2}}(?:\.|st|nd|rd|th|er)? (?:of )?{month}"
        month_first = rf"(?:{months})\b\.? \d{{1,2}}(?:st|nd|rd|th)?\b(?:, 20\d\d)?"
        digits = r"20\d\d-\d\d-\d\d|\d{1,2}\.\d{1,2}\.(?:20\d\d)?|\d{1,2}/\d{1,2}/20\d\d"
        self.week_of_month = week
        self.expression = rf"(?:the |den |dem |le )?(?:{week}|{digits}|{day_first}|{month_first}|{month})"
        self._month = re.compile(rf"({months})\b", re.IGNORECASE)
        self._ordinal = re.compile(rf"\b({ordinals})\b", re.IGNORECASE)

    def first_day(self, text: str) -> date | None:
        """The day that is named, or the first of its month or week; None where there is no such day."""
        try:
            found = self._digits(text) or self._words(text)
        except ValueError:  # 31 February
            return None
        return found if found and abs((found - self.day).days) <= FARTHEST else None

    def _digits(self, text: str) -> date | None:
        if match := re.search(r"(20\d\d)-(\d\d)-(\d\d)", text):
            return date(*map(int, match.groups()))
        if match := re.search(r"(\d{1,2})\.(\d{1,2})\.(20\d\d)?", text):
            return self._next(int(match[2]), int(match[1]), match[3])
        if match := re.search(r"(\d{1,2})/(\d{1,2})/(20\d\d)", text):
            one, two, year = map(int, match.groups())
            if one > 12 or two > 12 or one == two:  # else nobody knows which is the month
                return date(year, min(one, two) if one != two else one, max(one, two))
        return None

    def _words(self, text: str) -> date | None:
        named = self._month.search(text)
        if named is None:
            return None
        word = named[1].casefold()
        number = next(n for n, name in enumerate(self.lexicon.months, 1) if name.startswith(word[:3]) and (
            name == word or len(word) == 3
        ))  # fmt: skip
        year = re.search(r"20\d\d", text)
        if ordinal := self._ordinal.search(text[: named.start()]):
            first = self._next(number, 1, year[0] if year else None)
            return first + timedelta(
                days=-first.weekday() % 7 + 7 * (self.lexicon.ordinals[ordinal[1].casefold()] - 1)
            )
        within = re.search(r"\b(\d{1,2})(?!\d)", text.replace(year[0], " ") if year else text)
        return self._next(number, int(within[1]) if within else 1, year[0] if year else None)

    def _next(self, month: int, day: int, year: str | None) -> date:
        if year is not None:
            return date(int(year), month, day)
        this_year = date(self.day.year, month, day)
        # a month that has begun is still this year's: "start in November"
        ended = (this_year.year, this_year.month) < (self.day.year, self.day.month)
        return date(self.day.year + 1, month, day) if ended else this_year
