"""Which leads are worth the time: the chance that each is won, by what was known when it came in, and why."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from opslayer.intelligence.propensity import Propensity, learn
from opslayer.intelligence.tables import MONEY, typed

__all__ = ["FEATURES", "LeadScore", "headline", "score_table", "usual_share", "waiting"]

FEATURES = (
    "channel", "practice", "is_known_client", "amount", "expected_days", "weeks", "won_before", "lost_before",
)  # fmt: skip
TITLES = {
    "channel": "came by",
    "practice": "practice",
    "is_known_client": "known client:",
    "amount": "worth",
    "expected_days": "days to the expected close",
    "weeks": "weeks of work",
    "won_before": "won with them in two years:",
    "lost_before": "lost with them in two years:",
}
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "opportunity_id": pl.String(),
        "name": pl.String(),
        "party_id": pl.String(),
        "party_name": pl.String(),
        "practice": pl.String(),
        "stage": pl.String(),
        "created_on": pl.Date(),
        "amount_base": MONEY,
        "probability": pl.Float64(),
        "probability_by_person": pl.Float64(),
        "overridden_by": pl.String(),
        "override_reason": pl.String(),
        "is_fallback": pl.Boolean(),
        "why_fallback": pl.String(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


@dataclass(frozen=True)
class LeadScore:
    """Learns the score from leads that were decided: the columns FEATURES and `label`, the oldest first."""

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> Propensity:  # noqa: ARG002
        """Deterministic: the seed changes nothing."""
        return learn(rows, features=FEATURES, titles=TITLES)


def waiting(history: pl.DataFrame) -> pl.DataFrame:
    """Of the query lead_history, the leads that are open: what the capability lead_score is asked about."""
    return history.filter(pl.col("label").is_null() & (pl.col("outcome") == "open"))


def usual_share(rows: pl.DataFrame) -> pl.DataFrame:
    """The fallback: how often past leads were won, the same for all (answer, confidence, reasons)."""
    told = pl.format(
        "{}% of past leads were won: the same for all.", (pl.col("usual") * 100).round(0).cast(pl.Int64)
    )
    return rows.select(answer="usual", confidence=pl.lit(None, dtype=pl.Float64), reasons=told)


def score_table(
    leads: pl.DataFrame, answers: pl.DataFrame, overrides: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """The table of the question, by name: lead_score, the likeliest first.

    `leads` as of `waiting`; `answers` what the capability said of them; `overrides` what people said
    (subject, override, by, reason): their chance stands beside the model's and never in its place.
    """
    said = overrides.select(
        "subject",
        probability_by_person=pl.col("override").cast(pl.Float64),
        overridden_by=pl.col("by").cast(pl.String),
        override_reason=pl.col("reason").cast(pl.String),
    )
    given = leads.rename({"subject": "opportunity_id"}).with_columns(
        amount_base="amount", created_on="decided_at"
    )
    rows = given.join(answers, left_on="opportunity_id", right_on="subject").join(
        said, left_on="opportunity_id", right_on="subject", how="left"
    )
    scored = rows.with_columns(probability="answer").sort(
        "probability", "opportunity_id", descending=[True, False], nulls_last=True
    )
    return {"lead_score": typed(scored, SCHEMA)}


def headline(scores: pl.DataFrame) -> str:
    """One sentence: how many leads are open, how many of them are expected to be won, and who says so."""
    if scores.is_empty():
        return "No lead is open."
    expected = float(scores.select(pl.coalesce("probability_by_person", "probability").sum()).item())
    told = f"**{len(scores)}** leads are open; **{expected:,.0f}** of them are expected to be won."
    if scores["is_fallback"].all():
        told += " Nothing has been learnt that does better than the share of past leads that were won."
    overridden = scores["probability_by_person"].count()
    return f"{told} A person said otherwise of {overridden}." if overridden else told
