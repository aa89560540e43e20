"""Deals as they were known on a day, and on every other Monday of the past: what the model is taught by.

Nothing of a row says what came later: `closed_on` and `outcome` are only on those that had closed by the day
that looks back. Amounts, stages and expected closes are those of the day itself, from the stage history.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

MEMORY_WEEKS = 104  # of landmarks: what is older says less of today, and bounds time and memory
STEP_WEEKS = 4  # between the landmarks of one deal: closer ones say nearly the same
UNKNOWN = "(unknown)"
OTHER = "(other)"
FEWEST_OF_A_KIND = 30  # deals that a stage, channel or practice needs for an effect of its own
OVERDUE_DAYS = 14
LARGE, SMALL = 2.0, 0.5  # of the practice's median amount


def known_on(history: pl.DataFrame, day: date) -> pl.DataFrame:
    """One row a deal that was open at the end of `day`, as it was known then; outcome and close left out.

    `history` has the columns of marts.opportunity_history.
    """
    return _open_on(history, pl.lit(day)).drop("outcome", "closed_on").with_columns(day=pl.lit(day))


def closed_by(history: pl.DataFrame, day: date) -> pl.DataFrame:
    """One row a deal decided by the end of `day`: opportunity_id, outcome, closed_on."""
    return (
        history.filter(pl.col("closed_on") <= day)
        .group_by("opportunity_id", maintain_order=True)
        .agg(pl.col("outcome", "closed_on").last())
    )


def landmarks(history: pl.DataFrame, day: date) -> pl.DataFrame:
    """One row a deal and landmark before `day` on which it was open, with its weeks until then and its event.

    `event` is won, lost, or null where it was still open on `day`; `weeks` is until it closed or until `day`,
    at least one. Deals without stage history are left out: their past is not known, only their present.
    """
    monday = day - timedelta(days=day.weekday())
    mondays = [monday - timedelta(weeks=STEP_WEEKS * n) for n in range(1, MEMORY_WEEKS // STEP_WEEKS + 1)]
    grid = pl.DataFrame({"day": mondays}, schema={"day": pl.Date}).sort("day")
    spans = history.filter("has_history")
    rows = spans.join_where(
        grid,
        pl.col("day") >= pl.col("known_from"),
        pl.col("day") < pl.col("known_until").fill_null(day + timedelta(days=1)),
    )
    closed = pl.col("closed_on") <= day
    until = pl.when(closed).then("closed_on").otherwise(pl.lit(day))
    return (
        rows.with_columns(
            event=pl.when(closed).then("outcome"),
            weeks=((until - pl.col("day")).dt.total_days() / 7).ceil().clip(1).cast(pl.Int64),
        )
        .drop("outcome", "closed_on")
        .sort("day", "opportunity_id")
    )


def traits(rows: pl.DataFrame, medians: pl.DataFrame) -> pl.DataFrame:
    """What the model sees of a deal on a day (columns of TRAITS, all text), added to `rows`.

    `medians`: practice, median_base; the size of a deal is told against its practice.
    """
    in_stage = (pl.col("day") - pl.col("stage_entered_on")).dt.total_days() / 7
    late = (pl.col("day") - pl.col("expected_close_on")).dt.total_days()
    size = pl.col("amount_base").cast(pl.Float64) / pl.col("median_base")
    rows = rows.join(medians, on="practice", how="left", nulls_equal=True, maintain_order="left")
    return rows.with_columns(
        stage=pl.col("stage").fill_null(UNKNOWN),
        channel=pl.col("channel").fill_null(UNKNOWN),
        line=pl.col("practice").fill_null(UNKNOWN),
        client=pl.when("is_known_client").then(pl.lit("known")).otherwise(pl.lit("new")),
        size=pl.when(size >= LARGE).then(pl.lit("large")).when(size <= SMALL).then(pl.lit("small"))
        .when(size.is_not_null()).then(pl.lit("usual")).otherwise(pl.lit(UNKNOWN)),
        waited=pl.when(in_stage < 2).then(pl.lit("under 2 weeks"))
        .when(in_stage < 4).then(pl.lit("2 to 4 weeks")).when(in_stage < 8)
        .then(pl.lit("4 to 8 weeks")).otherwise(pl.lit("over 8 weeks")),
        slipped=pl.when(pl.col("slips") == 0).then(pl.lit("never")).when(pl.col("slips") == 1)
        .then(pl.lit("once")).otherwise(pl.lit("more")),
        overdue=pl.when(late > OVERDUE_DAYS).then(pl.lit("long past")).when(late > 0).then(pl.lit("past"))
        .when(late.is_not_null()).then(pl.lit("ahead")).otherwise(pl.lit(UNKNOWN)),
    )  # fmt: skip


def practice_medians(rows: pl.DataFrame) -> pl.DataFrame:
    """practice and its median_base amount over `rows`."""
    return rows.group_by("practice", maintain_order=True).agg(
        median_base=pl.col("amount_base").cast(pl.Float64).median()
    )


def _open_on(history: pl.DataFrame, day: pl.Expr) -> pl.DataFrame:
    until = pl.col("known_until")
    return history.filter((pl.col("known_from") <= day) & (until.is_null() | (until > day)))


TRAITS = ("channel", "line", "client", "size", "waited", "slipped", "overdue")
