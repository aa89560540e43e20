"""One way to ask any model: forecasts, scores, classifiers and language models behind one call.

Candidates are asked in the capability's order, each about the rows that nobody has answered yet. What may
not be used is nobody's answer. What none of them answers in time, the fallback does, and the row says why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from time import monotonic
from typing import TypeVar

import polars as pl

from opslayer.errors import ModelFailed
from opslayer.modelops import answers as form
from opslayer.modelops.capability import Capability
from opslayer.modelops.circuit import Circuits
from opslayer.modelops.respondents import Respondent

Result = TypeVar("Result")
FALLBACK_SHARE = 0.2  # of the time: what is left for the fallback when the others are cut off


@dataclass(frozen=True)
class Share:
    """Who answers for which of the rows: `serves` says it of each subject, all where it is None."""

    respondent: Respondent
    serves: Callable[[str], bool] | None = None


@dataclass(frozen=True)
class Bench:
    """Who may be asked, in their order; who stands in; who answers for nobody's eyes."""

    candidates: Sequence[Share]
    fallback: Respondent
    circuits: Circuits
    shadows: Sequence[Respondent] = ()
    closed: Mapping[str, str] = field(default_factory=dict)  # candidates that are none here, and why


@dataclass(frozen=True)
class Answers:
    """`served` is one row a row asked about, in its order; `shadow` what others would have said."""

    served: pl.DataFrame
    shadow: pl.DataFrame


def answer(
    capability: Capability, rows: pl.DataFrame, bench: Bench, *, as_of: date, moment: datetime
) -> Answers:
    """Ask about each row (columns `subject` and the inputs) within the capability's time.

    A row of which an input is missing or out of range is asked of nobody: the fallback answers.
    """
    if rows.is_empty():
        empty = pl.DataFrame(schema=form.schema(capability))
        return Answers(empty, empty)
    began = monotonic()
    until = began + capability.timeout_seconds * (1 - FALLBACK_SHARE)
    numbered = rows.with_row_index("row").with_columns(
        why_fallback=pl.Series(form.faults(capability, rows), dtype=pl.String)
    )
    out_of_range = numbered.filter(pl.col("why_fallback").is_not_null())
    left = numbered.filter(pl.col("why_fallback").is_null())
    done = []
    for share in bench.candidates:
        theirs, others = _theirs(left, share)
        if theirs.is_empty():
            continue
        answered, unanswered = _from(
            capability, share.respondent, theirs, bench.circuits, as_of=as_of, moment=moment, until=until
        )
        done.append(answered)
        left = pl.concat([others, unanswered]).sort("row")
    nobody = "; ".join(bench.closed.values()) or "nobody else may be asked"
    left = pl.concat([left.with_columns(pl.col("why_fallback").fill_null(nobody)), out_of_range]).sort("row")
    if not left.is_empty():
        done.append(_fallback(capability, bench.fallback, left, as_of=as_of, moment=moment))
    served = pl.concat(done).sort("row").drop("row")
    return Answers(served, _shadows(capability, bench, rows, as_of=as_of, moment=moment))


def _theirs(left: pl.DataFrame, share: Share) -> tuple[pl.DataFrame, pl.DataFrame]:
    if share.serves is None:
        return left, left.clear()
    serves = pl.Series([share.serves(subject) for subject in left["subject"]], dtype=pl.Boolean)
    return left.filter(serves), left.filter(~serves)


def _from(
    capability: Capability,
    respondent: Respondent,
    rows: pl.DataFrame,
    circuits: Circuits,
    *,
    as_of: date,
    moment: datetime,
    until: float,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What one answered that may be used, and the rows for the next, which say why they are."""
    began = monotonic()
    failure = circuits.open_because(respondent.name, moment)
    replies = None
    if failure is None:
        try:
            replies = _replies(capability, respondent, rows, moment=moment, until=until)
            circuits.answered(respondent.name, latency_ms=1_000 * (monotonic() - began))
        except ModelFailed as error:
            failure = error.message
            circuits.failed(respondent.name, failure, moment)
    if replies is None:
        return _nothing(capability), _told_why(rows, [failure] * rows.height)
    why = form.refused(capability, replies)
    said = [
        reason if wrong == form.NOTHING and reason else wrong
        for wrong, reason in zip(why, replies["reasons"], strict=True)
    ]
    used = pl.Series([wrong is None for wrong in why], dtype=pl.Boolean)
    answered = form.told(
        capability,
        replies.with_columns(rows["row"], rows["subject"], why_fallback=pl.lit(None)).filter(used),
        as_of=as_of,
        latency_ms=1_000 * (monotonic() - began),
        is_fallback=False,
    )
    return answered, _told_why(rows.filter(~used), [text for text in said if text is not None])


def _replies(
    capability: Capability, respondent: Respondent, rows: pl.DataFrame, *, moment: datetime, until: float
) -> pl.DataFrame:
    asked = rows.drop("row", "why_fallback")
    given = within(until - monotonic(), lambda: respondent.answer(asked, moment=moment, until=until))
    return form.in_form(capability, given, rows=rows.height)


def _fallback(
    capability: Capability, fallback: Respondent, rows: pl.DataFrame, *, as_of: date, moment: datetime
) -> pl.DataFrame:
    """What stands in. Where it fails too there is no answer, and the row says so: nothing acts on it."""
    began = monotonic()
    until = began + capability.timeout_seconds * FALLBACK_SHARE
    try:
        replies = _replies(capability, fallback, rows, moment=moment, until=until)
        wrong = form.refused(capability, replies)
    except ModelFailed as error:
        empty = pl.Series([None] * rows.height, dtype=form.answer_type(capability.answer))
        replies = pl.DataFrame({"answer": empty}).with_columns(
            confidence=pl.lit(None, dtype=pl.Float64),
            reasons=pl.lit(f"There is no answer: the fallback failed too ({error.message})."),
            model=pl.lit(fallback.name),
            model_version=pl.lit(""),
            **{name: pl.lit(None, dtype=pl.List(pl.Float64)) for name in capability.answer.beside},
        )
        wrong = [None] * rows.height
    usable = pl.Series([why is None for why in wrong], dtype=pl.Boolean)
    return form.told(
        capability,
        replies.with_columns(
            rows["row"], rows["subject"], rows["why_fallback"], answer=pl.when(usable).then("answer")
        ),
        as_of=as_of,
        latency_ms=1_000 * (monotonic() - began),
        is_fallback=True,
    )


def _shadows(
    capability: Capability, bench: Bench, rows: pl.DataFrame, *, as_of: date, moment: datetime
) -> pl.DataFrame:
    """What those would have said whom nobody hears yet; that one of them fails is nobody's trouble."""
    numbered = rows.with_row_index("row").with_columns(why_fallback=pl.lit(None, dtype=pl.String))
    parts = [_nothing(capability)]
    for shadow in bench.shadows:
        until = monotonic() + capability.timeout_seconds
        heard, _ = _from(
            capability, shadow, numbered, bench.circuits, as_of=as_of, moment=moment, until=until
        )
        parts.append(heard)
    return pl.concat(parts).drop("row")


def _told_why(rows: pl.DataFrame, why: Sequence[str | None]) -> pl.DataFrame:
    """Each row with one more reason for which it still has no answer."""
    more = pl.Series("more", why, dtype=pl.String)
    return rows.with_columns(
        why_fallback=pl.concat_str([pl.col("why_fallback"), more], separator="; ", ignore_nulls=True)
    )


def _nothing(capability: Capability) -> pl.DataFrame:
    return pl.DataFrame(schema={**form.schema(capability), "row": pl.UInt32()}).select(
        "row", *form.schema(capability)
    )


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """What `work` gives, if it gives it in time. Raises ModelFailed where it does not, and for any failure.

    Work that is late is left to itself: nobody waits for it, and nothing it gives is used.
    """
    if seconds <= 0:
        raise ModelFailed("no time was left")
    results: list[Result] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # a model's failure of any sort is an answer not given
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if results:
        return results[0]
    if not failures:
        raise ModelFailed(f"it gave no answer within {seconds:.1f} s")
    if isinstance(failures[0], ModelFailed):
        raise failures[0]
    raise ModelFailed(f"it failed: {type(failures[0]).__name__}: {failures[0]}") from failures[0]
