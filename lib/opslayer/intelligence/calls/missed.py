"""The risk that nobody answers a call: the learner and the fallback of the capability missed_call."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from opslayer.intelligence.propensity import Propensity, learn

FEATURES = ("weekday", "hour", "calls_lately", "share_lately")
TITLES = {
    "weekday": "day of the week",
    "hour": "hour",
    "calls_lately": "calls in such an hour:",
    "share_lately": "share missed in it of late:",
}


@dataclass(frozen=True)
class MissedCall:
    """Learns of calls that came: the columns FEATURES and `label` (nobody answered), the oldest first."""

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> Propensity:  # noqa: ARG002
        """Deterministic: the seed changes nothing."""
        return learn(rows, features=FEATURES, titles=TITLES)


def hours_share(rows: pl.DataFrame) -> pl.DataFrame:
    """The fallback: the share missed in such an hour of late (answer, confidence, reasons)."""
    told = pl.format(
        "{}% of the calls in such an hour were missed of late.", (pl.col("share_lately") * 100).round(1)
    )
    return rows.select(answer="share_lately", confidence=pl.lit(None, dtype=pl.Float64), reasons=told)
