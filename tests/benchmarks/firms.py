"""The demo firm many times over: its books once, its people, projects, time and deals each time.

They are taken from its core tables, so that it does not matter which systems it came from.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from opslayer import demo
from opslayer.config import Firm, load_firm
from opslayer.sources import load_mapping
from opslayer.warehouse import open_layer, refresh
from opslayer.warehouse.mapped import entities

MOMENT = datetime(2026, 11, 16, 6, tzinfo=UTC)
# a key of one of these is another's in each copy; what is not in here stands once
COPIED = {
    "person", "project", "task", "milestone", "assignment", "time_entry", "skill", "leave", "opportunity",
    "opportunity_stage", "opportunity_role",
}  # fmt: skip
COPIED_KEYS = {f"{name}_key" for name in ("person", "project", "task", "manager", "opportunity", "owner")}
SETTINGS = """[firm]
name = "Benchmark"
base_currency = "EUR"
[sources.work]
kind = "files"
mapping = "opslayer"
path = "data"
pattern = "{table}.parquet"
[warehouse]
memory_limit = "4GB"
keep_versions = 2
"""


def make(folder: Path, copies: int) -> Firm:
    """A firm in `folder` with `copies` times the work of the demo firm, as exports of the templates."""
    demo.generate(folder / "demo")
    model = load_firm(folder / "demo")
    refresh(model, as_of=demo.AS_OF, moment=MOMENT)
    data = folder / "firm" / "data"
    data.mkdir(parents=True)
    (folder / "firm" / "firm.toml").write_text(SETTINGS, encoding="utf-8")
    firm = load_firm(folder / "firm")
    with open_layer(model) as layer:
        database = layer.version.path
    mapping = load_mapping(firm, "opslayer")
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set preserve_insertion_order = false")
        for entity in entities():
            for select in mapping.entities.get(entity, ()):
                query = exported(connection, entity, select.columns, copies if entity in COPIED else 1)
                connection.execute(f"copy ({query}) to '{data / entity}.parquet' (format parquet)")
    return firm


def exported(connection: duckdb.DuckDBPyConnection, entity: str, columns: dict[str, str], copies: int) -> str:
    """The SELECT of a core table under the column names of its template."""
    rows = connection.execute(
        "select column_name from duckdb_columns() where schema_name = 'core' and table_name = ?", [entity]
    ).fetchall()
    have = {name for (name,) in rows}
    values = []
    for name, expression in columns.items():
        core = next((n for n in (name, name.replace("_key", "_id"), f"{name}_base") if n in have), None)
        if not expression.removeprefix("t.").isidentifier():
            continue  # a key that is made of other columns
        value = f"t.{core}" if core else "null::varchar"
        if name.endswith("_key") and core != name:
            value = f"substr({value}, instr({value}, ':') + 1)"
        if copies > 1 and (name == "source_key" or name in COPIED_KEYS):
            value = f"{value} || '~' || c"
        if copies > 1 and name == "email":
            value = f"replace({value}, '@', '+' || c || '@')"
        values.append(f"{value} as {expression.removeprefix('t.')}")
    return f"select {', '.join(values)} from core.{entity} as t, range({copies}) as r (c)"
