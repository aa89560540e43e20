"""Published versions: immutable files, one pointer, rollback by moving it."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from opslayer.config import Firm
from opslayer.errors import unknown
from opslayer.warehouse import files

NAME = re.compile(r"^\d{4}-\d{2}-\d{2}\.\d{3,}$")


@dataclass(frozen=True)
class Version:
    """One published snapshot: what it holds and how it stood when it was published."""

    name: str
    path: Path
    as_of: date
    published_at: datetime
    rows: dict[str, int]
    contracts_green: int
    contracts_red: int


def versions(firm: Firm) -> list[Version]:
    """Every version kept, first published first."""
    found = [
        p
        for p in files.folder(firm).glob("*.json")
        if NAME.match(p.stem) and p.with_suffix(".duckdb").exists()
    ]
    return sorted(map(_read, found), key=lambda version: (version.published_at, _order(version.name)))


def current(firm: Firm) -> Version | None:
    """The version readers open, or None before the first publish."""
    try:
        name = json.loads(files.pointer(firm).read_text(encoding="utf-8"))["version"]
    except FileNotFoundError:
        return None
    return _read(files.folder(firm) / f"{name}.json")


def rollback(firm: Firm, name: str) -> Version:
    """Point readers at a version that is kept. Raises UsageError for one that is not."""
    with files.writer(firm):
        kept = {version.name: version for version in versions(firm)}
        if name not in kept:
            raise unknown("version", name, kept)
        point(firm, kept[name])
        return kept[name]


def point(firm: Firm, version: Version) -> None:
    """Move the pointer, in one atomic step."""
    files.write_atomically(files.pointer(firm), {"version": version.name})


def next_name(firm: Firm, as_of: date) -> str:
    taken = [_order(path.stem)[1] for path in files.folder(firm).glob(f"{as_of}.*") if NAME.match(path.stem)]
    return f"{as_of}.{max(taken, default=0) + 1:03d}"


def record(version: Version) -> None:
    """Write what the version holds beside its file; from here on it counts as published."""
    values: dict[str, Any] = asdict(version)
    values.update(
        path=version.path.name, as_of=str(version.as_of), published_at=version.published_at.isoformat()
    )
    files.write_atomically(version.path.with_suffix(".json"), values)


def prune(firm: Firm) -> None:
    """Drop versions beyond the number kept, never the current one, and files no version owns.

    One morning publishes many, an output each: so the last of each of as many days is kept too, and the last
    of each of `keep_weeks` weeks. Unlinking a file leaves readers that have it open unharmed.
    """
    live, number = current(firm), firm.warehouse.keep_versions
    kept = versions(firm)
    last_of_day = {version.as_of: version.name for version in kept}
    names = {version.name for version in kept[-number:]} | {
        last_of_day[day] for day in sorted(last_of_day)[-number:]
    }
    last_of_week = {version.as_of.isocalendar()[:2]: version.name for version in kept}
    weeks = sorted(last_of_week)[-firm.warehouse.keep_weeks :] if firm.warehouse.keep_weeks else []
    names |= {last_of_week[week] for week in weeks}
    doomed = [version.path for version in kept if version.name not in names and version != live]
    owned = {version.path for version in kept}
    doomed += [p for p in files.folder(firm).glob("*.duckdb") if NAME.match(p.stem) and p not in owned]
    for path in doomed:
        path.with_suffix(".json").unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        shutil.rmtree(firm.var / "docs" / path.stem, ignore_errors=True)


def _order(name: str) -> tuple[str, int]:
    day, _, number = name.partition(".")
    return day, int(number) if number.isdigit() else 0


def _read(path: Path) -> Version:
    values = json.loads(path.read_text(encoding="utf-8"))
    return Version(
        name=values["name"],
        path=path.parent / values["path"],
        as_of=date.fromisoformat(values["as_of"]),
        published_at=datetime.fromisoformat(values["published_at"]),
        rows=values["rows"],
        contracts_green=values["contracts_green"],
        contracts_red=values["contracts_red"],
    )
