"""The words by which each language asks, counts and dates: data, so that a language is a file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import ConfigDict, Field

from opslayer.config import Settings, read_yaml

FOLDER = Path(__file__).parent / "lexicon"


class Lexicon(Settings):
    """One language. Lists and values are regular expressions, read without regard to case."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    asks: tuple[str, ...]
    wishes: tuple[str, ...]
    noise: dict[str, tuple[str, ...]]
    months: tuple[str, ...] = Field(min_length=12, max_length=12)
    numbers: dict[str, int]
    ordinals: dict[str, int]
    to: str
    and_: str = Field(alias="and")
    for_: str = Field(alias="for")
    of: str
    hour: str
    week: str
    month: str
    day: str
    person_day: str
    each: str
    team: str
    people: str
    start: str
    at_once: str
    week_of: str
    by: str
    before: str
    not_duration: str
    budget: str
    scale: dict[str, int]
    terms: dict[str, tuple[str, ...]]


LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def lexicon(language: str) -> Lexicon:
    """The words of one of LANGUAGES."""
    return read_yaml(FOLDER / f"{language}.yaml", Lexicon)


@cache
def pattern(*words: str) -> re.Pattern[str]:
    """Any of the expressions, in any case."""
    return re.compile("|".join(f"(?:{word})" for word in words), re.IGNORECASE)


def alternatives(words: Iterable[str]) -> str:
    """One of the words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
