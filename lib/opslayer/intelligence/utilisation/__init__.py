"""People below their target: how far, how surely, since when, why, and what would mend it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.tables import MONEY, typed
from opslayer.intelligence.utilisation.assess import LEAST_HOURS, MARGIN, NAMED, assess_people
from opslayer.intelligence.utilisation.demand import Offer, match_demand
from opslayer.intelligence.utilisation.reasons import mend, reason
from opslayer.intelligence.wording import written

__all__ = [
    "LEAST_HOURS",
    "MARGIN",
    "NAMED",
    "Offer",
    "assess_people",
    "headline",
    "match_demand",
    "named",
    "run",
    "setting_aside",
]

MODEL, VERSION = "two groups, moderated noise", "1"
NUMBERS = (
    "available_hours", "leave_hours", "billable_hours", "bench_hours", "internal_hours", "unbooked_hours",
    "missing_hours",
)  # fmt: skip
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "person_id": pl.String(),
        "name": pl.String(),
        "practice": pl.String(),
        "role": pl.String(),
        "manager_name": pl.String(),
        "window_start": pl.Date(),
        **{name: pl.Float64() for name in NUMBERS},
        "missing_weeks": pl.Int64(),
        "utilisation": pl.Float64(),
        "target": pl.Float64(),
        "level": pl.Float64(),
        "lower_80": pl.Float64(),
        "upper_80": pl.Float64(),
        "lower_95": pl.Float64(),
        "upper_95": pl.Float64(),
        "probability_below": pl.Float64(),
        "probability_short": pl.Float64(),
        "is_named": pl.Boolean(),
        "began_on": pl.Date(),
        "first_visible_on": pl.Date(),
        "short_hours": pl.Float64(),
        "short_since_hours": pl.Float64(),
        "money_short_base": MONEY,
        "money_since_base": MONEY,
        "free_hours": pl.Float64(),
        "open_hours": pl.Float64(),
        "cause": pl.String(),
        "mend": pl.String(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def run(layer: Queries, *, as_of: date) -> dict[str, pl.DataFrame]:
    """The table of the question: utilisation, one row a person, those named first, most money first.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    found = assess_people(layer.query("person_week"), layer.query("person_standing"), as_of=as_of)
    ranked = found.sort(
        "is_named", "money_short_base", "short_hours", "person_id",
        descending=[True, True, True, False], nulls_last=True,
    )  # fmt: skip
    free = layer.query("free_hours")
    offers = match_demand(named(ranked), free, layer.query("open_demand"))
    return {"utilisation": _explained(ranked, layer.query("unbilled_time"), free, offers, as_of=as_of)}


def _explained(
    found: pl.DataFrame, unbilled: pl.DataFrame, free: pl.DataFrame, offers: dict[str, Offer], *, as_of: date
) -> pl.DataFrame:
    projects: dict[str, list[dict[str, Any]]] = {}
    for row in unbilled.filter(pl.col("billing") != "bench").to_dicts():
        projects.setdefault(row["person_id"], []).append(row)
    rows = found.to_dicts()
    own = [projects.get(row["person_id"], []) for row in rows]
    told = [reason(row, theirs) for row, theirs in zip(rows, own, strict=True)]
    mends = [mend(row, theirs, offers.get(row["person_id"])) for row, theirs in zip(rows, own, strict=True)]
    opened = [offers[row["person_id"]].hours if row["person_id"] in offers else None for row in rows]
    return typed(
        found.join(free.select("person_id", "free_hours"), on="person_id", how="left", maintain_order="left")
        .rename({"utilisation_target": "target"})
        .with_columns(
            as_of=pl.lit(as_of),
            open_hours=pl.Series(opened, dtype=pl.Float64),
            mend=pl.Series(mends, dtype=pl.String),
            reasons=pl.Series(told, dtype=pl.String),
            model=pl.lit(MODEL),
            model_version=pl.lit(VERSION),
        ),
        SCHEMA,
    )


def named(table: pl.DataFrame) -> pl.DataFrame:
    """The people who are named as below their target."""
    return table.filter("is_named")


def headline(table: pl.DataFrame, currency: str) -> str:
    """One sentence: how many people are below target and what it costs, or what is missing to say so."""
    if table.is_empty():
        return "Nobody is known to work here: name the tables person and time_entry in a mapping."
    lacking = _lacking(table)
    if lacking:
        return (
            f"None of {len(table)} people has {' or '.join(lacking.values())}, so nobody can be said to be "
            f"below target: name {' and '.join(lacking)} of person in the mapping."
        )
    judged = table.filter(pl.col("level").is_not_null())
    over = named(table)
    said = f"**{len(over)} of {len(judged)}** people are more than half a day a week below their target"
    if over.is_empty():
        return f"{said}."
    hours = float(over["short_hours"].sum())
    cost = over["money_short_base"].drop_nulls()
    money = written(Decimal(cost.sum()), currency)
    worth = f", **{money}** at their prices" if len(cost) else "; no price is known"
    return f"{said}: **{hours:,.0f} hours** in four weeks{worth}."


def _lacking(table: pl.DataFrame) -> dict[str, str]:
    """What a mapping does not give of anybody, by the name it has there."""
    needed = {"weekly_hours": "weekly hours", "utilisation_target": "a target"}
    given = {
        "weekly_hours": (table["cause"] != "no_hours").any(),
        "utilisation_target": table["target"].is_not_null().any(),
    }
    return {name: words for name, words in needed.items() if not given[name]}


ASIDE = {
    "missing_sheet": "{} handed in no sheet for a week or more, which counts neither way",
    "new": "{} started within the four weeks",
    "few_hours": "{} had less than a week to work",
    "leave": "{} on leave for most of it",
    "left": "{} left",
    "no_target": "{} without a target",
    "no_hours": "{} without known hours to work",
}


def setting_aside(table: pl.DataFrame) -> str:
    """One sentence on those whom the four weeks do not judge, or only in part; empty where there are none."""
    count = dict(table.group_by("cause").len().iter_rows())
    parts = [words.format(count[cause]) for cause, words in ASIDE.items() if count.get(cause)]
    little = table.filter((pl.col("probability_below") >= NAMED) & ~pl.col("is_named"))
    if len(little):
        parts.append(f"{len(little)} more below their target, by less than half a day a week")
    if not parts:
        return ""
    return f"Of {len(table)} people: {'; '.join(parts)}."
