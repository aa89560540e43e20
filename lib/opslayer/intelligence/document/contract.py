"""What sort of contract a text is: what its title says, weighed with the words around it.

The plain rule takes the first sort that is named. What is learnt has that as one of its signs, beside the
sorts named in a title, how often each is named, and the words of the beginning (TF-IDF, logistic).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

BEGINNING = 3_000  # characters: a contract says what it is before it says anything else
WEIGHT = 1.0  # of what is named beside all other words
STRICTNESS = 30.0
SORTS: dict[str, str] = {
    "affiliate": r"affiliate", "agency": r"agency|agent", "co branding": r"co-? ?brand\w*",
    "collaboration": r"collaboration|cooperation", "consulting": r"consult\w+", "development": r"development",
    "distributor": r"distribut\w+", "endorsement": r"endorsement", "franchise": r"franchise",
    "hosting": r"(?:co-?)?hosting", "ip": r"intellectual property|\bip", "joint filing": r"joint filing",
    "joint venture": r"joint venture", "license": r"licen[sc]\w*", "maintenance": r"maintenance",
    "manufacturing": r"manufactur\w+", "marketing": r"marketing",
    "non compete": r"non-? ?(?:compet|solicit)\w*",
    "outsourcing": r"outsourcing", "promotion": r"promotion", "reseller": r"resell\w*|remarket\w*",
    "service": r"servic\w+", "sponsorship": r"sponsor\w*", "strategic alliance": r"strategic alliance",
    "supply": r"supply", "transportation": r"transportation",
}  # fmt: skip
NAMED = {sort: re.compile(rf"\b(?:{form})\b", re.IGNORECASE) for sort, form in SORTS.items()}
TITLE = {
    sort: re.compile(rf"\b(?:{form})(?:\W+\w+){{0,2}}?\W+(?:agreement|contract)\b", re.IGNORECASE)
    for sort, form in SORTS.items()
}


def ruled(text: str) -> str | None:
    """The first sort named in the text; none where none is."""
    found = {sort: match.start() for sort, form in NAMED.items() if (match := form.search(text))}
    return min(found, key=lambda sort: found[sort]) if found else None


def signs(text: str) -> dict[str, float]:
    """What is named: first, in capitals before the word agreement, and how often."""
    beginning = text[:BEGINNING]
    told = {f"named={sort}": float(np.log1p(len(form.findall(beginning)))) for sort, form in NAMED.items()}
    told |= {
        f"title={sort}": 1.0
        for sort, form in TITLE.items()
        if any(match[0].isupper() for match in form.finditer(beginning))
    }
    first = ruled(beginning)
    return told | ({f"first={first}": 1.0} if first else {})


@dataclass(frozen=True)
class ContractModel:
    """Words, what is named, and the weights of both."""

    words: TfidfVectorizer
    named: DictVectorizer
    regression: LogisticRegression

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row a text (`text`): answer, confidence, reasons."""
        texts = rows["text"].to_list()
        chances = self.regression.predict_proba(_weighed(texts, self.words, self.named))
        best = chances.argmax(axis=1)
        answers = [str(self.regression.classes_[place]) for place in best]
        return pl.DataFrame(
            {
                "answer": answers,
                "confidence": chances.max(axis=1),
                "reasons": [_reason(text, answer) for text, answer in zip(texts, answers, strict=True)],
            }
        )


@dataclass(frozen=True)
class ContractLearner:
    """Learns sorts of contracts from texts (`text`) and what people call them (`label`)."""

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> ContractModel:
        """Raises ValueError for fewer than two sorts."""
        texts = rows["text"].to_list()
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, max_features=30_000)
        words.fit(text[:BEGINNING] for text in texts)
        named = DictVectorizer().fit([signs(text) for text in texts])
        regression = LogisticRegression(C=STRICTNESS, max_iter=300, random_state=seed)
        regression.fit(_weighed(texts, words, named), np.array(rows["label"].to_list()))
        return ContractModel(words, named, regression)


def _weighed(texts: list[str], words: TfidfVectorizer, named: DictVectorizer) -> csr_matrix:
    said = words.transform([text[:BEGINNING] for text in texts])
    return csr_matrix(hstack([said, WEIGHT * named.transform([signs(text) for text in texts])]))


def _reason(text: str, answer: str) -> str:
    form = NAMED.get(answer)
    match = form.search(text[:BEGINNING]) if form else None
    return f"It names “{match[0]}” near its beginning." if match else "Its words are those of such contracts."
