"""Where each running project is heading, since when that could be seen, and why."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from opslayer.intelligence.overrun.completion import Completion, Standing, complete
from opslayer.intelligence.overrun.experience import Experience

MODEL, VERSION = "earned value, weighed", "1"
NAMED = 0.9  # probability from which a project is named as heading over: one in ten may be a false alarm
INTERVALS = (50, 80, 95)
NUMBERS = (
    "budget_hours",
    "hours_to_date",
    "earned_hours",
    "hours_open",
    "budget_open",
    "tasks",
    "tasks_done",
)


def standing(frame: pl.DataFrame) -> Standing:
    """From the columns NUMBERS, none of them null."""
    return Standing(*(frame[name].cast(pl.Float64).to_numpy() for name in NUMBERS))


def forecast_projects(
    state: pl.DataFrame, progress: pl.DataFrame, experience: Experience, *, as_of: date
) -> pl.DataFrame:
    """One row a project that runs (columns of intelligence.project_forecast), most hours at risk first.

    `state` has the columns of marts.project_state, `progress` those of marts.project_progress. A project
    without a budget has no forecast, and its reason says so.
    """
    running = state.filter(pl.col("ended_on").is_null())
    budgeted = running.filter(pl.col("budget_hours") > 0)
    completion = complete(standing(budgeted), experience)
    probability = completion.probability_over()
    over = completion.expected_over()
    columns = {"eac_hours": completion.hours(0.5), "probability_over": probability, "hours_at_risk": over}
    for interval in INTERVALS:
        columns[f"lower_{interval}"] = completion.hours(0.5 - interval / 200)
        columns[f"upper_{interval}"] = completion.hours(0.5 + interval / 200)
    rate = pl.col("value_to_date_base").cast(pl.Float64) / pl.col("hours_to_date").cast(pl.Float64)
    found = budgeted.with_columns(
        **{name: pl.Series(name, values, pl.Float64) for name, values in columns.items()},
        reasons=pl.Series(_reasons(completion, experience), dtype=pl.String),
    ).with_columns(
        money_at_risk_base=(pl.col("hours_at_risk") * rate).round(2).cast(pl.Decimal(18, 2), strict=False)
    )
    found = found.join(first_visible(budgeted, progress, experience), on="project_id", how="left")
    unknown = running.filter(pl.col("budget_hours").is_null() | (pl.col("budget_hours") <= 0)).with_columns(
        reasons=pl.lit("It has no budget, so nothing can be said of it.")
    )
    return (
        pl.concat([found, unknown], how="diagonal_relaxed")
        .with_columns(
            as_of=pl.lit(as_of),
            is_named=(pl.col("probability_over") >= NAMED).fill_null(value=False),
            model=pl.lit(MODEL),
            model_version=pl.lit(VERSION),
        )
        .select(COLUMNS)
        .sort(
            "money_at_risk_base",
            "hours_at_risk",
            "project_id",
            descending=[True, True, False],
            nulls_last=True,
        )
    )


def first_visible(budgeted: pl.DataFrame, progress: pl.DataFrame, experience: Experience) -> pl.DataFrame:
    """project_id and the Monday of the first week from which its probability stayed above NAMED until now."""
    weeks = progress.join(budgeted.select("project_id", "budget_hours", "tasks"), on="project_id").sort(
        "project_id", "week_start"
    )
    probability = complete(standing(weeks), experience).probability_over()
    seen = weeks.select("project_id", "week_start", visible=pl.Series(probability > NAMED, dtype=pl.Boolean))
    last_quiet = pl.col("week_start").filter(~pl.col("visible")).max().over("project_id")
    return (
        seen.with_columns(quiet=last_quiet)
        .filter(pl.col("quiet").is_null() | (pl.col("week_start") > pl.col("quiet")))
        .group_by("project_id")
        .agg(first_visible_on=pl.col("week_start").min())
    )


def _reasons(completion: Completion, experience: Experience) -> list[str]:
    now = completion.standing
    numbers = (
        now.budget,
        now.spent,
        now.earned,
        now.settled,
        now.tasks,
        now.tasks_done,
        np.exp(completion.centre),
    )
    return [_reason(*row, experience=experience) for row in np.column_stack(numbers).tolist()]


def _reason(
    budget: float,
    spent: float,
    earned: float,
    settled: float,
    tasks: float,
    done: float,
    ratio: float,
    *,
    experience: Experience,
) -> str:
    told = [f"{spent / budget:.0%} of the budget is spent and {earned / budget:.0%} of it earned"]
    told[0] += f" ({done:.0f} of {tasks:.0f} tasks)." if tasks else " (no task says what is done)."
    if spent > budget:
        told.append(f"It is over by {spent - budget:,.0f} hours already.")
    if earned > 0:
        told.append(f"An hour of budget has taken {settled / earned:.2f} hours where work is done;")
    else:
        told.append("Nothing is done yet;")
    told.append(
        f"the {experience.projects:,} ended projects took {np.exp(experience.centre):.2f}; "
        f"for the rest {ratio:.2f} is expected."
    )
    return " ".join(told)


COLUMNS = (
    "as_of", "project_id", "name", "party_name", "practice", "budget_hours", "hours_to_date", "earned_hours",
    "eac_hours", *(f"{side}_{p}" for p in INTERVALS for side in ("lower", "upper")), "probability_over",
    "is_named", "hours_at_risk", "money_at_risk_base", "first_visible_on", "reasons", "model",
    "model_version",
)  # fmt: skip
