"""Words with their places, and the lines they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

APART = 1.2  # times the height of a line between two words that belong to different columns


@dataclass(frozen=True)
class Word:
    """`page` counts from 1; x and y are points from the upper left corner of the page."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    text: str


@dataclass(frozen=True)
class Line:
    """Words beside each other; x and y are shares of the page's width and height, from its upper left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    text: str


def as_lines(words: Sequence[Word], size: tuple[float, float]) -> list[Line]:
    """The lines of one page of `size` (width, height in points), from top to bottom, left to right.

    Words further apart than columns are stand in lines of their own.
    """
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda one: ((one.y0 + one.y1) / 2, one.x0)):
        if rows and _beside(rows[-1], word):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [_line(part, size) for row in rows for part in _parts(sorted(row, key=lambda one: one.x0))]


def _beside(row: list[Word], word: Word) -> bool:
    """Whether a word's middle lies within the middle half of the row."""
    top, bottom = median(one.y0 for one in row), median(one.y1 for one in row)
    middle, slack = (word.y0 + word.y1) / 2, (bottom - top) / 4
    return top + slack <= middle <= bottom - slack


def _parts(row: list[Word]) -> list[list[Word]]:
    tall = median(one.y1 - one.y0 for one in row)
    parts = [[row[0]]]
    for word in row[1:]:
        if word.x0 - parts[-1][-1].x1 > APART * tall:
            parts.append([word])
        else:
            parts[-1].append(word)
    return parts


def _line(words: list[Word], size: tuple[float, float]) -> Line:
    width, height = max(size[0], 1.0), max(size[1], 1.0)
    return Line(
        words[0].page,
        round(min(one.x0 for one in words) / width, 4),
        round(min(one.y0 for one in words) / height, 4),
        round(max(one.x1 for one in words) / width, 4),
        round(max(one.y1 for one in words) / height, 4),
        " ".join(one.text for one in words),
    )
