"""What an alert is of: definitions in YAML, one kind a question that can be asked of the firm's numbers.

Every metric with an expected range has one by itself, under its own name; `definitions/*.yaml`, and a firm's
own `alerts/*.yaml`, have the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from opslayer.alerts.state import Terms
from opslayer.config import Firm, Settings, read_yaml
from opslayer.errors import ConfigurationError, nearest
from opslayer.metrics import Metric, Unit, load_metrics


class _Definition(Settings):
    """What all kinds have; `name` is its key in the file."""

    name: str = ""
    title: str = Field("", description="as people read it; the metric's where it is left out")
    owner: str = Field("", description="whose it is, as metrics name owners; the metric's where left out")
    note: str = Field("", description="what to do about it, in a sentence")
    urgent: bool = Field(False, description="told of at any hour")
    severe: float = Field(0.25, ge=0, description="this far beyond its limit, of the limit, it fires at once")
    margin: float = Field(0.05, ge=0, description="this near to its limit, of the limit, it is not over")
    pending_days: int = Field(1, ge=0, description="days it must last before it fires")
    recovery_days: int = Field(1, ge=0, description="days it must be in range before it is over")
    missing_days: int = Field(3, ge=0, description="days without a value before that is told")

    @property
    def terms(self) -> Terms:
        return Terms(self.pending_days, self.recovery_days, self.missing_days)


class _Limited(_Definition):
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _limited(self) -> _Limited:
        if self.low is None and self.high is None and self._needs_a_limit:
            raise ValueError("`low`, `high`, or both")
        return self

    @property
    def _needs_a_limit(self) -> bool:
        return True


class Absolute(_Limited):
    """A metric's value, of the firm or of each entity of a dimension, against limits."""

    kind: Literal["absolute"] = "absolute"
    metric: str
    by: str = Field("", description="a dimension of the metric: an alert for each of its entities")

    @property
    def _needs_a_limit(self) -> bool:
        return bool(self.by)  # without one its metric's expected range holds


class Change(_Limited):
    """A metric against what it was before: limits of the change, as a share of what it was."""

    kind: Literal["change"]
    metric: str


class Season(_Definition):
    """A series of marts.metric_history against what its own past says of such a day, week or month."""

    kind: Literal["season"]
    series: str
    by: Literal["", "member"] = Field("", description='"member": each practice or table, not the firm alone')


class Crossing(_Limited):
    """A forecast that will leave its limits within so many days."""

    kind: Literal["crossing"]
    query: str = Field(description="named query: entity, name, day, value")
    within_days: int = Field(91, ge=1)
    unit: Unit


class Pace(_Limited):
    """A budget that is used faster than its work is done, or its time passes: their quotient."""

    kind: Literal["pace"]
    query: str = Field(description="named query: entity, name, spent, budget, elapsed (share of 1)")
    least_elapsed: float = Field(0.1, ge=0, le=1, description="sooner than this nothing can be said")


class Absence(_Definition):
    """Something expected that did not come: days since it came last."""

    kind: Literal["absence"]
    query: str = Field(
        description="named query: entity, name, last_on, and usual_days where `times` is given"
    )
    days: float | None = Field(None, gt=0, description="that may pass")
    times: float | None = Field(None, gt=0, description="of the usual days that may pass")

    @model_validator(mode="after")
    def _one(self) -> Absence:
        if (self.days is None) == (self.times is None):
            raise ValueError("either `days` or `times`")
        return self


Definition = Annotated[Absolute | Change | Season | Crossing | Pace | Absence, Field(discriminator="kind")]


class DefinitionFile(Settings):
    """A file of definitions, by name."""

    alerts: dict[str, Definition]


def load_definitions(firm: Firm, metrics: Iterable[Metric] | None = None) -> dict[str, Definition]:
    """Every alert by name, each with its title and owner.

    Raises ConfigurationError for one of a metric or dimension that is not there, without a limit, or without
    a title or owner that a metric would lend it.
    """
    known = {metric.name: metric for metric in (load_metrics(firm) if metrics is None else metrics)}
    found: dict[str, Definition] = {
        name: Absolute(name=name, title=one.title, owner=one.owner, metric=name)
        for name, one in known.items()
        if one.expected.low is not None or one.expected.high is not None
    }
    for path in firm.files("alerts").values():
        for name, definition in read_yaml(path, DefinitionFile).alerts.items():
            where = f"{path}\n  at alerts.{name}"
            found[name] = _completed(name, definition, known, where)
    return dict(sorted(found.items()))


def _completed(name: str, definition: Definition, metrics: dict[str, Metric], where: str) -> Definition:
    given = {"name": name}
    if isinstance(definition, Absolute | Change):
        metric = metrics.get(definition.metric)
        if metric is None:
            raise _wrong(where, "metric", definition.metric, metrics)
        given |= {"title": definition.title or metric.title, "owner": definition.owner or metric.owner}
        if isinstance(definition, Absolute) and definition.by and definition.by not in metric.dimensions:
            raise _wrong(where, "by", definition.by, metric.dimensions)
        if isinstance(definition, Change) and not metric.before:
            raise _wrong(where, "metric", definition.metric, [m.name for m in metrics.values() if m.before])
    elif not (definition.title and definition.owner):
        missing = "title" if not definition.title else "owner"
        raise ConfigurationError(f"{where}\n  at key: {missing}\n    expected a value; got nothing")
    return definition.model_copy(update=given)


def _wrong(where: str, key: str, got: str, allowed: Iterable[str]) -> ConfigurationError:
    words = sorted(allowed)
    near = nearest(got, words)
    return ConfigurationError(
        f'{where}\n  at key: {key}\n    expected one of: {", ".join(words) or "none"}; got "{got}"'
        + (f'\n    nearest: "{near}"' if near else "")
    )


def unit_of(definition: Definition, metrics: dict[str, Metric]) -> Unit:
    """The unit of what is measured."""
    match definition:
        case Absolute():
            return metrics[definition.metric].unit if definition.metric in metrics else "count"
        case Crossing():
            return definition.unit
        case Change() | Pace():
            return "ratio"
        case Absence():
            return "days"
        case Season():
            return "count"
