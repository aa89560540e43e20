"""Tickets: which team will end one, and will it miss its SLA, by what was known when it was opened.

A ticketing system's log is written over: what a ticket is closed with, who resolved it and often whom it is
assigned to stand in its first event as well. So only what whoever opened it said is looked at, and a ticket
teaches only once it has ended. What is long ago counts less: teams and their promises change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.svm import LinearSVC

from opslayer.errors import UsageError
from opslayer.intelligence.triage.phrases import LINE, lines
from opslayer.intelligence.triage.threshold import succession, threshold_at
from opslayer.intelligence.wording import listed

SAID = (
    "team", "channel", "place", "category", "subcategory", "symptom", "item", "impact", "urgency",
    "priority", "opened_by", "caller",
)  # fmt: skip
WITH_TEAM = ("category", "subcategory", "symptom", "place", "opened_by", "item", "caller", "priority")
WITH_SUBCATEGORY = ("category", "symptom", "place", "opened_by")
THREE = ("place", "opened_by", "symptom")  # beside team and subcategory
# days after which a ticket teaches half as much, and of the risk how strictly: the latest tickets say which
HALF_LIVES, STRICTNESS = (10.0, 40.0, 160.0), 0.1
TRIED = tuple((half_life, strictness) for half_life in HALF_LIVES for strictness in (0.1, 1.0))
NEAREST = 3
HELD = 0.2  # the last part of the tickets, by time: what the threshold is chosen on
Floats = NDArray[np.float64]


def opened(log: pl.DataFrame) -> pl.DataFrame:
    """One row a ticket at its first event: SAID and asked_at; what became of it: end_team, missed, ended_at.

    `log` has a row an event in order, with ticket_id, event_at, state, made_sla and SAID; a value nobody gave
    is null. A ticket that was over at its first event, or whose team nobody named, is left out.
    """
    events = log.group_by("ticket_id", maintain_order=True)
    first = events.agg(pl.col("event_at").first().alias("asked_at"), pl.col("state", *SAID).first())
    became = events.agg(
        pl.col("event_at").max().alias("ended_at"),
        pl.col("team").drop_nulls().last().alias("end_team"),
        pl.col("made_sla").last().not_().alias("missed"),
    )
    return (
        first.filter(~pl.col("state").is_in(["Resolved", "Closed"]))
        .join(became, on="ticket_id", maintain_order="left")
        .drop_nulls("end_team")
        .drop("state")
    )


@dataclass(frozen=True)
class Router:
    """Who ends a ticket like it; below `threshold` it abstains."""

    signs: CountVectorizer
    machine: LinearSVC
    trust: LogisticRegression
    threshold: float

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row a ticket, in order: answer (a team), confidence in [0, 1], reasons, abstained."""
        found = csr_matrix(self.signs.transform(_said(rows)))
        decisions = self.machine.decision_function(found)
        best = decisions.argmax(axis=1)
        chance = self.trust.predict_proba(_two_nearest(decisions))[:, 1]
        confidence = np.where(found.getnnz(axis=1) > 0, chance, 0.0)  # of what it never saw it knows nothing
        reasons = _reasons(self.signs, found, self.machine.coef_[best], "It is like those that ended there")
        return pl.DataFrame(
            {
                "answer": self.machine.classes_[best].astype(str),
                "confidence": confidence,
                "reasons": reasons,
                "abstained": confidence < self.threshold,
            }
        )


@dataclass(frozen=True)
class TicketRouter:
    """`precision` is the share of its answers that are to be right; it abstains from the others."""

    precision: float = 0.9

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> Router:
        """Learn from tickets as `opened` gives them, by end_team; all of them have ended.

        Raises UsageError for fewer than three teams.
        """
        earlier, later = _parted(rows)
        if min(part["end_team"].n_unique() for part in (rows, earlier)) < 3:
            raise UsageError("tickets of fewer than three teams", mend="routing needs more to choose from")
        signs, found = _encoded(earlier)
        asked, ended = signs.transform(_said(later)), later["end_team"].to_numpy()
        tried = {days: _machine(found, earlier, days, seed) for days in HALF_LIVES}
        half_life = max(HALF_LIVES, key=lambda days: accuracy_score(ended, tried[days].predict(asked)))
        machine = tried[half_life]
        decisions = machine.decision_function(asked)
        right = machine.classes_[decisions.argmax(axis=1)] == ended
        trust = LogisticRegression().fit(*succession(_two_nearest(decisions), right))
        confidence = trust.predict_proba(_two_nearest(decisions))[:, 1]
        signs, found = _encoded(rows)
        machine = _machine(found, rows, half_life, seed)
        return Router(signs, machine, trust, threshold_at(confidence, right, self.precision))


@dataclass(frozen=True)
class Risk:
    """The chance that a ticket misses its SLA."""

    signs: CountVectorizer
    regression: LogisticRegression

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row a ticket, in order: answer (the chance), confidence (null: the answer is one), reasons."""
        found = csr_matrix(self.signs.transform(_said(rows)))
        worth = np.repeat(self.regression.coef_, found.shape[0], axis=0)
        return pl.DataFrame(
            {
                "answer": self.regression.predict_proba(found)[:, 1].astype(float),
                "confidence": pl.Series([None] * len(rows), dtype=pl.Float64),
                "reasons": _reasons(self.signs, found, worth, "Late are most often those"),
            }
        )


@dataclass(frozen=True)
class SlaRisk:
    """Logistic regression over the same signs as the router's."""

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> Risk:
        """Learn from tickets as `opened` gives them, by `missed`; all of them have ended.

        Raises UsageError where all kept their promise, or none.
        """
        if rows["missed"].n_unique() < 2:
            raise UsageError(
                "tickets that all met their SLA, or all missed it", mend="there is nothing to learn"
            )
        earlier, later = _parted(rows)
        chosen = TRIED[-1]
        if earlier["missed"].n_unique() == 2:
            signs, found = _encoded(earlier)
            asked, missed = signs.transform(_said(later)), later["missed"].to_numpy()
            told = {way: _regression(found, earlier, way, seed).predict_proba(asked)[:, 1] for way in TRIED}
            chosen = min(TRIED, key=lambda way: log_loss(missed, told[way], labels=[False, True]))
        signs, found = _encoded(rows)
        return Risk(signs, _regression(found, rows, chosen, seed))


def _parted(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All but the last HELD of them to end, and these."""
    ordered = rows.sort("ended_at", maintain_order=True)
    cut = int(len(ordered) * (1 - HELD))
    return ordered.head(cut), ordered.tail(len(ordered) - cut)


def _encoded(rows: pl.DataFrame) -> tuple[CountVectorizer, csr_matrix]:
    signs = CountVectorizer(token_pattern=LINE, lowercase=False, min_df=2, binary=True)
    return signs, csr_matrix(signs.fit_transform(_said(rows)))


def _machine(found: csr_matrix, rows: pl.DataFrame, half_life: float, seed: int) -> LinearSVC:
    machine = LinearSVC(C=STRICTNESS, random_state=seed)
    return machine.fit(found, rows["end_team"].to_numpy(), sample_weight=_recency(rows, half_life))


def _regression(
    found: csr_matrix, rows: pl.DataFrame, way: tuple[float, float], seed: int
) -> LogisticRegression:
    half_life, strictness = way
    regression = LogisticRegression(C=strictness, max_iter=300, random_state=seed)
    return regression.fit(found, rows["missed"].to_numpy(), sample_weight=_recency(rows, half_life))


def _said(rows: pl.DataFrame) -> list[str]:
    """What was said of each, one by one and in twos and threes that mean more together."""
    together = [
        *((name,) for name in SAID),
        *(("team", name) for name in WITH_TEAM),
        *(("subcategory", name) for name in WITH_SUBCATEGORY),
        *(("team", "subcategory", name) for name in THREE),
    ]
    return [
        lines([", ".join(f"{name} {row[name]}" for name in names) for names in together])
        for row in rows.select(SAID).iter_rows(named=True)
    ]


def _recency(rows: pl.DataFrame, half_life: float) -> Floats:
    """By the end of each: of those opened of late, only the quick have ended."""
    latest: datetime = rows["ended_at"].max()  # type: ignore[assignment]
    days = (latest - rows["ended_at"]).dt.total_seconds().to_numpy() / 86_400
    return np.asarray(0.5 ** (days / half_life), dtype=np.float64)


def _two_nearest(decisions: Floats) -> Floats:
    ordered = np.sort(decisions, axis=1)
    return np.column_stack([ordered[:, -1], ordered[:, -1] - ordered[:, -2]])


def _reasons(signs: CountVectorizer, found: csr_matrix, worth: Floats, opening: str) -> list[str]:
    names = signs.get_feature_names_out()
    told = []
    for row, own in enumerate(worth):
        mine = found[row].indices
        most = [names[mine[i]] for i in np.argsort(-own[mine], kind="stable")[:NEAREST] if own[mine[i]] > 0]
        told.append(f"{opening} with {listed(most)}." if most else "Nothing that was said of it tells.")
    return told
