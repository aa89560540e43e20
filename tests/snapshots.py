"""Published versions that a test fills by hand, so that an action has something to stand on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import duckdb

from opslayer.config import Firm
from opslayer.warehouse import Version
from opslayer.warehouse.versions import point, record


@contextmanager
def version(
    firm: Firm, *, as_of: date, moment: datetime, red: int = 0
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database to write to; afterwards it is the version that is live, with `red` contracts."""
    folder = firm.var / "warehouse"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{as_of}.{len(list(folder.glob('*.duckdb'))) + 1:03d}"
    path = folder / f"{name}.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.begin()  # one wait for the disk, and not one a row
        yield connection
        connection.commit()
    made = Version(name, path, as_of, moment, {}, 10, red)
    record(made)
    point(firm, made)
