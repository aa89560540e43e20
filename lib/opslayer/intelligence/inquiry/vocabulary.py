"""The firm's own words: its practices, its skills, and which practice holds which skill."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from opslayer.intelligence.inquiry.lexicon import Lexicon

_WORD = re.compile(r"[^\W\d_]+")
_ENDINGS = ("ings", "ing", "ers", "ed", "er", "es", "s")
PRACTICE_POINTS = 2.0  # naming a practice; a skill gives one, shared by the practices whose people hold it
IN_SUBJECT = 2.0  # how much more a subject says than a text


@dataclass(frozen=True)
class Mention:
    """A practice or a skill that a text names: where, and in which words."""

    name: str
    quote: str
    start: int


@dataclass(frozen=True)
class Vocabulary:
    """`holders` is skill -> practice -> the share of the skill's people who are of it."""

    practices: tuple[str, ...]
    skills: tuple[str, ...]
    holders: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def practice_of(self, mentions: Iterable[Mention], *, subject: int) -> str | None:
        """The practice that most of what is named points to; `subject` is the length of the subject."""
        points: dict[str, float] = {}
        for mention in mentions:
            weight = IN_SUBJECT if mention.start < subject else 1.0
            if mention.name in self.practices:
                # "trained" may be said of anything, "training" is the practice
                exact = mention.name.casefold() in mention.quote.casefold()
                gained = weight * PRACTICE_POINTS / (1 if exact else 2)
                points[mention.name] = points.get(mention.name, 0) + gained
            for practice, share in self.holders.get(mention.name, {}).items():
                points[practice] = points.get(practice, 0) + weight * share
        return max(sorted(points), key=lambda practice: points[practice]) if points else None

    def skills_of(self, practice: str | None, most: int) -> list[str]:
        """The skills that belong most to a practice."""
        shares = {skill: held.get(practice or "", 0.0) for skill, held in self.holders.items()}
        ranked = sorted(shares, key=lambda skill: (-shares[skill], skill))
        return [skill for skill in ranked if shares[skill] > 0][:most]


def learn_vocabulary(skill_practice: pl.DataFrame) -> Vocabulary:
    """From skill, practice and people: how many of a practice hold a skill."""
    known = skill_practice.filter(pl.col("practice").is_not_null())
    practices = sorted(set(known["practice"]))
    named = known.filter(pl.col("skill").is_not_null() & (pl.col("people") > 0))
    shared = named.with_columns(share=pl.col("people") / pl.col("people").sum().over("skill"))
    holders: dict[str, dict[str, float]] = {}
    for row in shared.sort("skill", "practice").to_dicts():
        holders.setdefault(row["skill"], {})[row["practice"]] = float(row["share"])
    return Vocabulary(tuple(practices), tuple(sorted(holders)), holders)


def mentions(text: str, vocabulary: Vocabulary, words: Iterable[Lexicon]) -> list[Mention]:
    """What the text names of the firm's practices and skills, in its own words or a language's for them."""
    found = [
        mention
        for name in (*vocabulary.practices, *vocabulary.skills)
        if (mention := _named(name, text)) is not None
    ]
    known = {*vocabulary.practices, *vocabulary.skills}
    for lexicon in words:
        for expression, names in lexicon.terms.items():
            match = re.search(expression, text, re.IGNORECASE)
            if match:
                found += [Mention(name, match[0], match.start()) for name in names if name in known]
    return sorted({m.name: m for m in reversed(found)}.values(), key=lambda m: (m.start, m.name))


def stem(word: str) -> str:
    """A word without its English ending: "engineers" and "engineering" are one."""
    low = word.casefold()
    for ending in _ENDINGS:
        if low.endswith(ending) and len(low) - len(ending) >= 4 and not low.endswith("ss"):
            return low[: -len(ending)]
    return low


def stems(text: str) -> set[str]:
    """The stems of all its words of three letters or more."""
    return {stem(match[0]) for match in _WORD.finditer(text) if len(match[0]) >= 3}


def _named(name: str, text: str) -> Mention | None:
    """Where the text holds the words of the name one after the other, in any form."""
    wanted = [stem(word) for word in _WORD.findall(name)]
    words = list(_WORD.finditer(text))
    if not wanted:
        return None
    for at in range(len(words) - len(wanted) + 1):
        window = words[at : at + len(wanted)]
        if [stem(word[0]) for word in window] == wanted:
            start, end = window[0].start(), window[-1].end()
            return Mention(name, text[start:end], start)
    return None
