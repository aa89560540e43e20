"""Which rows of a snapshot somebody sees: every practice's or their own, with what people cost or without."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

COSTS = ("cost_rate_base", "dearer_base")  # columns from which what one person costs can be read
OF_NO_PRACTICE = frozenset(
    {
        "core.holiday",
        "core.fx_rate",
        "intelligence.overrun_backtest",
        "quality.mappings",
        "quality.models",
        "quality.results",
        "quality.sources",
    }
)
PARTIES = ("core.party", "core.party_alias")  # clients for whom the practice works or wants to
KEYS = ("project_id", "person_id", "opportunity_id")
RAW = "staging."
SET_ASIDE = "quality.quarantine"  # whole rows as they came: nothing in them can be left out


@dataclass(frozen=True)
class Rows:
    """What of a snapshot is seen. `practices` are the only ones; None: all. `costs`: what people cost."""

    practices: tuple[str, ...] | None = None
    costs: bool = True

    @property
    def is_everything(self) -> bool:
        return self.practices is None and self.costs


EVERYTHING = Rows()


def restricted(rows: Rows, columns: Iterable[str]) -> tuple[str, ...]:
    """The columns of a table that stay empty."""
    return () if rows.costs else tuple(column for column in columns if column in COSTS)


def condition(rows: Rows, table: str, columns: Iterable[str], *, of: str) -> str:
    """SQL that is true of the rows of `table` that are seen; `of` is the quoted catalog of the snapshot.

    A table that says nothing of a practice, a project, a person or a deal is seen by nobody who sees one
    practice only, unless it is in OF_NO_PRACTICE.
    """
    known = set(columns)
    if not rows.costs and table == SET_ASIDE:
        return "false"
    if rows.practices is None or table in OF_NO_PRACTICE:
        return "true"
    if table == SET_ASIDE or table.startswith(RAW):
        return "false"
    mine = f"practice in ({', '.join(_text(practice) for practice in rows.practices) or 'null'})"
    if "practice" in known:
        return mine
    owners = {"project_id": "project", "person_id": "person", "opportunity_id": "opportunity"}
    if table in PARTIES:
        found = (f"select party_id from {of}.core.{name} where {mine}" for name in ("project", "opportunity"))
        return f"party_id in ({' union all '.join(found)})"
    keyed = [
        f"coalesce({key} in (select {key} from {of}.core.{owners[key]} where {mine}), false)"
        for key in KEYS
        if key in known
    ]
    return " or ".join(keyed) or "false"


def _text(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"
