"""Which appointments will not take place: the chance that each is cancelled late or nobody comes, and why."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from opslayer.intelligence.propensity import Propensity, learn
from opslayer.intelligence.tables import typed

__all__ = ["FEATURES", "HALF_LIVES", "AppointmentRisk", "coming", "headline", "risk_table", "usual_share"]

FEATURES = (
    "weekday", "hour", "minutes", "notice_days", "is_online", "is_for_deal", "earlier", "earlier_failed",
)  # fmt: skip
TITLES = {
    "weekday": "day of the week",
    "hour": "hour",
    "minutes": "minutes planned",
    "notice_days": "days booked ahead",
    "is_online": "online:",
    "is_for_deal": "about a deal:",
    "earlier": "appointments with them before:",
    "earlier_failed": "of those not held:",
}
HALF_LIVES = (10_000, 30_000)  # people cancel this year as they did the last: slower than what they buy
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "appointment_id": pl.String(),
        "party_id": pl.String(),
        "party_name": pl.String(),
        "starts_on": pl.Date(),
        "probability": pl.Float64(),
        "is_high": pl.Boolean(),
        "is_fallback": pl.Boolean(),
        "why_fallback": pl.String(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)
HIGH = 1.5  # times the usual share, from which an appointment is worth a call beside the reminder


@dataclass(frozen=True)
class AppointmentRisk:
    """Learns the risk from appointments whose day has passed: the columns FEATURES and `label`, the oldest
    first.
    """

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> Propensity:  # noqa: ARG002
        """Deterministic: the seed changes nothing."""
        return learn(rows, features=FEATURES, titles=TITLES, half_lives=HALF_LIVES)


def coming(history: pl.DataFrame) -> pl.DataFrame:
    """Of the query appointment_history, those to come: what the capability is asked about."""
    return history.filter(pl.col("label").is_null())


def usual_share(rows: pl.DataFrame) -> pl.DataFrame:
    """The fallback: how often past appointments were not held, the same for all (answer, confidence,
    reasons).
    """
    share = (pl.col("usual") * 100).round(1)
    told = pl.format("{}% of past appointments were not held: the same for all.", share)
    return rows.select(answer="usual", confidence=pl.lit(None, dtype=pl.Float64), reasons=told)


def risk_table(appointments: pl.DataFrame, answers: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The table of the question, by name: appointment_risk, the riskiest first.

    `appointments` as of `coming`, `answers` what the capability said of them. Where the fallback answered
    none is called high: it does not tell them apart.
    """
    given = appointments.rename({"subject": "appointment_id"}).with_columns(starts_on="matures_on")
    rows = given.join(answers, left_on="appointment_id", right_on="subject").with_columns(
        probability="answer", is_high=~pl.col("is_fallback") & (pl.col("answer") >= HIGH * pl.col("usual"))
    )
    ordered = rows.sort("probability", "appointment_id", descending=[True, False], nulls_last=True)
    return {"appointment_risk": typed(ordered, SCHEMA)}


def headline(risks: pl.DataFrame) -> str:
    """One sentence: how many appointments are to come, and how many are likely not to be held."""
    if risks.is_empty():
        return "No appointment is to come."
    told = (
        f"**{len(risks)}** appointments are to come; **{risks['probability'].sum():,.1f}** of them "
        "are expected not to be held."
    )
    if risks["is_fallback"].all():
        return f"{told} Nothing has been learnt that tells them apart."
    return f"{told} {int(risks['is_high'].sum())} are at high risk."
