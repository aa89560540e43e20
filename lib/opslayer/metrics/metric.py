"""A metric: what is measured, in which unit, who owns it, and the range it should lie in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Protocol

import polars as pl
from pydantic import Field

from opslayer.config import Firm, Settings, read_yaml
from opslayer.errors import ConfigurationError, nearest

Unit = Literal["currency", "days", "ratio", "count"]


class Range(Settings):
    """What a value should lie in; an end that is not given is open."""

    low: float | None = None
    high: float | None = None


class Metric(Settings):
    """One definition; `name` is its key in the file."""

    name: str = ""
    title: str
    unit: Unit
    better: Literal["higher", "lower"]
    owner: str
    description: str
    query: str = Field(description="named query that gives one row: value, previous")
    rows: str = Field(description="named query that gives the rows behind the value")
    expected: Range = Range()


class MetricFile(Settings):
    """A file of metrics, by name."""

    metrics: dict[str, Metric]


class Queries(Protocol):
    """Anything that answers a named query as of a day; a published layer does."""

    @property
    def as_of(self) -> date: ...

    def query(self, query: str, /, **values: Any) -> pl.DataFrame: ...


@dataclass(frozen=True)
class MetricValue:
    """A metric as measured on a snapshot: value and the one before it, null where there is none."""

    metric: Metric
    value: float | None
    previous: float | None
    as_of: date

    @property
    def out_of_range(self) -> bool:
        low, high = self.metric.expected.low, self.metric.expected.high
        return self.value is not None and (
            (low is not None and self.value < low) or (high is not None and self.value > high)
        )


def load_metrics(firm: Firm) -> list[Metric]:
    """Every metric, with the firm's own thresholds. Raises ConfigurationError for a threshold of none."""
    found: dict[str, Metric] = {}
    for path in firm.files("metrics").values():
        for name, metric in read_yaml(path, MetricFile).metrics.items():
            found[name] = metric.model_copy(update={"name": name})
    for name, ends in firm.thresholds.items():
        strangers = sorted(ends.keys() - Range.model_fields)
        if name not in found or strangers:
            word, allowed = (
                (name, found.keys()) if name not in found else (strangers[0], Range.model_fields.keys())
            )
            near = nearest(word, allowed)
            raise ConfigurationError(
                f"{firm.directory / 'firm.toml'}\n  at thresholds{'' if name not in found else f'.{name}'}\n"
                f"  at key: {word}\n    expected one of: {', '.join(allowed)}"
                + (f'\n    nearest: "{near}"' if near else "")
            )
        expected = found[name].expected.model_copy(update=ends)
        found[name] = found[name].model_copy(update={"expected": expected})
    return list(found.values())


def measure(layer: Queries, metrics: Iterable[Metric]) -> list[MetricValue]:
    """Each metric on one snapshot."""
    measured = []
    for metric in metrics:
        row = layer.query(metric.query).row(0, named=True)
        measured.append(MetricValue(metric, _float(row["value"]), _float(row["previous"]), layer.as_of))
    return measured


def written(value: float | None, unit: Unit, currency: str) -> str:
    """A value as people read it: 1.3m EUR, 39 days, 17 %."""
    if value is None:
        return "no data"
    match unit:
        case "currency":
            size = abs(value)
            for least, word in ((1e9, "bn"), (1e6, "m"), (1e4, "k")):
                if size >= least:
                    scaled = value / {"bn": 1e9, "m": 1e6, "k": 1e3}[word]
                    return f"{scaled:,.1f}{word} {currency}"
            return f"{value:,.0f} {currency}"
        case "days":
            return f"{value:,.0f} days"
        case "ratio":
            return f"{value:.1%}".replace("%", " %")
        case "count":
            return f"{value:,.0f}"


def _float(value: Decimal | float | int | None) -> float | None:
    return None if value is None else float(value)
