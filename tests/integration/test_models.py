"""Every SQL model on rows written in tests/sql, and the built tables against their contracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
import yaml
from pydantic import Field
from sqlglot import exp

from opslayer import demo
from opslayer.config import PROJECT, Settings, load_firm
from opslayer.contracts import Table, load_contracts, read_contract
from opslayer.warehouse import build, land, load_models
from opslayer.warehouse.mapped import create_typing, entities
from opslayer.warehouse.models import bind
from tests.conftest import MOMENT

CASES = PROJECT / "tests" / "sql"
MODELS = load_models()
QUARANTINE = dict.fromkeys(("table_name", "source", "source_key", "rule", "row_json"), "VARCHAR") | {
    "as_of": "DATE"
}


class Case(Settings):
    """Rows in and rows out of one model; a column that is not written is null, or not compared."""

    as_of: date = date(2026, 3, 31)
    base_currency: str = "EUR"
    sources: list[str] = Field(default_factory=list)
    time_zone: str = "UTC"
    calling_code: str | None = None
    given: dict[str, list[dict[str, Any]]] = Field(min_length=1)
    expect: list[dict[str, Any]] = Field(min_length=1)


@pytest.fixture(scope="module")
def tables() -> Mapping[str, Table]:
    """The contracts of tables by name, for the types of rows that go in."""
    shipped = (PROJECT / "data_contracts").rglob("*.odcs.yaml")
    return {table.name: table for path in shipped for table in read_contract(path).tables}


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        create_typing(connection)
        yield connection


def column_types(name: str, tables: Mapping[str, Table]) -> dict[str, str]:
    if name == "quality.quarantine":
        return QUARANTINE
    schema, _, table = name.partition(".")
    if schema == "mapped":
        text = [*entities()[table], "source", "_load_id"]
        return {**dict.fromkeys(text, "VARCHAR"), "_conflict": "BOOLEAN"}
    return {column.name: column.physical_type for column in tables[name].columns}


def fill(
    connection: duckdb.DuckDBPyConnection, name: str, types: Mapping[str, str], rows: list[dict[str, Any]]
) -> None:
    """A table of these types with the rows; a column that a row does not write is null."""
    columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
    connection.execute(f"create schema if not exists {name.partition('.')[0]}")
    connection.execute(f"create table {name} ({columns})")
    for row in rows:
        assert row.keys() <= types.keys(), row.keys() - types.keys()
        values = [None if row.get(c) is None else str(row[c]) for c in types]
        casts = ", ".join(f"cast(? as {kind})" for kind in types.values())
        connection.execute(f"insert into {name} values ({casts})", values)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_rows_in_rows_out(
    name: str, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]
) -> None:
    path = CASES.joinpath(*name.split(".")).with_suffix(".yaml")
    case = Case.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    model = MODELS[name]
    assert case.given.keys() <= model.reads
    for read in model.reads:
        types = column_types(read, tables)
        fill(connection, read, types, case.given.get(read, []))
    values = bind(model.values, case.model_dump(exclude={"given", "expect"}), name)
    connection.execute(f"create table found as {model.sql}", values)
    described = connection.execute("describe found").fetchall()
    kinds = {str(column): str(kind) for column, kind, *_ in described}
    listed = list(dict.fromkeys(column for row in case.expect for column in row))
    assert set(listed) <= kinds.keys(), set(listed) - kinds.keys()
    fill(connection, "wanted.rows", {column: kinds[column] for column in listed}, case.expect)
    columns = ", ".join(f'"{column}"' for column in listed)
    found = connection.execute(f"select {columns} from found order by all").fetchall()
    wanted = connection.execute(f"select {columns} from wanted.rows order by all").fetchall()
    assert found == wanted


def test_every_case_has_its_model() -> None:
    written = {f"{path.parent.name}.{path.stem}" for path in CASES.glob("*/*.yaml")}
    assert written == MODELS.keys()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A demo firm's staged file."""
    folder: Path = tmp_path_factory.mktemp("demo") / "firm"
    made = demo.generate(folder, seed=5, scale=0.02)
    firm = load_firm(folder)
    land(firm, as_of=made.as_of, moment=MOMENT)
    staged = build(firm, as_of=made.as_of).path
    with duckdb.connect(str(staged), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_table_is_what_its_contract_says(
    name: str, built: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]
) -> None:
    """The same columns in any order, each of the type that is promised."""
    found = {str(column): str(kind) for column, kind, *_ in built.execute(f"describe {name}").fetchall()}
    promised = {column.name: plain(column.physical_type) for column in tables[name].columns}
    assert {column: plain(kind) for column, kind in found.items()} == promised


def plain(kind: str) -> str:
    """A type as DuckDB spells it."""
    ((spelt,),) = duckdb.execute(f"select typeof(cast(null as {kind}))").fetchall()
    return str(spelt)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_is_sql_that_spark_can_read(name: str) -> None:
    """The layer can move to another engine: sqlglot translates each model, and its result parses there."""
    (translated,) = sqlglot.transpile(MODELS[name].sql, read="duckdb", write="spark")
    query = sqlglot.parse_one(translated, dialect="spark")
    assert isinstance(query, exp.Select | exp.SetOperation)
    assert {f"{t.db}.{t.name}" for t in query.find_all(exp.Table) if t.db} == MODELS[name].reads


def test_the_demo_contracts_are_those_that_are_shipped(tmp_path: Path) -> None:
    """So that the types above are those of a new firm."""
    demo.generate(tmp_path / "firm", seed=5, scale=0.01)
    promised = {t.name for contract in load_contracts(load_firm(tmp_path / "firm")) for t in contract.tables}
    assert promised >= MODELS.keys()
