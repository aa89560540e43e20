"""What a text asks for: one of the intents it was taught, none of them, or a person's to say.

Linear support vector machines, one against the rest, over words, pairs of words and pieces of words, and a
small network over words, whose answers are added. What a
text is not is learnt as well: each fold leaves a fifth of the intents out, and how the others answer to their
texts is how an intent nobody taught looks; texts that people called out of scope count beside them. A text is
answered where answers like it, held out, were right often enough, and else left to a person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from opslayer.errors import UsageError
from opslayer.intelligence.triage.network import Network, fit_network
from opslayer.intelligence.triage.phrases import (
    common_weights,
    lines,
    phrase_weights,
    phrases,
    piece_weights,
    side_by_side,
    words,
)
from opslayer.intelligence.triage.threshold import succession, threshold_at
from opslayer.intelligence.wording import listed

OUT_OF_SCOPE = "out of scope"
FOLDS = 3
LEAST = 5  # texts of an intent: at least one for each fold
NETWORK = 0.07  # what a logarithm of its chances weighs beside a machine's distance
PIECES = 1.3  # what pieces of words weigh beside words
TAUGHT = 7.0  # what a text that people called out of scope weighs beside one of an intent left out
NAMED = 4  # words told as reasons
COVERED = 2  # place among the signs of how much of a text was ever seen
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reader:
    """Texts as numbers, and what answers to them: machines and a network, whose answers are added."""

    phrases: TfidfVectorizer
    pieces: TfidfVectorizer
    machine: LinearSVC
    common: TfidfVectorizer
    network: Network

    @property
    def intents(self) -> NDArray[np.str_]:
        return np.asarray(self.machine.classes_)

    def weights(self, texts: list[str]) -> csr_matrix:
        return csr_matrix(hstack([self.said(texts), PIECES * self.pieces.transform(texts)]))

    def said(self, texts: list[str]) -> csr_matrix:
        """Their words and pairs of words alone."""
        return csr_matrix(self.phrases.transform([lines(phrases(text)) for text in texts]))

    def decisions(self, texts: list[str]) -> Floats:
        """Texts by intents: how far on its side of each machine's border, and what the network adds."""
        found = np.asarray(self.machine.decision_function(self.weights(texts)), dtype=np.float64)
        found = found if found.ndim == 2 else np.column_stack([-found, found])
        return found + NETWORK * self.network.log_chances(
            self.common.transform([lines(side_by_side(text)) for text in texts])
        )


@dataclass(frozen=True)
class TextModel:
    """`scope` says how like a text of no intent it is, `trust` the chance that its answer is right.

    Below `threshold` it abstains; texts nearer to none than `scope_threshold` are out of scope.
    """

    reader: Reader
    scope: Pipeline
    trust: Pipeline
    threshold: float
    scope_threshold: float

    def held_to(self, rows: pl.DataFrame, *, precision: float, kept: float) -> TextModel:
        """The same model with its two borders set anew, on texts that came after what it learnt from.

        `rows` has `text` and `label`; `precision` and `kept` are as of TextClassifier.
        """
        found = self.predict(rows).with_columns(rows["label"])
        known = found.filter(pl.col("label") != OUT_OF_SCOPE)
        border = float(np.quantile(known["strangeness"].to_numpy(), kept))
        inside = found.filter(pl.col("strangeness") <= border)
        right = (inside["answer"] == inside["label"]).to_numpy()
        threshold = threshold_at(inside["confidence"].to_numpy(), right, precision)
        return replace(self, threshold=threshold, scope_threshold=border)

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row a text, in order, with the columns of ANSWER; confidence and strangeness are in [0, 1].

        `answer` is the nearest intent, whatever the others say of it.
        """
        texts = _texts(rows)
        if not texts:
            return pl.DataFrame(schema=ANSWER)
        decisions = self.reader.decisions(texts)
        best = decisions.argmax(axis=1)
        signs = _signs(self.reader, texts, decisions)
        strange = self.scope.predict_proba(signs)[:, 1]
        confidence = _chance(self.trust, np.column_stack([signs, strange]))
        outside = (strange > self.scope_threshold) | (signs[:, COVERED] == 0)
        abstained = (confidence < self.threshold) | outside
        return pl.DataFrame(
            {
                "answer": self.reader.intents[best].astype(str),
                "confidence": confidence,
                "reasons": _reasons(self.reader, texts, best, outside, abstained),
                "out_of_scope": outside,
                "strangeness": strange,
                "abstained": abstained,
            },
            schema=ANSWER,
        )


ANSWER: dict[str, type[pl.DataType]] = {
    "answer": pl.String, "confidence": pl.Float64, "reasons": pl.String, "out_of_scope": pl.Boolean,
    "strangeness": pl.Float64, "abstained": pl.Boolean,
}  # fmt: skip


@dataclass(frozen=True)
class TextClassifier:
    """`precision` is the share of its answers that are to be right; it abstains from the others.

    `kept` is the share of texts of known intents that may not be taken for out of scope.
    """

    precision: float = 0.95
    kept: float = 0.98
    strictness: float = 1.0  # LinearSVC's C

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> TextModel:
        """Learn from `text` and `label`; OUT_OF_SCOPE is no intent. Same rows and seed, same model.

        Raises UsageError for fewer than two intents, or one with fewer than LEAST texts.
        """
        known = rows.filter(pl.col("label") != OUT_OF_SCOPE)
        texts, labels = _texts(known), known["label"].to_numpy().astype(str)
        strangers = _texts(rows.filter(label=OUT_OF_SCOPE))
        _check(known)
        folds = _folds(labels, seed)
        # texts the reader never saw, of intents it knows; and of intents it does not
        held = [self._held_out(texts, labels, strangers, ~fold, fold, seed) for fold, _ in folds]
        odd = [
            self._held_out(texts, labels, strangers, ~fold & ~left_out, fold & left_out, seed)
            for fold, left_out in folds
            if (fold & left_out).any()  # of two intents none can be left out
        ]
        scope = _fit_scope(held, odd)
        signs = np.concatenate([one.signs for one in held])
        right = np.concatenate([one.right for one in held])
        nearness = scope.predict_proba(signs)[:, 1]
        trust = make_pipeline(StandardScaler(), LogisticRegression())
        trust.fit(*succession(np.column_stack([signs, nearness]), right))
        confidence = _chance(trust, np.column_stack([signs, nearness]))
        in_scope = ~np.concatenate([one.taught for one in held])
        border = float(np.quantile(nearness[in_scope], self.kept))
        inside = nearness <= border
        threshold = threshold_at(confidence[inside], right[inside], self.precision)
        return TextModel(self._read(texts, labels, seed), scope, trust, threshold, border)

    def _read(self, texts: list[str], labels: NDArray[np.str_], seed: int) -> Reader:
        said, pieces, common = phrase_weights(), piece_weights(), common_weights()
        spoken = said.fit_transform([lines(phrases(text)) for text in texts])
        weights = hstack([spoken, PIECES * pieces.fit_transform(texts)])
        machine = LinearSVC(C=self.strictness, random_state=seed).fit(csr_matrix(weights), labels)
        shared = common.fit_transform([lines(side_by_side(text)) for text in texts])
        network = fit_network(csr_matrix(shared), labels, seed=seed)
        return Reader(said, pieces, machine, common, network)

    def _held_out(
        self,
        texts: list[str],
        labels: NDArray[np.str_],
        strangers: list[str],
        learnt: NDArray[np.bool_],
        asked: NDArray[np.bool_],
        seed: int,
    ) -> HeldOut:
        """What a reader of the `learnt` makes of the `asked` and of the strangers."""
        reader = self._read([texts[i] for i in np.flatnonzero(learnt)], labels[learnt], seed)
        put = [texts[i] for i in np.flatnonzero(asked)] + strangers
        decisions = reader.decisions(put)
        answer = reader.intents[decisions.argmax(axis=1)]
        own = np.append(labels[asked].astype(object), [OUT_OF_SCOPE] * len(strangers))
        taught = np.append(np.zeros(asked.sum(), bool), np.ones(len(strangers), bool))
        return HeldOut(_signs(reader, put, decisions), answer.astype(object) == own, taught)


@dataclass(frozen=True)
class HeldOut:
    """Texts that were not learnt from: their signs, whether the answer was right, whether people had called
    them out of scope.
    """

    signs: Floats
    right: NDArray[np.bool_]
    taught: NDArray[np.bool_]


def _fit_scope(held: list[HeldOut], odd: list[HeldOut]) -> Pipeline:
    """From signs to the chance that a text is of no intent: `odd` are of intents left out."""
    signs = np.concatenate([one.signs for one in held] + [one.signs[~one.taught] for one in odd])
    taught = np.concatenate([one.taught for one in held])
    left_out = len(signs) - len(taught)
    signs, strange = succession(signs, np.append(taught, np.ones(left_out, bool)))
    weight = np.append(np.where(taught, TAUGHT, 1.0), np.ones(left_out + 2))
    scope = make_pipeline(StandardScaler(), LogisticRegression())
    return scope.fit(signs, strange, logisticregression__sample_weight=weight)


def _signs(reader: Reader, texts: list[str], decisions: Floats) -> Floats:
    """What tells a known text from a stranger: the two nearest intents, and how much of it was ever seen."""
    ordered = np.sort(decisions, axis=1)
    vocabulary, rarity = reader.phrases.vocabulary_, reader.phrases.idf_
    rarest = float(rarity.max())
    said = [words(text) for text in texts]
    seen = [[rarity[vocabulary[word]] for word in one if word in vocabulary] for one in said]
    unseen = np.array([len(one) - len(known) for one, known in zip(said, seen, strict=True)], float)
    known = np.array([sum(one) for one in seen], float)
    covered = known / np.maximum(known + unseen * rarest, 1e-9)
    length = np.log1p([len(one) for one in said])
    return np.column_stack([ordered[:, -1], ordered[:, -1] - ordered[:, -2], covered, unseen, length])


def _chance(trust: Pipeline, signs: Floats) -> Floats:
    return np.asarray(trust.predict_proba(signs)[:, 1], dtype=np.float64)


def _folds(labels: NDArray[np.str_], seed: int) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """For each fold the texts held out, and all texts of the intents left out; at least two intents stay."""
    intents = np.random.default_rng(seed).permutation(np.unique(labels))
    left_out = np.array_split(intents[: max(len(intents) - 2, 0)], FOLDS)
    split = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(labels, labels)
    return [
        (np.isin(np.arange(len(labels)), held), np.isin(labels, group))
        for (_, held), group in zip(split, left_out, strict=True)
    ]


def _reasons(
    reader: Reader,
    texts: list[str],
    best: NDArray[np.intp],
    outside: NDArray[np.bool_],
    abstained: NDArray[np.bool_],
) -> list[str]:
    """The words that spoke most for each answer, and why it is not given where it is not."""
    names = reader.phrases.get_feature_names_out()
    spoken = reader.said(texts)
    machines = reader.machine.coef_
    told = []
    for row, (intent, strange, unsure) in enumerate(zip(best, outside, abstained, strict=True)):
        own = machines[intent] if len(machines) > 1 else machines[0] * (1 if intent else -1)
        mine = spoken[row]
        worth = mine.data * own[mine.indices]
        most = [names[mine.indices[i]] for i in np.argsort(-worth, kind="stable")[:NAMED] if worth[i] > 0]
        for_it = f"“{reader.intents[intent]}” is nearest"
        for_it += f", by {listed([f'“{name}”' for name in most])}." if most else "."
        if strange:
            for_it += " It is unlike everything that was taught."
        elif unsure:
            for_it += " That is too little to be sure."
        told.append(for_it)
    return told


def _texts(rows: pl.DataFrame) -> list[str]:
    return [str(text or "") for text in rows["text"]]


def _check(known: pl.DataFrame) -> None:
    counts = known.group_by("label").len().sort("len", "label").rows()
    if len(counts) < 2:
        raise UsageError("fewer than two intents are taught", mend="teach what tells them apart")
    label, count = counts[0]
    if count < LEAST:
        raise UsageError(
            f"the intent {label} has {count} texts; {LEAST} are needed", mend="teach more, or leave it out"
        )
