"""Whether the metrics are defined once, and well: what a snapshot cannot answer, and what stands twice."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from opslayer.errors import OpslayerError
from opslayer.metrics.cut import Texts, cut
from opslayer.metrics.metric import Metric, MetricValue, measure

CLOSE = 1e-6  # relative; a sum of floats in another order differs by less


@dataclass(frozen=True)
class Fault:
    """What is wrong with a metric, or with a dimension of it."""

    metric: str
    what: str


def check(layer: Texts, metrics: Iterable[Metric]) -> list[Fault]:
    """Every fault on one snapshot; none is how it should be."""
    known = list(metrics)
    return [
        *_twice(known),
        *(fault for value in measure(layer, known) for fault in (*_measured(value), *_cuts(layer, value))),
    ]


def _twice(metrics: list[Metric]) -> Iterator[Fault]:
    """A number that exists twice: the same sum of the same rows, or the same query."""
    for same in ("query", "number"):
        found: dict[object, list[str]] = defaultdict(list)
        for one in metrics:
            found[one.query if same == "query" else (one.rows, " ".join(one.of_rows.split()))].append(
                one.name
            )
        for names in found.values():
            for name in names[1:]:
                yield Fault(name, f"is the same {same} as {names[0]}")


def _measured(value: MetricValue) -> Iterator[Fault]:
    metric = value.metric
    if value.failure:
        yield Fault(metric.name, value.failure)
    low, high, target = metric.expected.low, metric.expected.high, metric.target
    if low is not None and high is not None and low > high:
        yield Fault(metric.name, f"its range begins at {low} and ends at {high}")
    if target is not None and ((low is not None and target < low) or (high is not None and target > high)):
        yield Fault(metric.name, f"its target {target} is out of its range")


def _cuts(layer: Texts, value: MetricValue) -> Iterator[Fault]:
    """A dimension that cannot be asked, or whose own rows do not give the value of the whole."""
    metric = value.metric
    for name, dimension in metric.dimensions.items():
        try:
            cut(layer, metric, name)
            if not dimension.rows or not dimension.adds_up or value.value is None:
                continue
            rows = layer.sql(dimension.rows)
            whole = layer.query(f"select cast({metric.of_rows} as double) as value from ({rows}) as rows")
        except OpslayerError as error:
            yield Fault(metric.name, f"by {name}: {error.message}")
            continue
        again = whole["value"][0]
        if again is None or not math.isclose(value.value, again, rel_tol=CLOSE, abs_tol=CLOSE):
            yield Fault(metric.name, f"by {name}: its rows give {again}, the metric is {value.value}")
