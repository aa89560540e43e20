"""Which team will end a ticket: taught anew by what has ended, serving where it beats what answers now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from opslayer.errors import ModelFailed, UsageError
from opslayer.intelligence.ticket.learner import SAID, Router, TicketRouter
from opslayer.intelligence.triage.judging import oftener_right
from opslayer.modelops import Card, Registry

CAPABILITY = "ticket_route"
FEWEST = 300  # tickets that have ended: fewer teach less than the rule knows
JUDGED_BY = 0.25  # the share of them, the newest, that judge
AGAIN_DAYS = 28  # in which it is not taught once more: it would learn the same


@dataclass(frozen=True)
class RouteModel:
    """A router that gives no answer below its threshold: then the rule answers, and nothing acts on it."""

    router: Router

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row a ticket, in order: answer (a team; null where it is unsure), confidence, reasons."""
        unsure = pl.format(
            "it is sure of {}% and leaves it to a person",
            (pl.col("confidence") * 100).round(0).cast(pl.Int64),
        )
        return self.router.predict(rows).select(
            pl.when(~pl.col("abstained")).then("answer").alias("answer"),
            "confidence",
            pl.when("abstained").then(unsure).otherwise("reasons").alias("reasons"),
        )


@dataclass(frozen=True)
class RouteClassifier:
    """Learns of tickets that have ended: SAID, end_team, decided_at and known_at."""

    precision: float = 0.9

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> RouteModel:
        """Raises UsageError for fewer than three teams."""
        ended = rows.rename({"decided_at": "asked_at", "known_at": "ended_at"})
        return RouteModel(TicketRouter(self.precision).fit(ended, seed=seed))


def last_team(rows: pl.DataFrame) -> pl.DataFrame:
    """The fallback: the team it was opened with, else the one that ended the last of its subcategory."""
    return rows.select(
        answer=pl.coalesce("team", "last_team"),
        confidence=pl.lit(None, pl.Float64),
        reasons=pl.when(pl.col("team").is_not_null())
        .then(pl.lit("It was opened with them."))
        .otherwise(pl.lit("They ended the last of its subcategory.")),
    )


def teach_routes(
    history: pl.DataFrame,
    registry: Registry,
    *,
    as_of: date,
    snapshot: str,
    moment: datetime,
    seed: int = 0,
) -> str:
    """Teach on the older of what had ended by `as_of`, judge on the newest beside what answers now; in words.

    `history` as the query ticket_history gives it. What is right more often, and not by chance, serves.
    """
    known = history.filter(pl.col("end_team").is_not_null(), pl.col("known_at").cast(pl.Date) <= as_of)
    if len(known) < FEWEST:
        return f"{len(known)} tickets have ended; {FEWEST} are needed to learn who ends one."
    newest_version = registry.versions(CAPABILITY)
    if not newest_version.is_empty() and newest_version["as_of"][0] > str(as_of - timedelta(days=AGAIN_DAYS)):
        return f"Taught on {newest_version['as_of'][0]}: {newest_version['note'][0]}"
    ordered = known.sort("decided_at", "subject")
    newest = ordered.tail(len(ordered) - int(len(ordered) * (1 - JUDGED_BY)))
    older = ordered.filter(pl.col("known_at") < newest["decided_at"].min())
    try:
        found = RouteClassifier().fit(older, seed=seed).router.predict(newest)
        model = RouteClassifier().fit(ordered, seed=seed)
    except UsageError as error:
        return f"Nothing could be learnt: {error.message}."
    ended = newest["end_team"].to_numpy()
    right = found["answer"].to_numpy() == ended
    now, rival = _now(registry, newest)
    before = now.fill_null("").to_numpy() == ended
    share = f"the team that ended {right.mean():.0%} of the {len(newest)} newest"
    told = f"It names {share}; {rival}, {before.mean():.0%}"
    if not oftener_right(right, before):
        return f"{told}: no gain that is more than chance, so nothing changes."
    answered = ~found["abstained"].to_numpy()
    scores = {
        "accuracy": float(right.mean()),
        "accuracy before": float(before.mean()),
        "answered": float(answered.mean()),
    }
    card = Card(
        CAPABILITY, "tickets like it", as_of, snapshot, "1.0.0", SAID, len(ordered), scores, f"{told}."
    )
    judged = pl.DataFrame({"outcome": newest["end_team"], "answer": found["answer"]})
    version = registry.register(model, card, judged=judged, moment=moment)
    registry.promote(CAPABILITY, version)
    return f"{told}: version {version} answers from now on, where it is sure."


def _now(registry: Registry, newest: pl.DataFrame) -> tuple[pl.Series, str]:
    """What answers now says of the same tickets, and its name."""
    try:
        champion = registry.load(CAPABILITY, "champion")
    except ModelFailed:
        return last_team(newest)["answer"], "the team it was opened with"
    answers: pl.Series = champion.model.router.predict(newest)["answer"]
    return answers, f"version {champion.version}"
