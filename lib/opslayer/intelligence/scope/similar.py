"""The past projects most like what is asked: by practice, size, skills, words and client.

Similarity is Gower's general coefficient (1971, Biometrics 27): a weighted mean over what is known of both,
so that an inquiry which names no skills is compared by the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.intelligence.inquiry.vocabulary import stems

NEIGHBOURS = 30  # enough for an interval of 80 % with two projects beyond each end
WEIGHTS = {"practice": 3.0, "size": 2.0, "skills": 2.0, "words": 1.0, "client": 1.0}


@dataclass(frozen=True)
class Asked:
    """What is to be compared; None or empty is what is not known. `hours` is the size as asked."""

    practice: str | None = None
    hours: float | None = None
    skills: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    party_id: str | None = None


@dataclass(frozen=True)
class Past:
    """Ended projects with a budget; `skill_hours`: of those who hold a skill (project_id, skill, hours).

    `projects` has project_id, name, party_id, party_name, practice, budget_hours, hours, value_base, weeks,
    starts_on, ended_on and words (its name and its tasks').
    """

    projects: pl.DataFrame
    skill_hours: pl.DataFrame

    def ended_before(self, day: date) -> Past:
        return Past(self.projects.filter(pl.col("ended_on") < day), self.skill_hours)


def most_similar(asked: Asked, past: Past, *, count: int = NEIGHBOURS) -> pl.DataFrame:
    """Up to `count` rows of `past.projects`, the most similar first, with similarity (0 to 1) and ratio.

    Of two that are as similar, the one that ended last comes first. ratio is hours over budget_hours.
    """
    projects = past.projects
    total, weight = np.zeros(len(projects)), np.zeros(len(projects))
    for name, values in _parts(asked, past).items():
        known = ~np.isnan(values)
        total += WEIGHTS[name] * np.where(known, values, 0)
        weight += WEIGHTS[name] * known
    similarity = np.divide(total, weight, out=np.zeros(len(projects)), where=weight > 0)
    return (
        projects.with_columns(
            similarity=pl.Series(similarity, dtype=pl.Float64),
            ratio=pl.col("hours").cast(pl.Float64) / pl.col("budget_hours").cast(pl.Float64),
        )
        .sort("similarity", "ended_on", "project_id", descending=[True, True, False])
        .head(count)
    )


def _parts(asked: Asked, past: Past) -> dict[str, NDArray[np.float64]]:
    """Each part from 0 to 1 by project; nan where it is not known of both."""
    projects = past.projects
    parts: dict[str, NDArray[np.float64]] = {}
    if asked.practice is not None:
        parts["practice"] = (projects["practice"] == asked.practice).cast(pl.Float64).to_numpy()
    if asked.hours:
        budget = projects["budget_hours"].cast(pl.Float64).to_numpy()
        parts["size"] = np.minimum(budget, asked.hours) / np.maximum(budget, asked.hours)
    if asked.skills:
        parts["skills"] = _skills(asked.skills, past)
    if asked.words:
        parts["words"] = np.array([_overlap(asked.words, stems(text)) for text in projects["words"]])
    if asked.party_id is not None:
        parts["client"] = (projects["party_id"] == asked.party_id).cast(pl.Float64).to_numpy()
    return parts


def _skills(skills: tuple[str, ...], past: Past) -> NDArray[np.float64]:
    """The mean, over the skills, of the share of a project's hours worked by those who hold it."""
    wanted = past.skill_hours.filter(pl.col("skill").is_in(skills)).group_by("project_id").agg(
        held=pl.col("hours").cast(pl.Float64).sum()
    )  # fmt: skip
    joined = past.projects.join(wanted, on="project_id", how="left", maintain_order="left")
    hours = pl.col("hours").cast(pl.Float64) * len(skills)
    shares = joined.select((pl.col("held").fill_null(0.0) / hours).clip(0, 1))
    return shares.to_series().to_numpy()


def _overlap(one: frozenset[str], other: set[str]) -> float:
    """The overlap coefficient: shared words over the fewer; nan where there are none."""
    return len(one & other) / min(len(one), len(other)) if one and other else float("nan")
