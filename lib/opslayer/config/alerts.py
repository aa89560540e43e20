"""[alerts] in firm.toml: who is told of what, when, how often, and when nobody is."""

from __future__ import annotations

from datetime import datetime, time

from pydantic import Field, field_validator, model_validator

from opslayer.config.settings import Settings


class Step(Settings):
    """One step of a chain: everybody of a role, once nobody has acknowledged for so many hours."""

    role: str = Field(description="a role of somebody under [[people]]")
    after_hours: float = Field(0, ge=0, description="since it fired; 0 is at once")


class Maintenance(Settings):
    """A time in which some alerts are told to nobody; they move all the same."""

    first: datetime = Field(description="with its zone, e.g. 2026-12-01T18:00:00+00:00")
    last: datetime
    why: str
    alerts: tuple[str, ...] = Field(("*",), description='names of alerts; "*" stands for anything')

    @model_validator(mode="after")
    def _a_span(self) -> Maintenance:
        if self.first.tzinfo is None or self.last.tzinfo is None:
            raise ValueError("`first` and `last` with their zone, e.g. 2026-12-01T18:00:00+00:00")
        if self.first >= self.last:
            raise ValueError("`first` before `last`")
        return self


class AlertsSection(Settings):
    """Without it alerts are shown and nobody is written to."""

    chains: dict[str, tuple[Step, ...]] = Field(
        default_factory=dict,
        description='owner of a metric -> steps; "*" for owners without a chain, else the role of their name',
    )
    repeat_hours: float = Field(24, gt=0, description="what nobody has acknowledged is told again so often")
    tell_from: time = Field(time(8), description="nobody is written to earlier, but for urgent alerts")
    tell_until: time = Field(time(18), description="nor later")
    working_days: bool = Field(True, description="nor on weekends and public holidays of `country`")
    country: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2; that of [billing] where it is left out"
    )
    flapping_times: int = Field(3, ge=2, description="an alert that fired so often")
    flapping_days: int = Field(14, ge=1, description="within so many days is flapping, and told as that")
    page: str | None = Field(None, description="where the pages are, for the link in a mail")
    maintenance: tuple[Maintenance, ...] = ()

    @field_validator("chains")
    @classmethod
    def _begun_at_once(cls, value: dict[str, tuple[Step, ...]]) -> dict[str, tuple[Step, ...]]:
        for owner, steps in value.items():
            hours = [step.after_hours for step in steps]
            if not steps or hours != sorted(hours):
                raise ValueError(f'one step or more, in the order of `after_hours`; "{owner}" has none such')
        return value

    @model_validator(mode="after")
    def _a_span(self) -> AlertsSection:
        if self.tell_from >= self.tell_until:
            raise ValueError("`tell_from` before `tell_until`")
        return self
