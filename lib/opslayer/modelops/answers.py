"""What is asked and what is answered, as frames; and what of each may be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import polars as pl

from opslayer.errors import ModelFailed, UsageError
from opslayer.modelops.capability import Capability, Input, Promised

NOTHING = "it answered nothing"
KINDS: dict[str, Callable[[pl.DataType], bool]] = {
    "number": lambda dtype: dtype.is_numeric(),
    "numbers": lambda dtype: isinstance(dtype, pl.List) and dtype.inner.is_numeric(),
    "text": lambda dtype: dtype == pl.String,
    "date": lambda dtype: dtype == pl.Date or isinstance(dtype, pl.Datetime),
    "flag": lambda dtype: dtype == pl.Boolean,
}


def answer_type(promised: Promised) -> pl.DataType:
    """Float64 for what is counted, String for what is said."""
    return pl.Float64() if promised.kind in ("probability", "number") else pl.String()


def schema(capability: Capability) -> pl.Schema:
    """The columns of an answer: one row a row asked about, in its order."""
    return pl.Schema(
        {
            "subject": pl.String(),
            "as_of": pl.Date(),
            "answer": answer_type(capability.answer),
            "confidence": pl.Float64(),
            "reasons": pl.String(),
            "model": pl.String(),
            "model_version": pl.String(),
            "is_fallback": pl.Boolean(),
            "why_fallback": pl.String(),
            "may_act": pl.Boolean(),
            "latency_ms": pl.Float64(),
            **dict.fromkeys(capability.answer.beside, pl.List(pl.Float64)),
        }
    )


def asked(capability: Capability, given: pl.DataFrame | Sequence[str] | str) -> pl.DataFrame:
    """What is asked about as a frame: the subject, then the inputs. A text is its own subject, by its place.

    Raises UsageError naming a column that is missing or of another kind.
    """
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, pl.DataFrame):
        texts = [str(text) for text in given]
        given = pl.DataFrame({capability.subject: [str(n) for n in range(len(texts))], "text": texts})
    wanted = [capability.subject, *(one.name for one in capability.inputs)]
    missing = [name for name in wanted if name not in given.columns]
    if missing:
        raise UsageError(
            f"{capability.name} is asked about {', '.join(wanted)}; there is no {', '.join(missing)}",
            mend=f"give a frame with these columns; `opslayer models show {capability.name}` describes them",
        )
    for one in capability.inputs:
        dtype = given.schema[one.name]
        if dtype != pl.Null and not KINDS[one.kind](dtype):
            raise UsageError(f"{one.name} of {capability.name} is a {one.kind}; got {dtype}")
    return given.select(pl.col(capability.subject).cast(pl.String).alias("subject"), *wanted[1:])


def faults(capability: Capability, rows: pl.DataFrame) -> list[str | None]:
    """Of each row, why no model is asked about it: an input missing, or out of the range it was taught in."""
    told = [
        pl.when(wrong).then(pl.format("{} is {}; {}", pl.lit(one.name), shown, pl.lit(expected)))
        for one in capability.inputs
        for wrong, shown, expected in _wrong(one, rows.schema[one.name])
    ]
    if not told:
        return [None] * rows.height
    return (
        rows.select(pl.concat_str(told, separator="; ", ignore_nulls=True).replace("", None))
        .to_series()
        .to_list()
    )


def _wrong(one: Input, dtype: pl.DataType) -> list[tuple[pl.Expr, pl.Expr, str]]:
    column = pl.col(one.name)
    if dtype == pl.Null:
        return [] if one.missing else [(column.is_null(), pl.lit("missing"), "it is needed")]
    checks = [] if one.missing else [(column.is_null(), pl.lit("missing"), "it is needed")]
    if one.kind == "number":
        outside = ~column.cast(pl.Float64).is_between(one.low, one.high) | column.cast(pl.Float64).is_nan()
        checks.append((outside, column.cast(pl.String), f"from {one.low:g} to {one.high:g}"))
    if one.kind == "numbers":
        values = pl.element().cast(pl.Float64)
        holes = column.list.eval(values.is_null() | ~values.is_finite()).list.any()
        checks.append((holes.fill_null(False), pl.lit("no list of numbers"), "none may be missing"))
    if one.kind == "text":
        shown = pl.format("'{}'", column.str.slice(0, 40))
        checks.append(
            (column.str.len_chars() > one.longest, pl.lit("too long"), f"{one.longest} characters at most")
        )
        if one.allowed:
            checks.append((~column.is_in(list(one.allowed)), shown, f"one of {', '.join(one.allowed)}"))
    return checks


def refused(capability: Capability, answers: pl.DataFrame) -> list[str | None]:
    """Of each answer, why it may not be used: missing, no number, out of range, no label that is allowed."""
    checks = (
        *_not_as_promised(capability.answer),
        (_no_share(pl.col("confidence")), NO_SHARE),
        *(
            (_no_numbers(name), pl.lit(f"its {name.replace('_', ' ')} are no numbers"))
            for name in capability.answer.beside
        ),
    )
    told = [pl.when(wrong).then(why) for wrong, why in checks]
    return answers.select(pl.coalesce(*told)).to_series().to_list()


def _not_as_promised(promised: Promised) -> list[tuple[pl.Expr, pl.Expr]]:
    answer = pl.col("answer")
    if promised.kind in ("probability", "number"):
        low, high = promised.range
        range_told = pl.format("it answered {}, and {} to {} is allowed", answer, pl.lit(low), pl.lit(high))
        return [
            (answer.is_null() | answer.is_nan(), pl.lit(NOTHING)),
            (~answer.is_between(low, high), range_told),
        ]
    if promised.kind == "label" and not promised.taught:
        no_label = pl.format("it answered '{}', which is no label", answer.str.slice(0, 60))
        return [(answer.is_null(), pl.lit(NOTHING)), (~answer.is_in(list(promised.labels)), no_label)]
    too_long = pl.lit(f"its answer is longer than {promised.longest} characters")
    return [
        (answer.is_null() | (answer.str.strip_chars() == ""), pl.lit(NOTHING)),
        (answer.str.len_chars() > promised.longest, too_long),
    ]


def _no_numbers(name: str) -> pl.Expr:
    """Of a list beside the answer: it is missing, or one of its values has run away."""
    values = pl.col(name).list.eval(pl.element().is_infinite() | pl.element().is_nan())
    return pl.col(name).is_null() | values.list.any().fill_null(False)


def _not_told(name: str) -> pl.Expr:
    return pl.lit(f"its {name.replace('_', ' ')}: there are no such numbers")


def _no_share(confidence: pl.Expr) -> pl.Expr:
    return confidence.is_not_null() & ~confidence.is_between(0, 1)


NO_SHARE = pl.lit("its confidence is no share")


def in_form(capability: Capability, answers: pl.DataFrame, *, rows: int) -> pl.DataFrame:
    """What somebody answered: answer, confidence, reasons, model, model_version, in their types.

    Raises ModelFailed where it is not that, or not one a row.
    """
    if not isinstance(answers, pl.DataFrame) or answers.height != rows:
        raise ModelFailed(f"{rows} answers were asked for")
    lacking = {"answer", "reasons", *capability.answer.beside} - set(answers.columns)
    if lacking:
        raise ModelFailed(f"its answers have no {', '.join(sorted(lacking))}")
    unsure = pl.col("confidence") if "confidence" in answers.columns else pl.lit(None)
    try:
        return answers.select(
            pl.col("answer").cast(answer_type(capability.answer)),
            unsure.cast(pl.Float64).alias("confidence"),
            pl.col("reasons").cast(pl.String).fill_null(""),
            pl.col("model").cast(pl.String),
            pl.col("model_version").cast(pl.String),
            pl.col(capability.answer.beside).cast(pl.List(pl.Float64)),
        )
    except pl.exceptions.PolarsError as error:
        raise ModelFailed(f"its answers are of another type: {error}") from error


def told(
    capability: Capability, replies: pl.DataFrame, *, as_of: date, latency_ms: float, is_fallback: bool
) -> pl.DataFrame:
    """Replies with all that is said of them; `replies` also has `subject` and `why_fallback`.

    Confidence of a probability that says none is how far it is from a coin. A rule may act where the
    confidence reaches `act_from`, and on a fallback only where the capability asks no confidence at all.
    """
    unsure = pl.col("confidence")
    if capability.answer.kind == "probability":
        unsure = unsure.fill_null(2 * (pl.col("answer") - 0.5).abs())
    sure = unsure.fill_null(0.0) >= capability.act_from
    allowed = not is_fallback or capability.act_from == 0
    return replies.select(
        "row",
        "subject",
        pl.lit(as_of).alias("as_of"),
        "answer",
        unsure.alias("confidence"),
        "reasons",
        "model",
        "model_version",
        pl.lit(is_fallback).alias("is_fallback"),
        pl.col("why_fallback").cast(pl.String),
        (pl.col("answer").is_not_null() & sure & pl.lit(allowed)).alias("may_act"),
        pl.lit(latency_ms).alias("latency_ms"),
        *capability.answer.beside,
    )
