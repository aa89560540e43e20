"""What a text is made of for a linear model: words and pairs of them, and pieces of words."""

from __future__ import annotations

import re
from itertools import pairwise

from sklearn.feature_extraction.text import TfidfVectorizer

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|\?")
LINE = r"[^\n]+"
APART = 5  # words between which a pair is still one thing said


def words(text: str) -> list[str]:
    """Its words in small letters, and each question mark."""
    return _WORD.findall(text.casefold())


def side_by_side(text: str) -> list[str]:
    """Its words, and each two that stand side by side."""
    said = words(text)
    return said + [f"{one} {two}" for one, two in pairwise(said)]


def phrases(text: str) -> list[str]:
    """Its words, those side by side, and pairs near each other whichever comes first."""
    said = words(text)
    near = [
        " … ".join(sorted((said[i], said[j])))
        for i in range(len(said))
        for j in range(i + 1, min(i + 1 + APART, len(said)))
    ]
    return side_by_side(text) + near


def lines(said: list[str]) -> str:
    """What is counted one by one, a line each; so that a vectorizer holds no code of ours."""
    return "\n".join(said)


def phrase_weights() -> TfidfVectorizer:
    """Of texts by `lines(phrases(text))`: weighed by how rare each is."""
    return TfidfVectorizer(token_pattern=LINE, lowercase=False, sublinear_tf=True)


def common_weights() -> TfidfVectorizer:
    """Of texts by `lines(side_by_side(text))`: those that more than one text has."""
    return TfidfVectorizer(token_pattern=LINE, lowercase=False, min_df=2, sublinear_tf=True)


def piece_weights() -> TfidfVectorizer:
    """Two to five characters within words: a slip of the pen leaves most of them as they were."""
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
