"""Tickets still open: which will miss their promise, and which team will end each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.tables import typed
from opslayer.intelligence.ticket.routing import CAPABILITY as ROUTE
from opslayer.intelligence.ticket.routing import teach_routes
from opslayer.modelops import Models

__all__ = ["at_risk", "headline", "learn", "risk_table", "run"]

SLA = "ticket_sla"
HIGH = 1.5  # times the usual share, from which a ticket is worth a word before it is late
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(), "ticket_id": pl.String(), "number": pl.String(), "about": pl.String(),
        "party_id": pl.String(), "client": pl.String(), "person_id": pl.String(), "state": pl.String(),
        "priority": pl.String(), "opened_at": pl.Datetime("us", "UTC"), "has_it": pl.String(),
        "is_late": pl.Boolean(), "probability": pl.Float64(), "usual": pl.Float64(), "is_high": pl.Boolean(),
        "reasons": pl.String(), "model": pl.String(), "model_version": pl.String(),
        "is_fallback": pl.Boolean(), "why_fallback": pl.String(), "to_team": pl.String(),
        "route_confidence": pl.Float64(), "is_to_move": pl.Boolean(), "route_reasons": pl.String(),
        "route_model": pl.String(), "route_model_version": pl.String(), "route_is_fallback": pl.Boolean(),
    }
)  # fmt: skip


class Answering(Protocol):
    """Whoever answers for a capability; `opslayer.modelops.Models` does."""

    def ask(self, capability: str, given: pl.DataFrame, *, as_of: date, moment: datetime) -> pl.DataFrame: ...


def run(layer: Queries, models: Answering, *, as_of: date, moment: datetime) -> dict[str, pl.DataFrame]:
    """The table of the question, by name: ticket_risk.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    still_open = layer.query("ticket_history").filter("is_open")
    risks = models.ask(SLA, still_open, as_of=as_of, moment=moment)
    routes = models.ask(ROUTE, still_open, as_of=as_of, moment=moment)
    return {"ticket_risk": risk_table(still_open, risks, routes)}


def risk_table(still_open: pl.DataFrame, risks: pl.DataFrame, routes: pl.DataFrame) -> pl.DataFrame:
    """One row an open ticket, the likeliest to be late first. Answers have a row each, by `subject`.

    Where the fallback answered, none is called high and none is to be moved: it does not tell them apart.
    """
    routed = routes.select(
        "subject",
        to_team="answer",
        route_confidence="confidence",
        route_reasons="reasons",
        route_model="model",
        route_model_version="model_version",
        route_is_fallback="is_fallback",
        may_move="may_act",
    )
    rows = (
        still_open.rename({"decided_at": "opened_at"})
        .join(risks.rename({"answer": "probability"}), on="subject", maintain_order="left")
        .join(routed, on="subject", maintain_order="left")
        .with_columns(
            ticket_id="subject",
            is_high=~pl.col("is_fallback")
            & ~pl.col("is_late")
            & (pl.col("probability") >= HIGH * pl.col("usual")).fill_null(value=False),
            is_to_move=(pl.col("may_move") & pl.col("to_team").ne_missing(pl.col("has_it"))).fill_null(
                value=False
            ),
        )
    )
    ordered = rows.sort("probability", "ticket_id", descending=[True, False], nulls_last=True)
    return typed(ordered, SCHEMA)


def at_risk(found: pl.DataFrame) -> pl.DataFrame:
    """Those worth a word: likely to be late, or with a team that does not end such tickets."""
    return found.filter(pl.col("is_high") | pl.col("is_to_move"))


def learn(layer: Queries, models: Models, *, as_of: date, snapshot: str, moment: datetime) -> str:
    """Teach who ends a ticket, where it is time for it; in words, what came of it."""
    return teach_routes(
        layer.query("ticket_history"), models.registry, as_of=as_of, snapshot=snapshot, moment=moment
    )


def headline(found: pl.DataFrame) -> str:
    """One sentence: how many are open, how many are likely to be late, how many lie with another team."""
    if found.is_empty():
        return "No ticket is open, or no ticketing system is read."
    late = int(found["is_late"].sum())
    told = f"**{len(found)}** tickets are open; {late} of them have missed their promise already."
    if found["is_fallback"].all():
        return f"{told} Nothing has been learnt that tells which others will."
    return (
        f"{told} **{int(found['is_high'].sum())}** more are likely to; {int(found['is_to_move'].sum())} lie "
        "with a team that does not end such tickets."
    )
