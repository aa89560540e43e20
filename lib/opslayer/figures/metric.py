"""Metrics and the snapshot, as a notebook shows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

import polars as pl

from opslayer.alerts import AT_REST, Alert, Definition
from opslayer.figures.table import Table, table
from opslayer.metrics import MetricValue, Range, written


class Snapshot(Protocol):
    """What is published."""

    @property
    def name(self) -> str: ...
    @property
    def as_of(self) -> date: ...
    @property
    def contracts_green(self) -> int: ...
    @property
    def contracts_red(self) -> int: ...


def as_of(version: Snapshot, *, wanted: date) -> Table:
    """Which snapshot the page shows, and a warning where it is of another day than was wanted."""
    text = (
        f"Snapshot {version.name}, the books as of {version.as_of:%d %B %Y}: "
        f"{version.contracts_green} contract rules green, {version.contracts_red} red."
    )
    if version.as_of != wanted:
        text += f" This is not the {wanted:%d %B %Y} that was asked for."
    return Table(f"<p>{text}</p>", text)


def metric_table(values: Iterable[MetricValue], *, currency: str = "") -> Table:
    """Each metric with its value, what it was before, and the range it should lie in."""
    rows = [
        {
            "metric": value.metric.title,
            "value": written(value.value, value.metric.unit, currency).strip(),
            "previous": written(value.previous, value.metric.unit, currency).strip()
            if value.previous is not None
            else "",
            "expected": expected(value.metric.expected, value, currency),
            "state": value.failure or ("out of range" if value.out_of_range else ""),
        }
        for value in values
    ]
    return table(
        pl.DataFrame(rows),
        {"metric": "Metric", "value": "Now", "previous": "Before", "expected": "Expected", "state": ""},
        empty="No metric is defined.",
        figures=("value", "previous"),
    )


def alert_table(standing: Iterable[Alert], definitions: Iterable[Definition]) -> Table:
    """Each alert that is not at rest, under its title."""
    titles = {definition.name: definition.title for definition in definitions}
    rows = [
        {
            "metric": ", ".join(filter(None, (titles.get(alert.definition, alert.definition), alert.name))),
            "state": alert.state,
            "since": alert.since,
            "acknowledged_by": alert.acknowledged_by,
        }
        for alert in standing
        if alert.state not in AT_REST
    ]
    return table(
        pl.DataFrame(rows),
        {"metric": "Metric", "state": "State", "since": "Since", "acknowledged_by": "Acknowledged by"},
        empty="Every metric is in its range.",
    )


def expected(ends: Range, value: MetricValue, currency: str) -> str:
    """A range in words: at least 0, at most 55 days."""
    unit = value.metric.unit
    parts = [f"at least {written(ends.low, unit, currency).strip()}"] if ends.low is not None else []
    parts += [f"at most {written(ends.high, unit, currency).strip()}"] if ends.high is not None else []
    return ", ".join(parts)
