"""The time tracker's export: what was worked, in the tool's entries, with the dirt of a real one."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from opslayer.demo import facts
from opslayer.demo.calendar import Month, number
from opslayer.demo.staff import Staff, day_text, person_id
from opslayer.demo.work import hours, project_key, task_id

SPLIT = 4  # quarters from which a day's work on one thing is two entries
MISSING = 6  # people without a sheet last week
NOTES = ("Workshop", "Analysis", "Build", "Review", "Calls", "Documentation")


def time_table(
    rows: pl.DataFrame, people: Staff, closed: int, calendar: list[Month], *, seed: int, key: dict[str, Any]
) -> pl.DataFrame:
    """The template table `time_entry`; adds to the key what is wrong with last week's. `closed` is a project
    that had ended before."""
    chance = np.random.default_rng([seed, 25])
    today = number(calendar[-1].last) + 1
    week = today - (today + 3) % 7 - 7
    rows, gone = _without_sheets(rows, people, week)
    second = pl.col("quarters") // 2
    large = pl.col("quarters") >= SPLIT
    halves = rows.filter(large).with_columns(quarters=second, part=pl.lit(1))
    whole = rows.with_columns(
        quarters=pl.when(large).then(pl.col("quarters") - second).otherwise("quarters"), part=pl.lit(0)
    )
    frame = pl.concat([whole, halves]).sort("day", "person", "project", "task", "part")
    late = np.where(chance.random(len(frame)) < 0.03, chance.integers(3, 15, len(frame)), 0)
    frame = frame.with_row_index("number").select(
        pl.format("Z{}", pl.col("number").cast(pl.String).str.zfill(8)).alias("time_entry_id"),
        "person",
        project_key().alias("project_id"),
        task_id(pl.col("task")).alias("task_id"),
        "day",
        "quarters",
        (pl.col("project") >= 0).alias("billable"),
        pl.Series(np.array(NOTES)[_kinds(chance, frame["part"].to_numpy())]).alias("note"),
        (pl.col("day") + pl.Series(late)).alias("entered"),
    )
    frame = frame.with_columns(entered=pl.min_horizontal("entered", pl.lit(max(today - 1, 0))))
    extra = _dirt(frame.filter(pl.col("day") >= week, pl.col("day") < week + 5, pl.col("billable")), closed)
    key["time_dirt"] = {"week_start": str(np.datetime64(week, "D")), "missing_sheets": gone} | {
        name: part["time_entry_id"].to_list() for name, part in extra.items()
    }
    rate = {
        n: f"{facts.SERVICES[p].price * facts.ROLES[r].price:.2f}"
        for n, (p, r) in enumerate(zip(people.practice, people.role, strict=True))
    }
    return pl.concat([frame, *extra.values()]).select(
        "time_entry_id",
        person_id(pl.col("person")).alias("person_id"),
        "project_id",
        "task_id",
        day_text(pl.col("day")).alias("worked_on"),
        hours(pl.col("quarters")).alias("hours"),
        pl.col("billable").cast(pl.String).alias("is_billable"),
        pl.when("billable")
        .then(pl.col("person").replace_strict(rate, return_dtype=pl.String))
        .alias("bill_rate"),
        "note",
        pl.format("{}T17:00:00Z", day_text(pl.col("entered"))).alias("entered_at"),
    )


def _kinds(chance: np.random.Generator, part: np.ndarray) -> np.ndarray:
    """Places in NOTES; the second half of a day's work was another kind than the first."""
    kind = chance.integers(0, len(NOTES), len(part))
    other = np.concatenate([[0], kind[:-1]]) + 1 + chance.integers(0, len(NOTES) - 1, len(part))
    return np.where(part == 1, other % len(NOTES), kind)


def _without_sheets(rows: pl.DataFrame, people: Staff, week: int) -> tuple[pl.DataFrame, list[str]]:
    """Nobody whose shortfall is planted, and nobody who was away."""
    plain = pl.Series(np.flatnonzero(people.cause == ""))
    last = (pl.col("day") >= week) & (pl.col("day") < week + 7)
    here = rows.filter(last, pl.col("person").is_in(plain.implode()))["person"].unique().sort()
    gone = here.gather_every(max(1, len(here) // MISSING))[: min(MISSING, len(here) // 4)]
    kept = rows.filter(~(last & pl.col("person").is_in(gone.implode())))
    return kept, [f"E{index + 1:05d}" for index in gone]


def _dirt(week: pl.DataFrame, closed: int) -> dict[str, pl.DataFrame]:
    """Added entries: nothing of the clean ones is changed."""
    made = {}
    changes: dict[str, list[pl.Expr]] = {
        "duplicate": [],
        "over_24_hours": [  # on top of what the day has already
            pl.lit(4 * 22, pl.Int64).alias("quarters"),
            pl.lit("Typing error").alias("note"),
        ],
        "closed_project": [
            pl.lit(f"J{closed + 1:05d}").alias("project_id"),
            pl.lit(None, pl.String).alias("task_id"),
        ],
        "no_project": [
            pl.lit(None, pl.String).alias("project_id"),
            pl.lit(None, pl.String).alias("task_id"),
        ],
        "negative": [(-pl.col("quarters")).alias("quarters"), pl.lit("Correction").alias("note")],
    }
    for turn, (name, change) in enumerate(changes.items()):
        size = 4
        picked = week.gather_every(max(1, len(week) // 23), offset=turn)[turn * size : (turn + 1) * size]
        made[name] = picked.with_columns(
            pl.format("{}-{}", "time_entry_id", pl.lit(name[:2])).alias("time_entry_id"), *change
        )
    return made
