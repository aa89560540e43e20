"""Who may do what: the role or the grade above it, the practice, one of its skills at a working level."""

from __future__ import annotations

import polars as pl

WORKING_LEVEL = 3  # of 5, from which a person works on their own
KEY_SKILL = 0.2  # share of a practice's people who hold a skill, from which it is one of the practice's


def grades(people: pl.DataFrame) -> pl.DataFrame:
    """role and its grade, 0 upwards: roles in the order of what an hour of them is sold at, then costs."""
    return (
        people.filter(pl.col("role").is_not_null())
        .group_by("role")
        .agg(
            pl.col("bill_rate_base").cast(pl.Float64).mean().fill_null(0.0).alias("price"),
            pl.col("cost_rate_base").cast(pl.Float64).mean().fill_null(0.0).alias("cost"),
        )
        .sort("price", "cost", "role")
        .select("role", pl.int_range(pl.len(), dtype=pl.Int64).alias("grade"))
    )


def key_skills(people: pl.DataFrame, skills: pl.DataFrame) -> pl.DataFrame:
    """practice and the skills that mark it: held at a working level by at least a fifth of its people."""
    members = people.select("person_id", "practice").unique().drop_nulls()
    held = skills.filter(pl.col("level") >= WORKING_LEVEL).join(members, on="person_id")
    size = members.group_by("practice").agg(pl.len().alias("members"))
    return (
        held.group_by("practice", "skill")
        .agg(pl.col("person_id").n_unique().alias("holders"))
        .join(size, on="practice")
        .filter(pl.col("holders") >= KEY_SKILL * pl.col("members"))
        .select("practice", "skill")
        .sort("practice", "skill")
    )


def candidates(
    gaps: pl.DataFrame, people: pl.DataFrame, skills: pl.DataFrame, teams: pl.DataFrame
) -> pl.DataFrame:
    """project_id, role and person_id of who may fill it, with is_team, is_above and their skill.

    `gaps` has project_id, role, practice; `people` is one row a person (person_id, practice, role, rates);
    `teams` has project_id and person_id of who is on it or was lately. Who is on the team needs the role
    only; others also the practice and, where skills are recorded for it, one of its skills.
    """
    ladder = grades(people)
    wanted = (
        gaps.select("project_id", "role", "practice")
        .unique()
        .join(ladder, on="role", how="left")
        .rename({"grade": "wanted"})
    )
    known = people.select("person_id", pl.col("role").alias("own"), pl.col("practice").alias("home")).join(
        ladder.rename({"role": "own"}), on="own", how="left"
    )
    team = teams.select("project_id", "person_id").unique().with_columns(is_team=pl.lit(value=True))
    marks = key_skills(people, skills)
    best = (
        skills.filter(pl.col("level") >= WORKING_LEVEL)
        .join(marks, on="skill")
        .sort("level", "skill", descending=[True, False])
        .group_by("person_id", "practice", maintain_order=True)
        .agg(skill=pl.format("{} {}", pl.col("skill").first(), pl.col("level").first()))
    )
    marked = marks.select("practice").unique().with_columns(is_marked=pl.lit(value=True))
    is_above = pl.col("grade") == pl.col("wanted") + 1
    return (
        wanted.join(known, how="cross")
        .join(team, on=["project_id", "person_id"], how="left")
        .join(best, on=["person_id", "practice"], how="left")
        .join(marked, on="practice", how="left")
        .with_columns(
            pl.col("is_team", "is_marked").fill_null(value=False), is_above=is_above.fill_null(value=False)
        )
        .filter((pl.col("own") == pl.col("role")) | pl.col("is_above"))
        .filter(
            pl.col("is_team")
            | (
                (pl.col("home") == pl.col("practice"))
                & (pl.col("skill").is_not_null() | ~pl.col("is_marked"))
            )
        )
        .select("project_id", "role", "person_id", "is_team", "is_above", "skill")
        .sort("project_id", "role", "person_id")
    )
