"""Which appointments will not take place: the chance that each is cancelled late or nobody comes, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.propensity import Propensity, answers, learn, teach
from opslayer.intelligence.tables import typed

__all__ = ["FEATURES", "HALF_LIVES", "AppointmentRisk", "headline", "run", "score_appointments"]

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
        "risk": pl.Float64(),
        "is_high": pl.Boolean(),
        "is_fallback": pl.Boolean(),
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


def run(layer: Queries, *, as_of: date) -> dict[str, pl.DataFrame]:
    """The table of the question, by name: appointment_risk.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    return {"appointment_risk": score_appointments(layer.query("appointment_history"), as_of=as_of)}


def score_appointments(history: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row an appointment to come (columns of intelligence.appointment_risk), the riskiest first.

    `history` has the columns of the query appointment_history. Without a model none is called high.
    """
    taught = teach(
        history, as_of=as_of, features=FEATURES, titles=TITLES, entity="party_id", half_lives=HALF_LIVES
    )
    coming = history.filter(pl.col("label").is_null())
    rows = coming.hstack(answers(taught, coming, what="past appointments were not held")).with_columns(
        as_of=pl.lit(as_of), appointment_id="subject", starts_on="matures_on", risk="answer"
    )
    rows = rows.with_columns(is_high=~pl.col("is_fallback") & (pl.col("risk") >= HIGH * taught.share))
    return typed(rows.sort("risk", "subject", descending=[True, False]), SCHEMA)


def headline(risks: pl.DataFrame) -> str:
    """One sentence: how many appointments are to come, and how many are likely not to be held."""
    if risks.is_empty():
        return "No appointment is to come."
    told = (
        f"**{len(risks)}** appointments are to come; **{float(risks['risk'].sum()):,.1f}** of them are "
        "expected not to be held."
    )
    if risks["is_fallback"][0]:
        return f"{told} Nothing has been learnt that tells them apart."
    return f"{told} {int(risks['is_high'].sum())} are at high risk."
