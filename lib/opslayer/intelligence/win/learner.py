"""The win model as it is taught, kept and asked: one answer a deal, with when it will be decided.

It is the competing-risks model of `hazard`, taught by rows of the query win_history and kept as plain arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from opslayer.intelligence.win import hazard
from opslayer.intelligence.win.forecast import TRAIT_WORDS, WORTH_SAYING
from opslayer.intelligence.win.hazard import WEEKS, Effects, WinModel
from opslayer.intelligence.win.history import TRAITS, practice_medians, traits
from opslayer.intelligence.win.outlook import Floats, close_week
from opslayer.intelligence.win.weights import weekly_wins

ANY_DAY = date(2000, 1, 3)  # deals are told in days before a day; which it is does not matter
SHARES = (0.1, 0.5, 0.9)  # of the closes: in eight of ten cases a deal is decided between the ends


@dataclass(frozen=True)
class WinProbability:
    """Learns from deals as they were on past days: the inputs of win_probability, `label`, `weeks`."""

    def fit(self, rows: pl.DataFrame, *, seed: int = 0) -> WinChances:  # noqa: ARG002
        """Deterministic: the seed changes nothing. Of too few deals nothing: stage weights stand."""
        seen = _as_landmarks(rows).with_columns(
            event=pl.when("label").then(pl.lit("won")).otherwise(pl.lit("lost")),
            weeks=pl.col("weeks").cast(pl.Int64).clip(1),
        )
        medians = practice_medians(seen)
        with threadpool_limits(1):
            model = hazard.fit(seen, medians)
        if model is None:
            return WinChances({}, (), (), None, None, rows["subject"].n_unique(), 0)
        known = [(str(practice), value) for practice, value in medians.rows() if practice is not None]
        return WinChances(
            model.levels,
            tuple(practice for practice, _ in known),
            tuple(float(value) if value is not None else float("nan") for _, value in known),
            model.closing,
            model.winning,
            model.deals,
            model.won,
        )


@dataclass(frozen=True)
class WinChances:
    """What was learnt of `deals` deals of which `won` were won; nothing where `closing` is None."""

    levels: dict[str, tuple[str, ...]]
    practices: tuple[str, ...]
    medians: tuple[float, ...]
    closing: Effects | None
    winning: Effects | None
    deals: int
    won: int

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """answer (0 to 1), confidence (none), reasons, and the days until it is decided: one row a deal."""
        if self.closing is None or self.winning is None:
            return stage_weight(rows)
        medians = pl.DataFrame(
            {"practice": self.practices, "median_base": self.medians},
            schema={"practice": pl.String, "median_base": pl.Float64},
        ).with_columns(pl.col("median_base").fill_nan(None))
        model = WinModel(self.levels, medians, self.closing, self.winning, self.deals, self.won)
        deals = _as_landmarks(rows)
        won, lost = hazard.weekly(model, deals)
        seen = traits(deals, medians)
        reasons = [_reason(row, model) for row in seen.iter_rows(named=True)]
        return _answers(won, lost, reasons)


def stage_weight(rows: pl.DataFrame) -> pl.DataFrame:
    """The fallback: the weight of its stage, and closes at a constant rate from then on."""
    won, lost = weekly_wins(rows["stage_weight"].to_numpy(), rows["close_days"].to_numpy(), WEEKS)
    told = pl.format(
        "In {}: {}% of the deals that came so far were won.",
        "stage",
        (pl.col("stage_weight") * 100).round(0).cast(pl.Int64),
    )
    return _answers(won, lost, rows.select(told=told)["told"].to_list())


def _answers(won: Floats, lost: Floats, reasons: list[str]) -> pl.DataFrame:
    days = 7.0 * np.column_stack([close_week(won, lost, share) for share in SHARES])
    return pl.DataFrame(
        {
            "answer": won.sum(axis=1),
            "confidence": pl.Series([None] * len(won), dtype=pl.Float64),
            "reasons": pl.Series(reasons, dtype=pl.String),
            "decided_in_days": pl.Series(days.tolist(), dtype=pl.List(pl.Float64)),
        }
    )


def _as_landmarks(rows: pl.DataFrame) -> pl.DataFrame:
    """Inputs, which count days, as the model sees deals: with days of a calendar, whichever that is."""
    day = pl.lit(ANY_DAY)
    return rows.with_columns(
        opportunity_id="subject",
        day=day,
        amount_base="amount",
        stage_entered_on=day - pl.duration(days=pl.col("in_stage_days")),
        expected_close_on=day - pl.duration(days=pl.col("overdue_days")),
    )


def _reason(row: dict[str, object], model: WinModel) -> str:
    told = [f"In {row['stage']}: {row['stage_weight']:.0%} of the deals that came so far were won."]
    effects = [(hazard.effect(model, trait, str(row[trait])), trait) for trait in TRAITS]
    for words, sign in (("For it: {}.", 1), ("Against it: {}.", -1)):
        found = [
            TRAIT_WORDS[trait].format(row[trait]) for value, trait in effects if sign * value > WORTH_SAYING
        ]
        if found:
            told.append(words.format(", ".join(found)))
    return " ".join(told)
