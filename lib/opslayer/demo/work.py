"""The tables of the work: projects, tasks, milestones, assignments and time, with their answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from opslayer.demo import facts
from opslayer.demo.calendar import Days, Month, number
from opslayer.demo.parties import Clients, client_name
from opslayer.demo.projects import Projects, month_days, project_id
from opslayer.demo.staff import Staff, day_text, person_id
from opslayer.demo.timesheets import INTERNAL

SERVICE = {index: service.item for index, service in enumerate(facts.SERVICES)}
VISIBLE = 1.1  # hours of done tasks against their budget, from which an overrun can be seen


def hours(quarters: pl.Expr) -> pl.Expr:
    return (quarters.cast(pl.Decimal(20, 2)) / 4).cast(pl.Decimal(18, 2)).cast(pl.String)


def project_key() -> pl.Expr:
    """J00001 for a client's project, N1 to N5 for the firm's own."""
    own = pl.format("N{}", -pl.col("project"))
    return pl.when(pl.col("project") >= 0).then(project_id(pl.col("project"))).otherwise(own)


def task_states(made: Projects, rows: pl.DataFrame) -> pl.DataFrame:
    """Tasks with the days of their first and last hours, and whether the work has passed them."""
    lived = (
        rows.drop_nulls("task")
        .group_by("task")
        .agg(pl.col("day").min().alias("began"), pl.col("day").max().alias("finished"))
    )
    return (
        made.task.with_row_index("task")
        .with_columns(pl.col("task").cast(pl.Int64))
        .join(lived, on="task", how="left", maintain_order="left")
        .join(
            made.project.select("project", "worked", "is_active", "service"),
            on="project",
            maintain_order="left",
        )
        .with_columns(
            is_done=(pl.col("end") <= pl.col("worked")),
            finished=pl.coalesce("finished", pl.col("finished").forward_fill().over("project")),
        )
    )


def work_tables(
    made: Projects, rows: pl.DataFrame, people: Staff, known: Clients, invoices: pl.DataFrame,
    calendar: list[Month], rate: dict[str, Days], key: dict[str, Any],
) -> dict[str, pl.DataFrame]:  # fmt: skip
    """The template tables project, task, milestone and assignment; adds to the key what was planted."""
    states = task_states(made, rows)
    projects = _projects(made, states, known, calendar, rate, people)
    key["projects_over_budget"] = _answers(made, states)
    needed = states.filter("is_active").group_by("project").agg(pl.col("end").max(), pl.col("budget").sum())
    over = needed.filter(pl.col("end") > pl.col("budget")).sort("project")
    key["projects_ending_over_budget"] = over.select(project_id(pl.col("project"))).to_series().to_list()
    return {
        "project": _project_table(projects, calendar),
        "task": _task_table(states),
        "milestone": _milestone_table(projects, states, invoices),
        "assignment": _assignments(rows, people, calendar),
    }


def _projects(
    made: Projects, states: pl.DataFrame, known: Clients, calendar: list[Month], rate: dict[str, Days],
    people: Staff,
) -> pl.DataFrame:  # fmt: skip
    firsts, lasts = month_days(calendar)
    budget = states.group_by("project").agg(pl.col("budget").sum(), pl.col("finished").max())
    frame = made.project.join(budget, on="project", maintain_order="left")
    client, service = frame["client"].to_numpy(), frame["service"].to_numpy()
    first, last = frame["first"].to_numpy(), frame["last"].to_numpy()
    currency = known.currency[client]
    millionths = np.select([currency == c for c in rate], [rate[c][first] for c in rate])
    price = np.array([s.price for s in facts.SERVICES])[service] * known.discount[client]
    leads = np.flatnonzero(people.role <= 1)
    leads = leads[people.left[leads] > lasts[-1]]
    turn = np.arange(len(frame)) % 997
    managers = [leads[people.practice[leads] == s] for s in range(len(facts.SERVICES))]
    manager = [int(managers[s][t % len(managers[s])]) for s, t in zip(service, turn, strict=True)]
    pace = (frame["worked"] / (frame["last"] - frame["first"] + 1)).to_numpy()
    months_left = np.ceil((frame["total"] - frame["worked"]).to_numpy() / pace)
    return frame.with_columns(
        currency=pl.Series(currency),
        rate=pl.Series(millionths),
        base=pl.col("budget") / 4 * pl.Series(price),
        manager=pl.Series(manager),
        starts=pl.Series(firsts[first]),
        due=pl.Series(lasts[last] + np.minimum(months_left * 30, 720).astype(np.int64)),
    )


def _money(value: pl.Expr) -> pl.Expr:
    return value.round(2).cast(pl.Decimal(18, 2)).cast(pl.String)


def _project_table(frame: pl.DataFrame, calendar: list[Month]) -> pl.DataFrame:
    service = pl.col("service").replace_strict(SERVICE, return_dtype=pl.String)
    party = pl.format("C{}", (pl.col("client") + 1).cast(pl.String).str.zfill(5))
    names = {client: client_name(client) for client in frame["client"].unique().to_list()}
    turn = pl.int_range(1, pl.len() + 1).over("client", "service")
    updated = f"{calendar[-1].last}T06:00:00Z"
    ended = pl.when(~pl.col("is_active")).then("finished")
    table = frame.select(
        project_id(pl.col("project")).alias("project_id"),
        pl.format("{} for {} {}", service, pl.col("client").replace_strict(names), turn).alias("name"),
        party.alias("party_id"),
        service.alias("practice"),
        person_id(pl.col("manager")).alias("manager_id"),
        pl.format("O{}", (pl.col("project") + 1).cast(pl.String).str.zfill(5)).alias("opportunity_id"),
        pl.when("is_fixed")
        .then(pl.lit("fixed_price"))
        .otherwise(pl.lit("time_and_materials"))
        .alias("billing"),
        "currency",
        (pl.col("rate").cast(pl.Decimal(20, 6)) / 1_000_000)
        .cast(pl.Decimal(18, 6))
        .cast(pl.String)
        .alias("fx_rate"),
        hours(pl.col("budget")).alias("budget_hours"),
        _money(pl.col("base") * 1_000_000 / pl.col("rate")).alias("budget_amount"),
        day_text(pl.col("starts")).alias("starts_on"),
        day_text(pl.col("due")).alias("due_on"),
        day_text(ended).alias("ended_on"),
        pl.when("is_active").then(pl.lit("active")).otherwise(pl.lit("completed")).alias("status"),
        pl.lit(updated).alias("updated_at"),
    )
    own = pl.DataFrame(
        {
            "project_id": [f"N{n + 1}" for n in range(len(INTERNAL))],
            "name": INTERNAL,
            "practice": "Strategy",
            "billing": ["internal"] * (len(INTERNAL) - 1) + ["bench"],
            "currency": facts.BASE,
            "fx_rate": "1.000000",
            "starts_on": str(calendar[0].first),
            "status": "active",
            "updated_at": updated,
        }
    )
    return pl.concat([table, own], how="diagonal")


def _task_table(states: pl.DataFrame) -> pl.DataFrame:
    place = pl.int_range(1, pl.len() + 1).over("project")
    return states.select(
        task_id(pl.col("task")).alias("task_id"),
        project_id(pl.col("project")).alias("project_id"),
        pl.format("Work package {}", place).alias("name"),
        pl.lit(None, pl.String).alias("role"),
        hours(pl.col("budget")).alias("budget_hours"),
        day_text(pl.col("began").min().over("project")).alias("created_on"),
        day_text(pl.col("began")).alias("starts_on"),
        pl.lit(None, pl.String).alias("due_on"),
        day_text(pl.when("is_done").then("finished")).alias("completed_on"),
        pl.when("is_done").then(pl.lit("done")).otherwise(pl.lit("open")).alias("status"),
    )


def task_id(index: pl.Expr) -> pl.Expr:
    return pl.format("T{}", (index + 1).cast(pl.String).str.zfill(6))


def _milestone_table(projects: pl.DataFrame, states: pl.DataFrame, invoices: pl.DataFrame) -> pl.DataFrame:
    """Each task of a fixed price is a milestone; its invoice is the client's next one after it is done."""
    columns = ["project", "client", "currency", "rate", "due", "base", pl.col("budget").alias("whole")]
    frame = states.join(projects.filter("is_fixed").select(columns), on="project", maintain_order="left")
    frame = frame.with_columns(
        part=pl.col("base") * pl.col("budget") / pl.col("whole"),
        done_on=pl.when("is_done").then("finished"),
    )
    billed = invoices.select("client", "issued", "invoice_id").sort("issued", "invoice_id")
    done = (
        frame.drop_nulls("done_on")
        .sort("done_on", "task")
        .join_asof(
            billed,
            left_on="done_on",
            right_on="issued",
            by="client",
            strategy="forward",
            check_sortedness=False,
        )
    )
    frame = frame.join(done.select("task", "invoice_id"), on="task", how="left", maintain_order="left")
    return frame.select(
        pl.format("M{}", (pl.col("task") + 1).cast(pl.String).str.zfill(6)).alias("milestone_id"),
        project_id(pl.col("project")).alias("project_id"),
        pl.format("Acceptance {}", pl.int_range(1, pl.len() + 1).over("project")).alias("name"),
        _money(pl.col("part") * 1_000_000 / pl.col("rate")).alias("amount"),
        "currency",
        (pl.col("rate").cast(pl.Decimal(20, 6)) / 1_000_000)
        .cast(pl.Decimal(18, 6))
        .cast(pl.String)
        .alias("fx_rate"),
        day_text(pl.coalesce("done_on", "due")).alias("due_on"),
        day_text(pl.col("done_on")).alias("completed_on"),
        pl.when("is_done").then(pl.lit("done")).otherwise(pl.lit("open")).alias("status"),
        pl.col("invoice_id").alias("invoice_id"),
    )


def _assignments(rows: pl.DataFrame, people: Staff, calendar: list[Month]) -> pl.DataFrame:
    """Planned hours a week: of the past what was worked, in whole hours; six weeks ahead as the last full
    week."""
    monday = pl.col("day") - (pl.col("day") + 3) % 7
    weeks = (
        rows.filter(pl.col("project") >= 0)
        .group_by(monday.alias("week"), "project", "person")
        .agg(pl.col("quarters").sum())
    )
    today = number(calendar[-1].last) + 1
    current = today - (today + 3) % 7
    full = weeks.filter(week=current - 7)
    ahead = [full.with_columns(week=pl.lit(current + 7 * n, pl.Int64)) for n in range(6)]
    plan = pl.concat([weeks.filter(pl.col("week") < current), *ahead]).sort("week", "project", "person")
    role = [facts.ROLES[r].name for r in people.role]
    return plan.select(
        pl.format("W{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(7)).alias("assignment_id"),
        project_id(pl.col("project")).alias("project_id"),
        person_id(pl.col("person")).alias("person_id"),
        pl.col("person").replace_strict(dict(enumerate(role)), return_dtype=pl.String).alias("role"),
        day_text(pl.col("week")).alias("week_start"),
        hours((pl.col("quarters") + 3) // 4 * 4).alias("hours"),
    )


def _answers(made: Projects, states: pl.DataFrame) -> list[dict[str, Any]]:
    """The planted projects: what they will need, and the first Monday on which it can be seen."""
    answers = []
    for position in sorted(int(p) for p in made.planted):
        tasks = states.filter(project=position)
        done = tasks.filter("is_done").with_columns(
            seen=pl.col("end") >= VISIBLE * pl.col("budget").cum_sum()
        )
        seen = done.filter("seen")["finished"]
        day = int(seen[0]) if len(seen) else None
        total, budget = int(tasks["end"].max()), float(tasks["budget"].sum())  # type: ignore[arg-type]
        answers.append(
            {
                "project_id": f"J{position + 1:05d}",
                "budget_hours": budget / 4,
                "hours_when_done": total / 4,
                "over_hours": (total - budget) / 4,
                "ratio": round(total / budget, 3),
                "first_week_visible": None
                if day is None
                else str(np.datetime64(day + 7 - (day + 3) % 7, "D")),
            }
        )
    return answers
