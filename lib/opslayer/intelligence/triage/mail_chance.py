"""How soon mails like one were answered, and whether they became deals: learnt of their words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from opslayer.errors import UsageError
from opslayer.intelligence.triage.phrases import common_weights, lines, side_by_side
from opslayer.intelligence.wording import listed

HELD = 0.25  # the newest part of the mails, which says how often answers of a confidence are right
STRICTNESS, NAMED = 3.0, 3
FEWEST = 30  # answers held out by which one is judged that is surer than nearly all of them
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MailChances:
    """`held` are the chances told of mails that taught nothing, and `came` what became of them."""

    signs: TfidfVectorizer
    regression: LogisticRegression
    held: Floats
    came: NDArray[np.bool_]

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row a mail (`text`), in order: answer (the chance), confidence, reasons.

        Confidence is the share right of the answers held out that said the same and were as sure (of the
        surest FEWEST at least), with one right and one wrong added (Laplace's rule of succession). Of
        words it never saw it knows nothing: 0.
        """
        found = self.signs.transform(_said(rows))
        chance = np.asarray(self.regression.predict_proba(found)[:, 1], dtype=np.float64)
        seen = found.getnnz(axis=1) > 0
        worth, names = self.regression.coef_[0], self.signs.get_feature_names_out()
        told = []
        for row, likely in enumerate(chance >= 0.5):
            mine = found[row].indices
            side = worth[mine] if likely else -worth[mine]
            most = [f"“{names[mine[i]]}”" for i in np.argsort(-side, kind="stable")[:NAMED] if side[i] > 0]
            words = f"{'For' if likely else 'Against'} it: {listed(most)}."
            told.append(words if most else "None of its words tells.")
        confidence = np.where(seen, [self._right(one) for one in chance], 0.0)
        return pl.DataFrame(
            {"answer": chance, "confidence": confidence, "reasons": told},
            schema={"answer": pl.Float64, "confidence": pl.Float64, "reasons": pl.String},
        )

    def _right(self, chance: float) -> float:
        likely = chance >= 0.5
        side = (self.held >= 0.5) == likely
        sureness, right = np.abs(self.held[side] - 0.5), self.came[side] == likely
        surest = np.sort(sureness)[-FEWEST:]
        alike = sureness >= min(abs(chance - 0.5), surest[0] if len(surest) else 0.5)
        return float((right[alike].sum() + 1) / (alike.sum() + 2))


@dataclass(frozen=True)
class MailChance:
    """Logistic regression over words and pairs of words."""

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> MailChances:
        """Learn of mails: `text`, `label` and decided_at. Raises UsageError where all came to the same."""
        ordered = rows.sort("decided_at", maintain_order=True)
        earlier = ordered.head(int(len(ordered) * (1 - HELD)))
        later = ordered.tail(len(ordered) - len(earlier))
        if earlier["label"].n_unique() < 2:
            raise UsageError("mails of which all came to the same", mend="there is nothing to learn")
        signs, regression = _fitted(earlier, seed)
        held = np.asarray(regression.predict_proba(signs.transform(_said(later)))[:, 1], dtype=np.float64)
        return MailChances(*_fitted(ordered, seed), held, later["label"].cast(pl.Boolean).to_numpy())


def as_ruled(rows: pl.DataFrame) -> pl.DataFrame:
    """The fallback: what the rules make of it, one or nothing (answer, confidence, reasons)."""
    return rows.select(
        answer=pl.col("ruled").cast(pl.Float64).fill_null(0.0),
        confidence=pl.lit(None, dtype=pl.Float64),
        reasons=pl.lit("By the rules."),
    )


def _fitted(rows: pl.DataFrame, seed: int) -> tuple[TfidfVectorizer, LogisticRegression]:
    signs = common_weights()
    found = signs.fit_transform(_said(rows))
    regression = LogisticRegression(C=STRICTNESS, max_iter=300, random_state=seed)
    return signs, regression.fit(found, rows["label"].cast(pl.Boolean).to_numpy())


def _said(rows: pl.DataFrame) -> list[str]:
    return [lines(side_by_side(text or "")) for text in rows["text"]]
