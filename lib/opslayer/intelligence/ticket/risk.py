"""Will a ticket miss its SLA: the learner and the fallback of the capability ticket_sla."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from opslayer.intelligence.ticket.learner import Risk, SlaRisk


@dataclass(frozen=True)
class TicketRisk:
    """Learns of tickets that have ended: SAID, `label` (missed), decided_at and known_at."""

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> Risk:
        """Raises UsageError where all kept their promise, or none."""
        ended = rows.rename({"decided_at": "asked_at", "known_at": "ended_at", "label": "missed"})
        return SlaRisk().fit(ended, seed=seed)


def usual_share(rows: pl.DataFrame) -> pl.DataFrame:
    """The fallback: the share of tickets that missed their promise, the same for all."""
    told = pl.format(
        "{}% of the tickets that ended missed it: the same for all.", (pl.col("usual") * 100).round(1)
    )
    return rows.select(answer="usual", confidence=pl.lit(None, dtype=pl.Float64), reasons=told)
