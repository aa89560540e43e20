"""What the remaining work of each project needs, by week and role, beside who is planned on it."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

MODEL, VERSION = "remaining work, spread evenly", "1"
OVERDUE_WEEKS = 4  # in which work past its due date is expected to be finished
LEAST_HOURS = 4.0  # a week; a gap or surplus of less than half a day is none
HORIZON = 13  # weeks that availability is known for
UNKNOWN = "not known"  # the role of work nobody has been named for
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "week_start": pl.Date(),
        "project_id": pl.String(),
        "role": pl.String(),
        "name": pl.String(),
        "party_name": pl.String(),
        "practice": pl.String(),
        "manager_name": pl.String(),
        "due_on": pl.Date(),
        "remaining_hours": pl.Float64(),
        "need_hours": pl.Float64(),
        "assigned_hours": pl.Float64(),
        "gap_hours": pl.Float64(),
        "surplus_hours": pl.Float64(),
        "price_base": pl.Decimal(18, 2),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def first_monday(as_of: date) -> date:
    """The first Monday on or after `as_of`: a week that has begun is not planned anew."""
    return as_of + timedelta(days=-as_of.weekday() % 7)


def planned_weeks(plan: pl.DataFrame, as_of: date) -> int:
    """How many weeks ahead anybody is planned on anything; OVERDUE_WEEKS where nobody is."""
    if plan.is_empty():
        return OVERDUE_WEEKS
    last: date = plan["week_start"].max()  # type: ignore[assignment]
    return max(1, min(HORIZON, (last - first_monday(as_of)).days // 7 + 1))


def remaining(work: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """`work` with remaining_hours, and the first and last week (from 0) in which they are to be done.

    Remaining are the hours at completion that are forecast less those booked; where there is no forecast,
    the budget that is not earned; null without a budget. Both weeks are null where no due date is known.
    """
    start = first_monday(as_of)
    forecast = pl.col("eac_hours") - pl.col("hours_to_date").cast(pl.Float64)
    unearned = pl.col("budget_hours").cast(pl.Float64) - pl.col("earned_hours").cast(pl.Float64)

    def week_of(column: str) -> pl.Expr:
        return (pl.col(column) - pl.lit(start)).dt.total_days().floordiv(7)

    due = week_of("due_on")
    first = pl.max_horizontal(week_of("starts_on").fill_null(0), pl.lit(0))
    return work.with_columns(
        remaining_hours=pl.max_horizontal(pl.coalesce(forecast, unearned), pl.lit(0.0)),
        is_overdue=(due < 0).fill_null(value=False),
        first_week=first,
        last_week=pl.when(due < 0).then(first + OVERDUE_WEEKS - 1).otherwise(pl.max_horizontal(due, first)),
    ).with_columns(
        remaining_hours=pl.when(pl.coalesce(forecast, unearned).is_not_null()).then("remaining_hours"),
        last_week=pl.when(due.is_not_null()).then("last_week"),
    )


def staffing_need(
    work: pl.DataFrame, roles: pl.DataFrame, plan: pl.DataFrame, *, as_of: date, weeks: int
) -> pl.DataFrame:
    """One row a project, role and week with hours needed or planned (columns of intelligence.staffing_need).

    `work`, `roles` and `plan` have the columns of the queries staffing_work, staffing_roles, staffing_plan.
    Remaining hours are split over roles as the project's own mix is and spread evenly until it is due. Where
    no budget or no due date says what is needed, the plan is taken for the need.
    """
    start = first_monday(as_of)
    left = remaining(work, as_of)
    mix = roles.with_columns(
        share=pl.col("hours").cast(pl.Float64) / pl.col("hours").cast(pl.Float64).sum().over("project_id")
    ).select("project_id", "role", "share", "basis")
    calendar = pl.DataFrame({"week": range(weeks)}, schema={"week": pl.Int64})
    asked = (
        left.join(mix, on="project_id", how="left")
        .with_columns(pl.col("role").fill_null(UNKNOWN), pl.col("share").fill_null(1.0))
        .join(calendar, how="cross")
        .filter(pl.col("remaining_hours") > 0, pl.col("week").is_between("first_week", "last_week"))
        .select(
            "project_id",
            "role",
            "week",
            need=pl.col("remaining_hours")
            * pl.col("share")
            / (pl.col("last_week") - pl.col("first_week") + 1),
        )
    )
    planned = (
        plan.join(left.select("project_id"), on="project_id", how="semi")
        .with_columns(
            pl.col("role").fill_null(UNKNOWN),
            week=(pl.col("week_start") - pl.lit(start)).dt.total_days().floordiv(7),
        )
        .filter(pl.col("week") < weeks)
        .group_by("project_id", "role", "week")
        .agg(assigned=pl.col("hours").cast(pl.Float64).sum())
    )
    basis = mix.group_by("project_id").agg(pl.col("basis").first())
    share = mix.select("project_id", "role", "share")
    is_said = pl.col("remaining_hours").is_not_null() & pl.col("last_week").is_not_null()
    found = (
        asked.join(planned, on=["project_id", "role", "week"], how="full", coalesce=True)
        .join(left, on="project_id")
        .join(basis, on="project_id", how="left")
        .join(share, on=["project_id", "role"], how="left")
        .with_columns(pl.col("assigned").fill_null(0.0))
        .with_columns(need=pl.when(is_said).then(pl.col("need").fill_null(0.0)).otherwise("assigned"))
    )
    difference = pl.col("need") - pl.col("assigned")
    return (
        found.with_columns(
            as_of=pl.lit(as_of),
            week_start=pl.lit(start) + pl.duration(days=7 * pl.col("week")),
            remaining_hours=(pl.col("remaining_hours") * pl.col("share").fill_null(0.0)).round(4),
            need_hours=pl.col("need").round(4),
            assigned_hours=pl.col("assigned").round(4),
            gap_hours=pl.when(difference >= LEAST_HOURS).then(difference).otherwise(0.0).round(4),
            surplus_hours=pl.when(-difference >= LEAST_HOURS).then(-difference).otherwise(0.0).round(4),
            reasons=_reasons(),
            model=pl.lit(MODEL),
            model_version=pl.lit(VERSION),
        )
        .select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
        .sort("project_id", "role", "week_start")
    )


def _reasons() -> pl.Expr:
    hours = pl.col("remaining_hours").map_elements("{:,.0f}".format, return_dtype=pl.String)
    mix = (
        pl.when(pl.col("basis") == "booked")
        .then(pl.lit("roles as booked on it in the last 13 weeks"))
        .when(pl.col("basis") == "sold")
        .then(pl.lit("roles as they were sold"))
        .when(pl.col("basis") == "practice")
        .then(pl.lit("roles as its practice books them"))
        .otherwise(pl.lit("no role is known"))
    )
    source = (
        pl.when(pl.col("eac_hours").is_not_null())
        .then(pl.lit("hours at completion less those booked"))
        .otherwise(pl.lit("the budget that is not earned"))
    )
    until = (
        pl.when("is_overdue")
        .then(pl.lit(f"it is past its due date, so spread over {OVERDUE_WEEKS} weeks"))
        .otherwise(pl.format("until {}", pl.col("due_on").dt.strftime("%-d %B %Y")))
    )
    said = pl.format("{} hours remain ({}), {}; {}.", hours, source, until, mix)
    return (
        pl.when(pl.col("remaining_hours").is_null())
        .then(pl.lit("It has no budget, so the plan is taken for the need."))
        .when(pl.col("last_week").is_null())
        .then(pl.format("{} hours remain, but no due date: the plan is taken for the need.", hours))
        .otherwise(said)
    )


def totals(need: pl.DataFrame) -> pl.DataFrame:
    """Hours needed, planned, missing and spare by week; columns week_start, need, assigned, gap, surplus."""
    return (
        need.group_by("week_start")
        .agg(pl.col(f"{name}_hours").sum().alias(name) for name in ("need", "assigned", "gap", "surplus"))
        .sort("week_start")
    )
