"""Which leads are worth the time: the chance that each is won, by what was known when it came in, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.propensity import Propensity, answers, learn, teach
from opslayer.intelligence.tables import MONEY, typed

__all__ = ["FEATURES", "LeadScore", "headline", "run", "score_leads"]

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
    "won_before": "won with them before:",
    "lost_before": "lost with them before:",
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
        "override": pl.Float64(),
        "overridden_by": pl.String(),
        "override_reason": pl.String(),
        "is_fallback": pl.Boolean(),
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


def run(layer: Queries, *, as_of: date, overrides: pl.DataFrame | None = None) -> dict[str, pl.DataFrame]:
    """The table of the question, by name: lead_score. `overrides` is what people said (see `score_leads`).

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    return {"lead_score": score_leads(layer.query("lead_history"), as_of=as_of, overrides=overrides)}


def score_leads(history: pl.DataFrame, *, as_of: date, overrides: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row an open lead (columns of intelligence.lead_score), the likeliest first.

    `history` has the columns of the query lead_history. `overrides`: subject, override, by, reason; a
    person's chance stands beside the model's and never in its place.
    """
    taught = teach(history, as_of=as_of, features=FEATURES, titles=TITLES, entity="party_id")
    open_leads = history.filter(pl.col("label").is_null())
    scored = open_leads.hstack(answers(taught, open_leads, what="leads were won"))
    said = overrides if overrides is not None else pl.DataFrame(schema=dict.fromkeys(OVERRIDES, pl.String))
    said = said.select(
        "subject",
        pl.col("override").cast(pl.Float64),
        overridden_by=pl.col("by").cast(pl.String),
        override_reason=pl.col("reason").cast(pl.String),
    )
    rows = scored.join(said, on="subject", how="left").with_columns(
        as_of=pl.lit(as_of), opportunity_id="subject", created_on="decided_at", probability="answer",
        amount_base="amount",
    )  # fmt: skip
    return typed(rows.sort("probability", "subject", descending=[True, False]), SCHEMA)


OVERRIDES = ("subject", "override", "by", "reason")


def headline(scores: pl.DataFrame) -> str:
    """One sentence: how many leads are open, how many of them are expected to be won, and who says so."""
    if scores.is_empty():
        return "No lead is open."
    expected = float(scores.select(pl.coalesce("override", "probability").sum()).item())
    told = f"**{len(scores)}** leads are open; **{expected:,.0f}** of them are expected to be won."
    if scores["is_fallback"][0]:
        told += " Nothing has been learnt that does better than the share of past leads that were won."
    overridden = scores["override"].count()
    return f"{told} A person said otherwise of {overridden}." if overridden else told
