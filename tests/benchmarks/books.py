"""A firm's books of any size, made in DuckDB in seconds: what the benchmarks of contracts are run on.

Four lines an invoice, 95 % of invoices paid, a fifth as many bills; every journal balances and every mart
reconciles. `plant` then breaks it in known places.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from opslayer.config import Firm, load_firm
from opslayer.warehouse import land

AS_OF = date(2026, 11, 16)
MOMENT = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
QUERIES = Path(__file__).parent / "queries"
TABLES = (
    "party",
    "account",
    "invoice",
    "invoice_line",
    "bill",
    "payment",
    "journal_line",
    "fx_rate",
    "budget",
)
SETTINGS = """[firm]
name = "Benchmark"
base_currency = "EUR"
[sources.books]
kind = "files"
mapping = "opslayer"
path = "data"
pattern = "{table}.parquet"
[warehouse]
memory_limit = "6GB"  # of what DuckDB keeps; the process takes a fifth more
"""


def make(folder: Path, lines: int) -> Firm:
    """A firm in `folder` with `lines` invoice lines, landed."""
    data = folder / "data"
    data.mkdir(parents=True)
    (folder / "firm.toml").write_text(SETTINGS, encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '8GB'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"set temp_directory = '{folder / 'spill'}'")
        for name in TABLES:
            query = (QUERIES / f"{name}.sql").read_text(encoding="utf-8")
            names = {"lines": lines, "as_of": AS_OF}
            values = {key: value for key, value in names.items() if f"${key}" in query}
            connection.execute(f"create table {name} as {query}", values)
            connection.execute(f"copy {name} to '{data / name}.parquet' (format parquet)")
    firm = load_firm(folder)
    land(firm, as_of=AS_OF, moment=MOMENT)
    return firm


def plant(database: Path) -> None:
    """Break the staged file as data breaks: in a handful of rows of the largest tables."""
    with duckdb.connect(str(database)) as connection:
        for statement in (QUERIES / "plants.sql").read_text(encoding="utf-8").split(";"):
            if statement.strip():
                connection.execute(statement)
