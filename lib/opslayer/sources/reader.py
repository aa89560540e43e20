"""What every kind of source can be asked."""

from __future__ import annotations

from typing import Protocol

from opslayer.sources.mapping import MappedTable
from opslayer.sources.parquet import Parts


class Reader(Protocol):
    """One source, open for reading. Errors it raises need not name the source or the table: landing does."""

    sparse: bool
    """Whether a row may leave out a column that is empty, as JSON does: then a short read proves nothing."""

    lag: int
    """How far an incremental read reaches back (see `cursor.lagged`)."""

    def present(self, table: str) -> bool:
        """Whether the source has the table."""

    def stamp(self, table: str, /) -> str | None:
        """A fingerprint that changes with the table's content; None where only reading can tell."""

    def incremental(self, table: str, spec: MappedTable, /) -> bool:
        """Whether the table can be read from a cursor on."""

    def read(self, table: str, spec: MappedTable, floor: str | None, parts: Parts, /) -> None:
        """Write the table to `parts`: whole, or where its cursor is `floor` or more (or not set)."""
