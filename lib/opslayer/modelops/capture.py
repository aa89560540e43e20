"""What was asked and answered is kept, with what people made of it and what came, until it is forgotten."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from opslayer.errors import UsageError
from opslayer.store import Correction, Observation, Prediction, append, canonical

AT_ONCE = 500  # rows a statement: SQLite binds 32,766 values
FORGOTTEN = "forgotten"


def keep(
    session: Session,
    capability: str,
    asked: pl.DataFrame,
    answers: pl.DataFrame,
    *,
    role: str,
    moment: datetime,
) -> int:
    """Keep each answer with its inputs (`asked`: subject and inputs); gives how many were new.

    The same question with the same answer of the same version is kept once, however often it is asked.
    """
    inputs = {row.pop("subject"): row for row in asked.to_dicts()}
    made = [
        _row(capability, inputs[row["subject"]], row, role=role, moment=moment)
        for row in answers.iter_rows(named=True)
    ]
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    new = 0
    for start in range(0, len(made), AT_ONCE):
        statement = insert(Prediction).values(made[start : start + AT_ONCE])
        kept = session.execute(
            statement.on_conflict_do_nothing(index_elements=["key"]).returning(Prediction.id)
        )
        new += len(kept.all())
    return new


def correct(
    session: Session, prediction_id: int, answer: float | str, *, by: str, reason: str, moment: datetime
) -> None:
    """A person says otherwise. The prediction stays as it was; the trail has who said what, and why.

    Raises UsageError where there is no such prediction, or it was forgotten.
    """
    found = session.get(Prediction, prediction_id)
    if found is None or found.inputs is None:
        raise UsageError(
            f"there is no prediction {prediction_id}", mend="`opslayer models answers NAME` lists them"
        )
    if isinstance(answer, str) is (found.number is not None):
        raise UsageError(
            f"prediction {prediction_id} is a {'number' if found.number is not None else 'word'}"
        )
    session.add(
        Correction(
            prediction_id=prediction_id,
            corrected_at=moment,
            corrected_by=by,
            reason=reason,
            **_valued(answer),
        )
    )
    append(
        session,
        moment=moment,
        actor=by,
        event="prediction corrected",
        detail={"prediction": prediction_id, "capability": found.capability, "to": answer, "reason": reason},
    )


def overrides(session: Session, capability: str) -> pl.DataFrame:
    """What a person said last of each subject, beside what the model said: one row a subject."""
    rows = session.execute(
        select(Prediction, Correction)
        .join(Correction, Correction.prediction_id == Prediction.id)
        .where(Prediction.capability == capability)
        .order_by(Correction.id)
    ).all()
    last = {prediction.subject: (prediction, correction) for prediction, correction in rows}
    return pl.DataFrame(
        [
            {
                "subject": subject,
                "prediction_id": prediction.id,
                "answer": _shown(prediction),
                "override": _shown(correction),
                "by": correction.corrected_by,
                "at": correction.corrected_at,
                "reason": correction.reason,
            }
            for subject, (prediction, correction) in sorted(last.items())
        ],
        schema={
            "subject": pl.String,
            "prediction_id": pl.Int64,
            "answer": pl.String,
            "override": pl.String,
            "by": pl.String,
            "at": pl.Datetime("us", "UTC"),
            "reason": pl.String,
        },
    )


def as_answer(text: str) -> float | str:
    """What a person typed: a number where it is one."""
    try:
        return float(text)
    except ValueError:
        return text


def latest(session: Session, capability: str, *, most: int = 200) -> pl.DataFrame:
    """What was answered last, the last first, each with what a person said instead."""
    rows = session.scalars(
        select(Prediction)
        .where(Prediction.capability == capability, Prediction.role == "served")
        .order_by(Prediction.id.desc())
        .limit(most)
    ).all()
    said = {
        one.prediction_id: _shown(one)
        for one in session.scalars(
            select(Correction)
            .where(Correction.prediction_id.in_([row.id for row in rows]))
            .order_by(Correction.id)
        )
    }
    columns = (
        "subject",
        "as_of",
        "confidence",
        "reasons",
        "model",
        "model_version",
        "is_fallback",
        "why_fallback",
    )
    return pl.DataFrame(
        [
            {
                "prediction_id": row.id,
                "answer": _shown(row),
                "override": said.get(row.id),
                **{name: getattr(row, name) for name in columns},
            }
            for row in rows
        ],
        schema_overrides={"override": pl.String, "why_fallback": pl.String, "confidence": pl.Float64},
        infer_schema_length=None,
    )


def observe(session: Session, capability: str, outcomes: pl.DataFrame) -> int:
    """Put outcomes (subject, known_on, label) beside the predictions made before; gives how many were new.

    A prediction made on the day its outcome was known, or later, foretold nothing: it gets none.
    """
    known = {row["subject"]: row for row in outcomes.iter_rows(named=True)}
    waiting = session.execute(
        select(Prediction.id, Prediction.subject, Prediction.as_of)
        .outerjoin(Observation, Observation.prediction_id == Prediction.id)
        .where(Prediction.capability == capability, Observation.id.is_(None))
    ).all()
    added = [
        Observation(
            prediction_id=number, known_on=known[subject]["known_on"], **_valued(known[subject]["label"])
        )
        for number, subject, as_of in waiting
        if subject in known and as_of < known[subject]["known_on"]
    ]
    session.add_all(added)
    return len(added)


@dataclass(frozen=True)
class Judged:
    """What was predicted of one subject, and what came."""

    predicted: float
    came: float
    as_of: date
    known_on: date
    version: str
    role: str


def judged(session: Session, capability: str, *, as_of: date) -> list[Judged]:
    """Predictions of numbers whose outcome was known by `as_of`, no fallback's, by the day of the outcome."""
    rows = session.execute(
        select(Prediction, Observation)
        .join(Observation, Observation.prediction_id == Prediction.id)
        .where(
            Prediction.capability == capability,
            Prediction.is_fallback.is_(False),
            Prediction.number.is_not(None),
            Observation.known_on <= as_of,
        )
        .order_by(Observation.known_on, Prediction.id)
    ).all()
    return [
        Judged(p.number, o.number, p.as_of, o.known_on, p.model_version, p.role)
        for p, o in rows
        if p.number is not None and o.number is not None
    ]


def forget(session: Session, subject: str, *, by: str, reason: str, moment: datetime) -> int:
    """Erase what was asked and answered about a person or client; gives of how many predictions.

    The rows stay as counts, without who they were of; the trail says that it was done, and not of whom.
    """
    mine = select(Prediction.id).where(Prediction.subject == subject)
    numbers = list(session.scalars(mine))
    session.execute(delete(Correction).where(Correction.prediction_id.in_(numbers)))
    session.execute(
        update(Prediction)
        .where(Prediction.id.in_(numbers))
        .values(subject=FORGOTTEN, inputs=None, words=None, reasons="", why_fallback=None)
    )
    append(
        session,
        moment=moment,
        actor=by,
        event="predictions forgotten",
        detail={"predictions": len(numbers), "reason": reason},
    )
    return len(numbers)


def prune(session: Session, *, keep_days: int, moment: datetime) -> int:
    """Delete what was asked longer ago than is kept; gives how many."""
    old = list(
        session.scalars(select(Prediction.id).where(Prediction.asked_at < moment - timedelta(days=keep_days)))
    )
    for table in (Correction, Observation):
        session.execute(delete(table).where(table.prediction_id.in_(old)))
    session.execute(delete(Prediction).where(Prediction.id.in_(old)))
    return len(old)


def _row(
    capability: str, inputs: dict[str, Any], answer: dict[str, Any], *, role: str, moment: datetime
) -> dict[str, Any]:
    rests_on = [
        capability,
        role,
        answer["model"],
        answer["model_version"],
        answer["subject"],
        str(answer["as_of"]),
    ]
    kept = {name: _plain(value) for name, value in inputs.items()}
    said = {"number": answer["answer"], "words": None}
    if isinstance(answer["answer"], str):
        said = {"number": None, "words": answer["answer"]}
    return {
        "key": hashlib.sha256(canonical([*rests_on, kept, said])).hexdigest(),
        "capability": capability,
        "asked_at": moment,
        "role": role,
        "inputs": kept,
        **{name: answer[name] for name in COPIED},
        **said,
    }


COPIED = (
    "subject", "as_of", "model", "model_version", "confidence", "reasons", "is_fallback", "why_fallback",
    "latency_ms",
)  # fmt: skip


def _plain(value: Any) -> Any:
    """As the store can hold it; of a series what tells it from others: the snapshot has the values."""
    if isinstance(value, list):
        told = hashlib.sha256(canonical(value)).hexdigest()[:12]
        return f"{len(value)} values, the last {value[-1] if value else None}; {told}"
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _valued(answer: float | str | bool) -> dict[str, Any]:
    if isinstance(answer, str):
        return {"number": None, "words": answer}
    return {"number": float(answer), "words": None}


def _shown(of: Prediction | Correction) -> str | None:
    return of.words if of.number is None else f"{of.number:g}"
