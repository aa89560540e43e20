"""A metric: what is measured, in which unit, who owns it, and the range it should lie in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

import polars as pl
from pydantic import Field

from opslayer.config import Firm, Settings, read_yaml
from opslayer.errors import ConfigurationError, OpslayerError, nearest

Unit = Literal["currency", "days", "ratio", "count"]
ENDS = ("low", "high")


class Range(Settings):
    """What a value should lie in; an end that is not given is open.

    Against the prior, the plan or the season the ends are shares of it: 0.9 is nine tenths of what it was.
    """

    low: float | None = None
    high: float | None = None
    against: Literal["", "prior", "plan", "season"] = Field(
        "", description="`previous`, `plan` or `season` of the metric's query; the ends are shares of it"
    )

    def of(self, base: float | None) -> Range:
        """The range in the unit of the metric, where it is against `base`; open where there is none."""
        if not self.against:
            return self
        if base is None:
            return Range()
        low, high = (None if end is None else end * base for end in (self.low, self.high))
        return Range(low=high, high=low) if base < 0 else Range(low=low, high=high)


class Dimension(Settings):
    """A way to cut a metric: columns of its rows that say which entity a row is of, and its name.

    The value of an entity is `of_rows` over its rows: what proves the whole gives each part.
    """

    key: str = Field(description="column of the rows: the entity's key")
    label: str = Field("", description="column of the rows: its name; the key where it is left out")
    rows: str = Field(
        "", description="named query in place of the metric's rows, where those lack the column"
    )
    adds_up: bool = Field(
        True, description="whether `of_rows` over all of those rows gives the whole: checked where it does"
    )


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
    of_rows: str = Field(description="SQL over those rows that gives the value again: what proves it")
    before: str = Field(
        "", description='what `previous` is of, e.g. "30 days before"; without it there is none'
    )
    expected: Range = Range()
    grain: str = Field("day", description="what one value is of: the day of the snapshot, a week, a month")
    target: float | None = Field(None, description="what it should come to; the range says what is tolerable")
    dimensions: dict[str, Dimension] = Field(default_factory=dict, description="ways to cut it, by name")


class MetricFile(Settings):
    """A file of metrics, by name."""

    metrics: dict[str, Metric]


class Queries(Protocol):
    """Anything that answers a named query as of a day; a published layer does."""

    @property
    def as_of(self) -> date: ...

    def query(self, query: str, /, **values: str | int | float | bool | date | None) -> pl.DataFrame: ...


@dataclass(frozen=True)
class MetricValue:
    """A metric as measured on a snapshot: value and the one before it, null where there is none.

    `failure` says why its query could not be run; value and previous are null then.
    """

    metric: Metric
    value: float | None
    previous: float | None
    as_of: date
    failure: str | None = None

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
        strangers = sorted(ends.keys() - ENDS)
        if name not in found or strangers:
            word, allowed = (name, found.keys()) if name not in found else (strangers[0], ENDS)
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
    """Each metric on one snapshot; one that fails says so and leaves the others alone."""
    return [_measured(layer, metric) for metric in metrics]


def _measured(layer: Queries, metric: Metric) -> MetricValue:
    try:
        found = layer.query(metric.query)
    except OpslayerError as error:
        return MetricValue(metric, None, None, layer.as_of, failure=error.message)
    if found.height != 1 or not {"value", "previous"} <= set(found.columns):
        why = f"the query {metric.query} gives {found.height} rows of {', '.join(found.columns)}"
        return MetricValue(metric, None, None, layer.as_of, failure=f"{why}; one of value, previous is due")
    row = found.row(0, named=True)
    base = {"prior": "previous", "plan": "plan", "season": "season"}.get(metric.expected.against)
    if base is not None and base not in row:
        why = f"the query {metric.query} gives no {base}, which its range is against"
        return MetricValue(metric, None, None, layer.as_of, failure=why)
    ranged = metric.model_copy(update={"expected": metric.expected.of(_float(row[base]) if base else None)})
    return MetricValue(ranged, _float(row["value"]), _float(row["previous"]), layer.as_of)


def difference(value: MetricValue, currency: str) -> str | None:
    """The value less the one before it: +4.1M EUR, -2 days, +1.3 points; None where it reads as nothing."""
    if value.value is None or value.previous is None:
        return None
    change, unit = value.value - value.previous, value.metric.unit
    words = f"{change * 100:,.1f} points" if unit == "ratio" else written(change, unit, currency)
    return None if words.lstrip("-").startswith(("0 ", "0.0 ")) or words in ("0", "-0") else _signed(words)


def _signed(words: str) -> str:
    return words if words.startswith("-") else f"+{words}"


def written(value: float | None, unit: Unit, currency: str) -> str:
    """A value as people read it: 1.3M EUR, 39 days, 17.5%."""
    if value is None:
        return "no data"
    match unit:
        case "currency":
            size = abs(value)
            for least, word in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
                if size >= least:
                    scaled = value / {"B": 1e9, "M": 1e6, "k": 1e3}[word]
                    return f"{scaled:,.1f}{word} {currency}"
            return f"{value:,.0f} {currency}"
        case "days":
            return f"{value:,.0f} days"
        case "ratio":
            return f"{value:.1%}"
        case "count":
            return f"{value:,.0f}"


def _float(value: Decimal | float | int | None) -> float | None:
    return None if value is None else float(value)
