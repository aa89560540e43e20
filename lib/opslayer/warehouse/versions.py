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
from opslayer.errors import StoreError, unknown
from opslayer.store import open_store, snapshots_in_use
from opslayer.warehouse import files

NAME = re.compile(r"^\d{4}-\d{2}-\d{2}\.\d{3,}$")


@dataclass(frozen=True)
class Version:
    """One published snapshot: what it holds and how it stood when it was published.

    `base` is the version it equals but for what intelligence added; None where all of it was built.
    """

    name: str
    path: Path
    as_of: date
    published_at: datetime
    rows: dict[str, int]
    contracts_green: int
    contracts_red: int
    base: str | None = None


@dataclass(frozen=True)
class Pruned:
    """What is still known of a version whose file is gone."""

    name: str
    as_of: date
    published_at: datetime
    pruned_at: datetime
    base: str | None = None


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
    places = (files.folder(firm), files.pruned(firm))  # a name means one snapshot, for good
    found = [path.stem for place in places for path in place.glob(f"{as_of}.*") if NAME.match(path.stem)]
    taken = [_order(name)[1] for name in found]
    return f"{as_of}.{max(taken, default=0) + 1:03d}"


def record(version: Version) -> None:
    """Write what the version holds beside its file; from here on it counts as published."""
    values: dict[str, Any] = asdict(version)
    values.update(
        path=version.path.name, as_of=str(version.as_of), published_at=version.published_at.isoformat()
    )
    files.write_atomically(version.path.with_suffix(".json"), values)


def prune(firm: Firm, *, moment: datetime) -> None:
    """Drop versions beyond the number kept, and files no version owns; a note of each stays.

    One morning publishes many, an output each: so the last of each of as many days is kept too, and the last
    of each of `keep_weeks` weeks. Never dropped is the current one, nor one that a proposal rests on which
    waits, is held or is on its way. Unlinking a file leaves readers that have it open unharmed.
    """
    live, kept = current(firm), versions(firm)
    doomed = [version for version in kept if version.name not in _wanted(firm, kept) and version != live]
    for version in [one for one in doomed if one.name not in _in_use(firm)] if doomed else []:
        _note(firm, version, moment)
        _drop(firm, version.path)
    owned = {version.path for version in kept}
    for path in files.folder(firm).glob("*.duckdb"):
        if NAME.match(path.stem) and path not in owned:
            _drop(firm, path)


def _wanted(firm: Firm, kept: list[Version]) -> set[str]:
    """What the firm's [warehouse] section keeps."""
    number = firm.warehouse.keep_versions
    last_of_day = {version.as_of: version.name for version in kept}
    last_of_week = {version.as_of.isocalendar()[:2]: version.name for version in kept}
    weeks = sorted(last_of_week)[-firm.warehouse.keep_weeks :] if firm.warehouse.keep_weeks else []
    return (
        {version.name for version in kept[-number:]}
        | {last_of_day[day] for day in sorted(last_of_day)[-number:]}
        | {last_of_week[week] for week in weeks}
    )


def _in_use(firm: Firm) -> set[str]:
    """What open proposals rest on; every version there is, where the store cannot be asked."""
    try:
        with open_store(firm) as store, store.reading() as session:
            return snapshots_in_use(session)
    except StoreError:
        return {version.name for version in versions(firm)}


def _note(firm: Firm, version: Version, moment: datetime) -> None:
    files.pruned(firm).mkdir(exist_ok=True)
    values = {
        "name": version.name,
        "as_of": str(version.as_of),
        "published_at": version.published_at.isoformat(),
        "pruned_at": moment.isoformat(),
        "base": version.base,
    }
    files.write_atomically(files.pruned(firm) / f"{version.name}.json", values)


def _drop(firm: Firm, path: Path) -> None:
    path.with_suffix(".json").unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    shutil.rmtree(firm.var / "docs" / path.stem, ignore_errors=True)


def pruned_version(firm: Firm, name: str) -> Pruned | None:
    """What is known of a version that was dropped; None where it is kept, or never was."""
    path = files.pruned(firm) / f"{name}.json"
    if not path.exists():
        return None
    values = json.loads(path.read_text(encoding="utf-8"))
    return Pruned(
        values["name"],
        date.fromisoformat(values["as_of"]),
        datetime.fromisoformat(values["published_at"]),
        datetime.fromisoformat(values["pruned_at"]),
        values.get("base"),
    )


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
        base=values.get("base"),
    )
