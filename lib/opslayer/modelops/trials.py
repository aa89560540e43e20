"""Two models, or two prompts, side by side: who answers is drawn as in all trials; which to keep.

A subject belongs to the arm it was drawn for, whoever answered in the end (intention to treat): what is tried
and fails has failed for its subjects.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
from sqlalchemy import select

from opslayer.config import Firm
from opslayer.modelops.capability import Capability, Trial, load_capabilities
from opslayer.modelops.experiments import Reading, assign, read
from opslayer.store import Correction, Observation, Prediction, Store

TOLD: dict[str, Any] = {
    "verdict": pl.String,
    "subjects": pl.Int64,
    "standing_subjects": pl.Int64,
    "mean_tried": pl.Float64,
    "mean_standing": pl.Float64,
    "effect": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "noise_removed": pl.Float64,
    "sample_ratio_p": pl.Float64,
    "reasons": pl.String,
}
READING: dict[str, Any] = {"capability": pl.String, "trial": pl.String, "judged_by": pl.String, **TOLD}
JUDGED_BY = {
    "probability": "square of what was off, less is better",
    "number": "how far it was off, less is better",
    "label": "left as it was by people",
    "text": "written and left as it was by people",
}


def trials(firm: Firm, store: Store, *, as_of: date, only: str | None = None) -> pl.DataFrame:
    """One row a trial of a capability (columns of READING): keep, stop or not yet.

    Means, the effect and its interval are of outcomes of which more is better: a loss is below zero.
    """
    rows = []
    for name, capability in sorted(load_capabilities(firm).items()):
        if capability.trial is None or only not in (None, name):
            continue
        (found,) = read(
            capability.trial.experiment, subjects(store, capability, capability.trial, as_of=as_of)
        )
        judged_by = JUDGED_BY[capability.answer.kind]
        rows.append(
            {"capability": name, "trial": capability.trial.name, "judged_by": judged_by, **told(found)}
        )
    return pl.DataFrame(rows, schema=READING)


def told(found: Reading) -> dict[str, Any]:
    """A reading as a row: of what is not known yet, nothing."""
    known = found.mean is not None and found.control_mean is not None
    bounded = known and found.effect.lower > float("-inf")
    return {
        "verdict": found.verdict,
        "subjects": found.subjects,
        "standing_subjects": found.control_subjects,
        "mean_tried": found.mean,
        "mean_standing": found.control_mean,
        "effect": found.effect.value if known else None,
        "lower": found.effect.lower if bounded else None,
        "upper": found.effect.upper if bounded else None,
        "noise_removed": found.noise_removed,
        "sample_ratio_p": found.sample_ratio_p,
        "reasons": found.reasons,
    }


def subjects(store: Store, capability: Capability, trial: Trial, *, as_of: date) -> pl.DataFrame:
    """One row a subject asked about since the trial began: arm, outcome (null: not judged yet), before.

    It counts once, by the first answer it got.
    """
    with store.reading() as session:
        found = session.execute(
            select(Prediction, Observation, Correction.id)
            .outerjoin(Observation, Observation.prediction_id == Prediction.id)
            .outerjoin(Correction, Correction.prediction_id == Prediction.id)
            .where(
                Prediction.capability == capability.name,
                Prediction.role == "served",
                Prediction.inputs.is_not(None),
                Prediction.as_of >= trial.since,
                Prediction.as_of <= as_of,
            )
            .order_by(Prediction.id, Correction.id)
        ).all()
    rows: dict[str, tuple[str, float | None, float | None]] = {}
    for answer, came, corrected in found:
        if answer.subject in rows:
            continue
        known = came is not None and came.known_on <= as_of
        outcome = _outcome(capability, trial, answer, came if known else None, corrected is not None, as_of)
        before = (answer.inputs or {}).get(trial.before) if trial.before else None
        arm = assign(trial.experiment, answer.subject)
        rows[answer.subject] = (arm, outcome, None if before is None else float(before))
    schema = {"arm": pl.String, "outcome": pl.Float64, "before": pl.Float64}
    return pl.DataFrame(list(rows.values()), schema=schema, orient="row")


def _outcome(
    capability: Capability,
    trial: Trial,
    answer: Prediction,
    came: Observation | None,
    corrected: bool,
    as_of: date,
) -> float | None:
    """More is better. What is counted waits for what came; what is said waits for people to correct it."""
    if capability.answer.kind in ("probability", "number"):
        if answer.number is None or came is None or came.number is None:
            return None
        off = answer.number - came.number
        return -(off**2) if capability.answer.kind == "probability" else -abs(off)
    if corrected:
        return 0.0
    if answer.as_of + timedelta(days=trial.wait_days) > as_of:
        return None
    return 0.0 if capability.answer.kind == "text" and answer.is_fallback else 1.0
