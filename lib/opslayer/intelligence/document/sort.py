"""What sort of document it is, by its words: a plain rule, and what people's corrections taught."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

RECEIPT, INVOICE, CONTRACT, OTHER = "receipt", "supplier invoice", "contract", "other"
SORTS = (RECEIPT, INVOICE, CONTRACT, OTHER)
BEGINNING = 60  # lines that say what it is
TRUST = 5.0  # documents that the rule counts for
RULE_IS_RIGHT = 0.96  # of 313 receipts and 255 contracts (tests/benchmarks/bench_documents.py)
SPEAKS: dict[str, re.Pattern[str]] = {
    CONTRACT: re.compile(
        r"\bthis (?:\w+ ){0,4}(?:agreement|contract)|hereinafter|witnesseth|\bwhereas\b|in consideration of|"
        r"by and between|governing law|the parties (?:hereto|agree)",
        re.IGNORECASE,
    ),
    RECEIPT: re.compile(
        r"\breceipt\b|\bcash(?:ier)?\b|\bchange\b|\btendered\b|rounding|thank you|come again|\bvisa\b|"
        r"\bqty\b",
        re.IGNORECASE,
    ),
    INVOICE: re.compile(
        r"\binvoice\b|\brechnung\b|\bfacture\b|\bbill to\b|\bdue\b|payable|payment terms|\biban\b|"
        r"\bvat (?:no|number)\b",
        re.IGNORECASE,
    ),
}
_WORD = re.compile(r"[^\W\d_]{2,}")


def ruled(text: str) -> str:
    """The sort whose words are said most often; a receipt before an invoice, as tills print both words."""
    often = {
        sort: len({match[0].casefold() for match in form.finditer(text)}) for sort, form in SPEAKS.items()
    }
    best = max(often, key=lambda sort: often[sort])
    return best if often[best] else OTHER


def beginning(lines: pl.DataFrame) -> str:
    return "\n".join(lines.head(BEGINNING)["text"].to_list())


def signs(text: str) -> dict[str, float]:
    words = {f"word={word.casefold()}": 1.0 for word in _WORD.findall(text)}
    return words | {f"ruled={ruled(text)}": 1.0}


@dataclass(frozen=True)
class SortModel:
    """The weights of words; where one sort alone was ever said, the rule."""

    named: DictVectorizer | None
    regression: LogisticRegression | None

    def predict(self, text: str) -> tuple[str, float, str]:
        """Sort, confidence, reasons."""
        rule = ruled(text)
        if self.named is None or self.regression is None:
            spoken = (
                sorted({match[0].casefold() for match in SPEAKS[rule].finditer(text)})
                if rule in SPEAKS
                else []
            )
            told = (
                f"It says {', '.join(f'“{word}”' for word in spoken[:3])}."
                if spoken
                else "Nothing says what it is."
            )
            return rule, RULE_IS_RIGHT if spoken else 0.3, told
        chances = self.regression.predict_proba(self.named.transform([signs(text)]))[0]
        best = str(self.regression.classes_[int(chances.argmax())])
        return best, float(chances.max()), "Its words are those of what people said is such."


def taught(texts: list[str], sorts: list[str], *, seed: int = 0) -> SortModel:
    """A model of texts and the sort that people say each is of."""
    if len(set(sorts)) < 2:
        return SortModel(None, None)
    named = DictVectorizer()
    known = [{f"ruled={sort}": 1.0} for sort in SORTS]
    weights = named.fit_transform([*(signs(text) for text in texts), *known])
    trust = np.concatenate([np.ones(len(texts)), np.full(len(SORTS), TRUST)])
    regression = LogisticRegression(C=1.0, max_iter=300, random_state=seed)
    return SortModel(named, regression.fit(weights, [*sorts, *SORTS], sample_weight=trust))
