"""The past that a rule can be replayed on: snapshots that are kept, and days built anew from what landed.

A kept snapshot says what was known that day. A day built anew says it only of facts that have a date
(invoices, payments, hours, stages, predictions); a state without one (disputed, an address) is that of today.
"""

from __future__ import annotations

import tempfile
from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal

import duckdb

from opslayer.config import Firm
from opslayer.warehouse import Layer, Version, build, open_layer, versions
from opslayer.warehouse.layer import own_queries

SUNRISE = time(6, tzinfo=UTC)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class PastDay:
    """A day of the past: of a snapshot that is `kept`, or `rebuilt`."""

    day: date
    source: Literal["kept", "rebuilt"]
    version: str | None = None


def past_days(firm: Firm, *, until: date, months: int, rebuild: bool = False) -> list[PastDay]:
    """The days of the last `months` up to `until` that can be replayed, first to last.

    Of each day the last snapshot that is kept. With `rebuild`, a day a week where none of that week is kept.
    """
    since = months_before(until, months)
    last = {one.as_of: one.name for one in versions(firm) if since < one.as_of <= until}
    days = [PastDay(day, "kept", name) for day, name in last.items()]
    if rebuild:
        had = {(until - day) // WEEK for day in last}
        weeks = range((until - since) // WEEK)
        days += [PastDay(until - week * WEEK, "rebuilt") for week in weeks if week not in had]
    return sorted(days, key=lambda one: one.day)


def months_before(day: date, months: int) -> date:
    """The same day so many months ago, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def moment_of(day: PastDay) -> datetime:
    """When the rule is taken to have looked: in the morning."""
    return datetime.combine(day.day, SUNRISE)


@contextmanager
def opened(firm: Firm, past: PastDay) -> Iterator[Layer]:
    """The snapshot of a past day. Raises BuildError where it cannot be built."""
    if past.version is not None:
        with open_layer(firm, past.version) as layer:
            yield layer
        return
    with tempfile.TemporaryDirectory() as folder:
        elsewhere = Path(folder)
        (elsewhere / "var").mkdir()
        (elsewhere / "var" / "raw").symlink_to((firm.var / "raw").resolve())
        for own in ("data_contracts", "mappings"):
            if (firm.directory / own).is_dir():
                (elsewhere / own).symlink_to((firm.directory / own).resolve())
        made = build(firm.model_copy(update={"directory": elsewhere}), as_of=past.day)
        version = Version(f"{past.day}.rebuilt", made.path, past.day, moment_of(past), {}, 0, 0)
        connection = duckdb.connect(str(made.path), read_only=True)
        with Layer(version, firm.base_currency, connection, own_queries(firm)) as layer:
            yield layer
