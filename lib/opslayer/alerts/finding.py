"""What a snapshot says of a definition: a value for each entity, and how it lies to its limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from opslayer.alerts.definition import Absence, Absolute, Change, Crossing, Definition, Pace, Season
from opslayer.alerts.state import Signal
from opslayer.errors import OpslayerError
from opslayer.intelligence.anomaly.detector import watch
from opslayer.intelligence.holiday import ordinary
from opslayer.metrics import Metric, MetricValue, Texts, cut, measure

SEASON = {"day": 7, "week": 1, "month": 1}
LEAST = {"day": 60, "week": 26, "month": 18}
"""Periods before which a series' past says nothing of its next."""
LENGTH = {"day": 1, "week": 7, "month": 31}
STALE = 2  # of its periods: a series that ended so long ago has no value now


@dataclass(frozen=True)
class Finding:
    """One measurement: `entity` is "" for the firm; value and limits in the definition's unit.

    `detail` says in words what the numbers do not: the week, the day it crosses. `failure` says why its query
    could not be run.
    """

    definition: Definition
    entity: str = ""
    name: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    detail: str | None = None
    failure: str | None = None


def signal(found: Finding) -> Signal:
    """How a measurement lies to its limits; the limit itself is in range."""
    if found.failure is not None:
        return "failed"
    if found.value is None or (found.low is None and found.high is None):
        return "missing"
    beyond = _beyond(found)
    if beyond is not None:
        distance, limit = beyond
        return "severe" if distance >= found.definition.severe * abs(limit) else "breached"
    ends = (end for end in (found.low, found.high) if end is not None)
    near = any(abs(found.value - end) < found.definition.margin * abs(end) for end in ends)
    return "near" if near else "in range"


def _beyond(found: Finding) -> tuple[float, float] | None:
    """How far beyond which limit; None within both."""
    value = found.value or 0.0
    if found.high is not None and value > found.high:
        return value - found.high, found.high
    if found.low is not None and value < found.low:
        return found.low - value, found.low
    return None


def find(layer: Texts, definitions: Iterable[Definition], metrics: Iterable[Metric]) -> list[Finding]:
    """Every definition on one snapshot; one that fails says so and leaves the others alone."""
    known = {metric.name: metric for metric in metrics}
    wanted = list(definitions)
    asked = {one.metric for one in wanted if isinstance(one, Absolute | Change)}
    values = {one.metric.name: one for one in measure(layer, (known[name] for name in sorted(asked)))}
    found: list[Finding] = []
    for definition in wanted:
        try:
            found += _found(layer, definition, known, values)
        except OpslayerError as error:
            found.append(Finding(definition, failure=error.message))
    return found


def of_values(values: Iterable[MetricValue]) -> list[Finding]:
    """Metrics that are measured already, each with an expected range against it."""
    found = []
    for one in values:
        metric, ends = one.metric, one.metric.expected
        if ends.low is None and ends.high is None:
            continue
        definition = Absolute(name=metric.name, title=metric.title, owner=metric.owner, metric=metric.name)
        found.append(_of_metric(definition, one))
    return found


def _of_metric(definition: Absolute, one: MetricValue) -> Finding:
    own = definition.low is not None or definition.high is not None
    low, high = (
        (definition.low, definition.high) if own else (one.metric.expected.low, one.metric.expected.high)
    )
    return Finding(definition, value=one.value, low=low, high=high, failure=one.failure)


def _found(
    layer: Texts, definition: Definition, metrics: Mapping[str, Metric], values: Mapping[str, MetricValue]
) -> list[Finding]:
    match definition:
        case Absolute() if definition.by:
            if values[definition.metric].value is None and values[definition.metric].failure is None:
                return [Finding(definition)]  # nothing was measured: none of its entities has gone
            parts = cut(layer, metrics[definition.metric], definition.by)
            return [
                Finding(
                    definition, part["entity"], part["name"], part["value"], definition.low, definition.high
                )
                for part in parts.iter_rows(named=True)
            ]
        case Absolute():
            return [_of_metric(definition, values[definition.metric])]
        case Change():
            return [_changed(definition, values[definition.metric])]
        case Season():
            series = layer.query("metric_history").filter(pl.col("metric") == definition.series)
            holidays = set(layer.query("holidays")["day"].to_list())
            members = pl.col("member") != "firm" if definition.by else pl.col("member") == "firm"
            each = series.filter(members).partition_by("member", maintain_order=True)
            judged = [_seasonal(definition, rows, holidays, layer.as_of) for rows in each]
            return judged if judged or definition.by else [Finding(definition)]
        case Crossing():
            return [
                _crossing(definition, part, layer.as_of) for part in _entities(layer.query(definition.query))
            ]
        case Pace():
            paces = (_pace(definition, row) for row in layer.query(definition.query).iter_rows(named=True))
            return [pace for pace in paces if pace is not None]
        case Absence():
            return [
                _absent(definition, row, layer.as_of)
                for row in layer.query(definition.query).iter_rows(named=True)
            ]


def _entities(rows: pl.DataFrame) -> list[pl.DataFrame]:
    return rows.sort("entity", "day").partition_by("entity", maintain_order=True)


def _changed(definition: Change, one: MetricValue) -> Finding:
    """The change as a share of what it was; null where it was nothing."""
    share = None
    if one.value is not None and one.previous:
        share = (one.value - one.previous) / abs(one.previous)
    return Finding(
        definition,
        value=share,
        low=definition.low,
        high=definition.high,
        detail=f"against {one.metric.before}",
        failure=one.failure,
    )


def _seasonal(definition: Season, rows: pl.DataFrame, holidays: set[date], as_of: date) -> Finding:
    """The last period that has ended, within what those before it say is usual (`anomaly.detector`)."""
    frequency, member = str(rows["frequency"][0]), str(rows["member"][0])
    days: list[date] = rows["period_start"].to_list()
    values = rows["value"].to_numpy().astype(np.float64)
    judged = ordinary(days, values, holidays) if frequency == "day" else values
    watched = watch(judged, season=SEASON[frequency], floor=0.0, least=LEAST[frequency])
    entity, name = (member, member) if definition.by else ("", "")
    length = timedelta(days=LENGTH[frequency])
    if len(days) <= LEAST[frequency] or days[-1] + STALE * length < as_of:
        return Finding(definition, entity, name)
    low, high = float(watched.lower[-1]), float(watched.upper[-1])
    if not np.isfinite([low, high]).all():
        return Finding(definition, entity, name)
    began = {"day": "on", "week": "in the week from", "month": "in the month from"}[frequency]
    detail = f"{began} {days[-1].day} {days[-1]:%B %Y}"
    return Finding(definition, entity, name, float(judged[-1]), low, high, detail)


def _crossing(definition: Crossing, rows: pl.DataFrame, as_of: date) -> Finding:
    """The first forecast value beyond a limit within the days looked ahead, else the nearest to one."""
    last = as_of + timedelta(days=definition.within_days)
    ahead = rows.filter(pl.col("day") <= last, pl.col("value").is_not_null())
    entity, name = str(rows["entity"][0] or ""), str(rows["name"][0] or "")
    if ahead.is_empty():
        return Finding(definition, entity, name)
    found = [
        Finding(definition, entity, name, float(row["value"]), definition.low, definition.high,
                f"expected on {row['day'].day} {row['day']:%B %Y}")
        for row in ahead.iter_rows(named=True)
    ]  # fmt: skip
    beyond = [one for one in found if _beyond(one)]
    return beyond[0] if beyond else min(found, key=_room)


def _room(found: Finding) -> float:
    value = found.value or 0.0
    return min(abs(value - end) for end in (found.low, found.high) if end is not None)


def _pace(definition: Pace, row: Mapping[str, Any]) -> Finding | None:
    """Share of the budget used over the share that has passed; nothing where too little has."""
    spent, budget, elapsed = (None if row[key] is None else float(row[key]) for key in _PACE)
    if not budget or elapsed is None or elapsed < definition.least_elapsed:
        return None
    used = (spent or 0.0) / budget
    detail = f"{used:.0%} of the budget used, {elapsed:.0%} passed"
    return Finding(
        definition, row["entity"], row["name"], used / elapsed, definition.low, definition.high, detail
    )


_PACE = ("spent", "budget", "elapsed")


def _absent(definition: Absence, row: Mapping[str, Any], as_of: date) -> Finding:
    """Days since it came last, against those that may pass; nothing where it never came."""
    entity, name, last = row["entity"] or "", row["name"] or "", row["last_on"]
    usual = row.get("usual_days")
    limit = definition.days if definition.times is None else None
    if definition.times is not None and usual is not None:
        limit = definition.times * float(usual)
    if last is None:
        return Finding(definition, entity, name)
    told = f"last on {last.day} {last:%B %Y}"
    return Finding(definition, entity, name, float(max((as_of - last).days, 0)), high=limit, detail=told)
