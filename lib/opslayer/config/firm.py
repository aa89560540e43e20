"""firm.toml as one frozen model, and the folders beside it."""

from __future__ import annotations

import os
import re
import tomllib
from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from opslayer.config.access import AccessSection
from opslayer.config.alerts import AlertsSection
from opslayer.config.approvals import ApprovalsSection
from opslayer.config.channels import ChannelSection
from opslayer.config.models import ModelsSection
from opslayer.config.reading import validated
from opslayer.config.sections import (
    Absence,
    BillingSection,
    FirmSection,
    LimitsSection,
    MailSection,
    OutboxSection,
    Person,
    ProbesSection,
    StoreSection,
    TrailSection,
    WarehouseSection,
)
from opslayer.config.settings import Settings
from opslayer.config.sources import Source
from opslayer.errors import ConfigurationError
from opslayer.located import Located

PACKAGE = Path(__file__).resolve().parents[1]
PROJECT = PACKAGE.parents[1]


class Firm(Settings):
    """One firm: where it lives, what it has, who decides."""

    directory: Path
    firm: FirmSection
    sources: dict[str, Source] = Field(min_length=1)
    store: StoreSection = StoreSection()
    warehouse: WarehouseSection = WarehouseSection()
    trail: TrailSection = TrailSection()
    limits: LimitsSection = LimitsSection()
    outbox: OutboxSection = OutboxSection()
    probes: ProbesSection = ProbesSection()
    mail: MailSection | None = None
    approvals: ApprovalsSection | None = None
    alerts: AlertsSection | None = None
    channels: dict[str, ChannelSection] = Field(
        default_factory=dict, description="ways out besides mail, by the name that rules call them"
    )
    events: dict[str, str] = Field(
        default_factory=dict,
        description="what the firm's own systems tell of (`opslayer events emit`), by name: what happened",
    )
    billing: BillingSection | None = None
    models: ModelsSection = ModelsSection()
    access: AccessSection = AccessSection()
    people: tuple[Person, ...] = ()
    absences: tuple[Absence, ...] = ()
    folders: dict[Literal["rules", "templates", "queries", "cases"], str] = Field(
        default_factory=dict, description="where the firm's own lie; beside firm.toml, where it does not say"
    )
    thresholds: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="metric -> {low, high}: overrides the metric's expected range"
    )

    @model_validator(mode="after")
    def _people_are_known(self) -> Firm:
        for email in (email for absence in self.absences for email in (absence.person, absence.deputy)):
            if self.person(email) is None:
                raise ValueError(f'only addresses under [[people]] in [[absences]]; "{email}" is none')
        return self

    @field_validator("channels")
    @classmethod
    def _channels_are_named(cls, value: dict[str, ChannelSection]) -> dict[str, ChannelSection]:
        for name in value:
            if name == "mail" or not re.fullmatch("[a-z][a-z0-9_]*", name):
                raise ValueError(f'names of small letters, and not "mail", which is [mail]; "{name}" is none')
        return value

    @property
    def name(self) -> str:
        return self.firm.name

    @property
    def base_currency(self) -> str:
        return self.firm.base_currency

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.firm.time_zone)

    @property
    def working_hours(self) -> tuple[time, time]:
        """From and until, on the firm's clock."""
        begins, ends = (time.fromisoformat(clock) for clock in self.firm.working_hours.split("-"))
        return begins, ends

    @property
    def var(self) -> Path:
        """Everything the layer writes."""
        return self.directory / "var"

    def folder(self, name: str) -> tuple[Path, ...]:
        """Where YAML of one kind lies: the shipped folder, then the firm's own, which wins by file name."""
        shipped = {
            "data_contracts": PROJECT / "data_contracts",
            "scheduled": PROJECT / "scheduled",
            "rules": PACKAGE / "actions" / "rules",
            "templates": PACKAGE / "actions" / "templates",
            "metrics": PACKAGE / "metrics",
            "alerts": PACKAGE / "alerts" / "definitions",
            "mappings": PACKAGE / "sources" / "mappings",
            "queries": PACKAGE / "warehouse" / "queries",
            "cases": PACKAGE / "actions" / "cases",
            "capabilities": PACKAGE / "modelops" / "capabilities",
        }[name]
        own = next((place for folder, place in self.folders.items() if folder == name), name)
        return (shipped, self.directory / own)

    def files(self, folder: str, pattern: str = "*.yaml") -> dict[str, Path]:
        """Path within its folder -> path, over both folders, the firm's own winning; sorted."""
        found = {
            path.relative_to(place).as_posix(): path
            for place in self.folder(folder)
            for path in place.rglob(pattern)
        }
        return dict(sorted(found.items()))

    def hold_minutes(self, channel: str) -> int:
        """How long an approval can be taken back before it leaves by `channel`."""
        settings = self.channels.get(channel)
        if settings is not None and settings.hold_minutes is not None:
            return settings.hold_minutes
        return self.mail.hold_minutes if self.mail else 0

    def is_addressed(self, channel: str) -> bool:
        """Whether what leaves by `channel` reaches the address in somebody's record."""
        settings = self.channels.get(channel)
        return settings is None or settings.is_addressed

    def person(self, email: str) -> Person | None:
        return next((p for p in self.people if p.email.casefold() == email.casefold()), None)


def find_firm(start: Path | None = None) -> Path:
    """The nearest firm.toml: $OPSLAYER_FIRM, else `start` or the working directory and its parents.

    Raises ConfigurationError where there is none.
    """
    named = os.environ.get("OPSLAYER_FIRM")
    place = (start or (Path(named) if named else Path.cwd())).resolve()
    candidates = [place, *place.parents] if start is None and not named else [place]
    for candidate in candidates:
        path = candidate if candidate.name == "firm.toml" else candidate / "firm.toml"
        if path.is_file():
            return path
    raise ConfigurationError(
        f"no firm.toml in {place}",
        mend="`opslayer init DIR` writes one; `--firm DIR` or OPSLAYER_FIRM names another place",
    )


def load_firm(start: Path | str | None = None) -> Firm:
    """Read the nearest firm.toml. Raises ConfigurationError, naming file, key, found, allowed, nearest."""
    path = find_firm(Path(start) if start else None)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}\n  is not TOML: {error}") from error
    return validated(Firm, Located(path, {**values, "directory": path.parent}))
