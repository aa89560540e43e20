"""The chance that each open deal is won, when it will be decided, and why."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from opslayer.intelligence.tables import MONEY, typed
from opslayer.intelligence.win import hazard
from opslayer.intelligence.win.hazard import WinModel
from opslayer.intelligence.win.history import TRAITS, traits
from opslayer.intelligence.win.outlook import FALLBACK, MODEL, VERSION, Floats, Outlook

DRAWS = 200
INTERVAL = (0.1, 0.9)
COUNTED = 5.0  # deals that a shrunk stage weight counts for where its own are fewer
WORTH_SAYING = 0.15  # log odds from which a trait is given as a reason: four points at an even chance
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "opportunity_id": pl.String(),
        "name": pl.String(),
        "party_id": pl.String(),
        "party_name": pl.String(),
        "practice": pl.String(),
        "stage": pl.String(),
        "amount_base": MONEY,
        "created_on": pl.Date(),
        "expected_close_on": pl.Date(),
        "slips": pl.Int64(),
        "win_probability": pl.Float64(),
        "win_lower": pl.Float64(),
        "win_upper": pl.Float64(),
        "stage_weight": pl.Float64(),
        "close_earliest": pl.Date(),
        "close_on": pl.Date(),
        "close_latest": pl.Date(),
        "is_fallback": pl.Boolean(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def forecast_table(outlook: Outlook, *, seed: int = 0) -> pl.DataFrame:
    """One row an open deal (columns of intelligence.win_forecast), largest expected amount first."""
    deals = outlook.deals
    low, high = _interval(outlook, seed)
    close = {
        name: [outlook.day + timedelta(days=7 * int(week)) for week in outlook.close_week(share)]
        for name, share in (("close_earliest", 0.1), ("close_on", 0.5), ("close_latest", 0.9))
    }
    frame = deals.with_columns(
        pl.lit(outlook.day).alias("as_of"),
        pl.Series("win_probability", outlook.probability),
        pl.Series("win_lower", low),
        pl.Series("win_upper", high),
        *(pl.Series(name, days, pl.Date) for name, days in close.items()),
        pl.Series("is_fallback", outlook.by_weights),
        pl.Series("reasons", _reasons(outlook), pl.String),
        pl.Series("model", np.where(outlook.by_weights, FALLBACK, MODEL).tolist(), pl.String),
        pl.lit(VERSION).alias("model_version"),
    )
    return typed(
        frame.sort(
            pl.col("win_probability") * pl.col("amount_base").cast(pl.Float64), "opportunity_id",
            descending=[True, False], nulls_last=True,
        ),
        SCHEMA,
    )  # fmt: skip


def _interval(outlook: Outlook, seed: int) -> tuple[Floats, Floats]:
    """Of the probability: by drawn coefficients for the model, by a beta of few deals for stage weights."""
    chance = np.random.default_rng(seed)
    share = np.clip(outlook.probability, 1e-6, 1 - 1e-6)
    drawn = chance.beta(share * COUNTED, (1 - share) * COUNTED, (DRAWS, len(share)))
    if outlook.model is not None and not outlook.by_weights.all():
        with threadpool_limits(1):  # so that the same input gives the same digits
            modelled = hazard.probability_draws(outlook.model, outlook.deals, draws=DRAWS, seed=seed)
        drawn = np.where(outlook.by_weights, drawn, modelled)
    low, high = np.quantile(drawn, INTERVAL, axis=0)
    return np.minimum(low, outlook.probability), np.maximum(high, outlook.probability)


def _reasons(outlook: Outlook) -> list[str]:
    rows = outlook.deals
    if outlook.model is not None:
        rows = traits(rows, outlook.model.medians)
    return [
        _reason(row, outlook.model, by_weights=bool(fallback))
        for row, fallback in zip(rows.iter_rows(named=True), outlook.by_weights, strict=True)
    ]


def _reason(row: dict[str, object], model: WinModel | None, *, by_weights: bool) -> str:
    told = [f"In {row['stage']}: {row['stage_weight']:.0%} of the deals that came so far were won."]
    if row["disagrees"]:
        told.append("Its outcome and its stages disagree; it is taken as open.")
    day, expected = row["day"], row["expected_close_on"]
    if expected is None:
        told.append("Nobody has said when it closes.")
    elif expected < day:  # type: ignore[operator]
        told.append(f"Its expected close passed {(day - expected).days} days ago.")  # type: ignore[operator]
    if row["amount_base"] is None:
        told.append("It has no amount, so it counts for nothing in money.")
    if model is None:
        return " ".join([*told, "Too few deals have closed to teach the model: its stage's weight stands."])
    if by_weights:
        return " ".join([*told, "Its stages were not recorded: its stage's weight stands."])
    effects = [(hazard.effect(model, trait, str(row[trait])), trait) for trait in TRAITS]
    for words, sign in (("For it: {}.", 1), ("Against it: {}.", -1)):
        found = [
            TRAIT_WORDS[trait].format(row[trait]) for value, trait in effects if sign * value > WORTH_SAYING
        ]
        if found:
            told.append(words.format(", ".join(found)))
    return " ".join(told)


TRAIT_WORDS = {
    "channel": "it came by {}",
    "line": "the work is {}",
    "client": "the client is {}",
    "size": "its amount is {} for its practice",
    "waited": "in its stage for {}",
    "slipped": "its close has slipped: {}",
    "overdue": "its expected close is {}",
}
