"""What a page reads: named queries of a snapshot and records of the store, noting each that was asked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

import polars as pl

from opslayer.access import EVERYTHING, Rows
from opslayer.config import Firm
from opslayer.errors import AccessDenied
from opslayer.figures import Theme
from opslayer.metrics.metric import Queries
from opslayer.pages.records import RECORDS
from opslayer.store import Store

Kept = TypeVar("Kept")
MOST = 20  # things kept that took long to compute


@dataclass(frozen=True)
class Asked:
    """A query (or, of the store, a record) with the values that were bound, and how many rows it gave."""

    query: str
    values: tuple[tuple[str, Any], ...]
    rows: int
    is_record: bool = False


@dataclass(frozen=True)
class Source:
    """A snapshot and a store to read from, and what was computed of them at length."""

    firm: Firm
    queries: Queries
    store: Store
    kept: OrderedDict[Any, tuple[Any, tuple[Asked, ...]]] = field(default_factory=OrderedDict)
    rows: Rows = EVERYTHING  # that `queries` gives


@dataclass
class Reading:
    """Answers what one drawing asks, and notes it: what it was drawn from cannot be told wrong."""

    source: Source
    theme: Theme = "light"
    asked: list[Asked] = field(default_factory=list)

    @property
    def firm(self) -> Firm:
        return self.source.firm

    @property
    def currency(self) -> str:
        return self.firm.base_currency

    @property
    def as_of(self) -> date:
        return self.source.queries.as_of

    def query(self, query: str, /, **values: Any) -> pl.DataFrame:
        """Rows of a named query of the snapshot."""
        rows = self.source.queries.query(query, **values)
        self._note(Asked(query, tuple(sorted(values.items())), rows.height))
        return rows

    __call__ = query

    def record(self, name: str, **values: Any) -> pl.DataFrame:
        """One of `records.RECORDS`: what the store has of proposals, rules, runs.

        It is of the whole firm: raises AccessDenied where only some practices are seen.
        """
        if self.source.rows.practices is not None:
            raise AccessDenied(f"the records of {name} are of every practice", what=f"record {name}")
        rows = RECORDS[name](self.firm, self.source.store, **values)
        self._note(Asked(name, tuple(sorted(values.items())), rows.height, is_record=True))
        return rows

    def keep(self, key: Any, compute: Callable[[Reading], Kept]) -> Kept:
        """What takes long, computed once a source; each who takes it has asked what it was computed from."""
        if key not in self.source.kept:
            own = Reading(self.source, self.theme)
            self.source.kept[key] = compute(own), tuple(own.asked)
            while len(self.source.kept) > MOST:
                self.source.kept.popitem(last=False)
        value, asked = self.source.kept[key]
        for one in asked:
            self._note(one)
        found: Kept = value
        return found

    def _note(self, asked: Asked) -> None:
        if asked not in self.asked:
            self.asked.append(asked)
