"""A contract as the rest of the house reads it: tables, columns, and rules over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["block", "quarantine", "warn"]
Drift = Literal["freeze", "evolve", "discard"]


@dataclass(frozen=True)
class Column:
    """One column: its type in DuckDB, its meaning, and the unit of its values."""

    name: str
    physical_type: str
    description: str
    unit: str | None = None
    required: bool = False


@dataclass(frozen=True)
class Rule:
    """Something that must hold of a table.

    `kind` columns compares the table's columns and types with the contract's; row_count and freshness look at
    the table whole, between `low` and `high` (rows, or days before as_of); unique names the columns of a key.
    Every other kind is a `predicate`: the SQL condition of a row that breaks the rule, in which `t` is the
    row and `$as_of` the business day. `columns` are those of the table that the rule looks at, `references`
    what it looks into: schema.table, and .column where it is a foreign key.
    """

    name: str
    kind: Literal[
        "columns", "row_count", "freshness", "unique", "not_null", "allowed", "range", "foreign_key", "rows"
    ]
    severity: Severity
    dimension: str
    columns: tuple[str, ...] = ()
    predicate: str | None = None
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    references: tuple[str, ...] = ()

    @property
    def parents(self) -> frozenset[str]:
        """The tables it looks into."""
        return frozenset(".".join(name.split(".")[:2]) for name in self.references)


@dataclass(frozen=True)
class Table:
    """One table under contract; `name` is schema.table, or mapping.table for what a source hands over.

    `happens` is the column with the day a row is of, where the table's statistics are watched by that day.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...]
    drift: Drift | None = None
    happens: str | None = None

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Contract:
    """One ODCS document; `mapping` is set where its tables are a source's."""

    name: str
    version: str
    domain: str
    owner: str
    description: str
    tables: tuple[Table, ...]
    mapping: str | None = None
