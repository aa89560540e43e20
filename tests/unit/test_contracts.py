"""Contracts: ODCS documents read into rules, and every mistake in one named with its mend."""

from __future__ import annotations

import textwrap
from datetime import date
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from opslayer.config import PROJECT, Firm, load_firm
from opslayer.contracts import Contract, Rule, load_contracts, read_contract, source_tables
from opslayer.contracts.odcs import problems_between
from opslayer.contracts.queries import broken_tally
from opslayer.errors import ConfigurationError
from opslayer.sources import load_mapping

SHIPPED = sorted((PROJECT / "data_contracts").rglob("*.odcs.yaml"))
MODELS = PROJECT / "lib" / "opslayer" / "warehouse" / "models"
MAPPINGS = sorted((PROJECT / "lib" / "opslayer" / "sources" / "mappings").glob("*.yaml"))
DOCUMENT = """
    apiVersion: v3.1.0
    kind: DataContract
    id: test
    name: test
    version: 2.0.0
    status: active
    team: {name: Finance}
    slaProperties:
    - {property: freshness, value: 8, unit: d, element: core.bill.issued_on}
    schema:
    - name: core.bill
      physicalType: table
      customProperties: [{property: severity, value: warn}]
      properties:
      - {name: bill_id, logicalType: string, physicalType: VARCHAR, primaryKey: true, primaryKeyPosition: 1}
      - {name: issued_on, logicalType: date, physicalType: DATE, required: true}
      - name: status
        logicalType: string
        physicalType: VARCHAR
        enum: [{value: open}, {value: "it's paid"}]
        customProperties: [{property: severity, value: block}]
      - name: total
        logicalType: number
        physicalType: DECIMAL(18,2)
        logicalTypeOptions: {minimum: 0}
        customProperties: [{property: unit, value: base currency}]
      - name: replaces
        logicalType: string
        physicalType: VARCHAR
        relationships: [{type: foreignKey, to: core.bill.bill_id}]
      quality:
      - {metric: rowCount, type: library, name: rows, severity: warn, mustBeBetween: [1, 5]}
      - name: paid ones are above 1
        type: sql
        severity: quarantine
        query: select count(*) from ${object} t where t.status = 'paid' and t.total <= 1
        mustBe: 0
"""


def written(folder: Path, text: str = DOCUMENT, name: str = "test.odcs.yaml") -> Path:
    path = folder / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def small_firm(folder: Path, mapping: str) -> Firm:
    """A firm with one source of that mapping."""
    text = '[firm]\nname = "x"\nbase_currency = "EUR"\n[sources.a]\nkind = "files"\npath = "."\n'
    (folder / "firm.toml").write_text(f'{text}mapping = "{mapping}"\n', encoding="utf-8")
    return load_firm(folder)


def refused(folder: Path, old: str, new: str) -> str:
    """What reading the document says once `old` reads `new`."""
    assert old in DOCUMENT
    with pytest.raises(ConfigurationError) as raised:
        read_contract(written(folder, DOCUMENT.replace(old, new)))
    assert str(folder / "test.odcs.yaml") in raised.value.message
    return raised.value.message


@pytest.fixture(scope="module")
def shipped() -> list[Contract]:
    return [read_contract(path) for path in SHIPPED]


def test_a_document_becomes_rules(tmp_path: Path) -> None:
    contract = read_contract(written(tmp_path))
    (table,) = contract.tables
    assert (contract.name, contract.version, contract.owner, contract.mapping) == (
        "test",
        "2.0.0",
        "Finance",
        None,
    )
    assert (table.name, table.key, table.drift) == ("core.bill", ("bill_id",), None)
    assert {column.name: column.unit for column in table.columns}["total"] == "base currency"
    found = [(r.name, r.kind, r.severity, r.dimension, r.columns) for r in table.rules]
    assert found == [
        ("columns and types", "columns", "block", "conformity", ()),
        ("bill_id is there", "not_null", "warn", "completeness", ("bill_id",)),
        ("issued_on is there", "not_null", "warn", "completeness", ("issued_on",)),
        ("status is known", "allowed", "block", "conformity", ("status",)),
        ("total in range", "range", "warn", "accuracy", ("total",)),
        ("replaces in core.bill", "foreign_key", "warn", "consistency", ("replaces",)),
        ("unique bill_id", "unique", "block", "uniqueness", ("bill_id",)),
        ("row count", "row_count", "warn", "completeness", ()),
        ("paid ones are above 1", "rows", "quarantine", "accuracy", ("status", "total")),
        ("fresh issued_on", "freshness", "warn", "timeliness", ("issued_on",)),
    ]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_contract_says_all_that_a_reader_asks(path: Path) -> None:
    contract = read_contract(path)
    assert contract.owner
    assert contract.description
    assert contract.tables
    for table in contract.tables:
        assert table.description, table.name
        assert len({rule.name for rule in table.rules}) == len(table.rules), table.name
        for column in table.columns:
            assert column.description, f"{table.name}.{column.name}"
            if column.physical_type == "DECIMAL(18,2)":
                assert column.unit, f"{table.name}.{column.name} is money in which currency?"


def test_shipped_contracts_agree_with_each_other() -> None:
    assert list(problems_between({path: read_contract(path) for path in SHIPPED})) == []


def test_every_model_has_a_contract_and_every_contract_a_model(shipped: list[Contract]) -> None:
    models = {f"{path.parent.name}.{path.stem}" for path in MODELS.glob("*/*.sql")}
    under_contract = {table.name for contract in shipped if not contract.mapping for table in contract.tables}
    made_by_intelligence = {name for name in under_contract if name.startswith("intelligence.")}
    assert models == under_contract - made_by_intelligence
    assert made_by_intelligence


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: path.stem)
def test_every_column_a_mapping_reads_is_under_contract(
    path: Path, shipped: list[Contract], tmp_path: Path
) -> None:
    firm = small_firm(tmp_path, path.stem)
    mapping = load_mapping(firm, path.stem)
    declared = source_tables(shipped)
    for name, spec in mapping.tables.items():
        table = declared[path.stem, name]
        columns = {column.name for column in table.columns}
        assert {*spec.key, *([spec.cursor] if spec.cursor else [])} <= columns, name
        assert table.drift in ("freeze", "evolve", "discard")
        assert any(rule.kind == "row_count" for rule in table.rules), name
    for select in (select for selects in mapping.entities.values() for select in selects):
        values = [*select.columns.values(), *(v for by in select.refers.values() for v in by.values())]
        text = f"select {', '.join(values)} from {select.from_} {' '.join(select.join)}"
        query = sqlglot.parse_one(text + (f" where {select.where}" if select.where else ""), dialect="duckdb")
        tables = {t.alias_or_name: t.name for t in query.find_all(exp.Table) if t.name in mapping.tables}
        for column in query.find_all(exp.Column):
            if column.table in tables:
                names = {c.name for c in declared[path.stem, tables[column.table]].columns}
                assert column.name in names, f"{tables[column.table]}.{column.name}"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "apiVersion: v3.1.0",
            "apiVersion: v3.0.2",
            ["odcs.yaml:2:13\n", "apiVersion", "v3.1.0", 'got "v3.0.2"'],
        ),
        ("team: {name: Finance}", "team: {nmae: Finance}", ["odcs.yaml:8:8\n", "nmae", 'nearest: "name"']),
        (
            "value: warn",
            "value: wran",
            ["odcs.yaml:14:50\n", "severity", "block, quarantine, warn", 'nearest: "warn"'],
        ),
        (
            "severity: quarantine",
            "severity: quarantined",
            ["odcs.yaml:36:15\n", "paid ones are above 1", 'nearest: "quarantine"'],
        ),
        ("logicalType: date", "logicalType: dat", ["odcs.yaml:17:36\n", "logicalType", "dat", "date"]),
        ("and t.total <= 1", "and t.totl <= 1", ["totl", 'nearest: "total"']),
        ("where t.status", "having t.status", ["query", "expected select count(*)"]),
        ("from ${object} t where", "from core.bill t where", ["query", "${object}"]),
        ("mustBe: 0", "mustBe: 1", ["paid ones are above 1", "mustBe: 0"]),
        ("name: core.bill", "name: bills", ["bills", "core.<table>"]),
        ("unit: d,", "unit: hours,", ["odcs.yaml:10:41\n", "slaProperties", 'got "hours"']),
        ("element: core.bill.issued_on", "element: core.bill.isued_on", ["isued_on", 'nearest: "issued_on"']),
        ("kind: DataContract", "kind: [", ["is not YAML"]),
    ],
)
def test_a_mistake_names_key_found_and_allowed(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    said = refused(tmp_path, old, new)
    for word in words:
        assert word in said, said


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    firm = small_firm(tmp_path, "opslayer")
    folder = tmp_path / "data_contracts"
    folder.mkdir()
    written(folder, DOCUMENT.replace("value: warn", "value: wran"), "one.odcs.yaml")
    written(folder, DOCUMENT.replace("unit: d,", "unit: h,"), "two.odcs.yaml")
    with pytest.raises(ConfigurationError) as raised:
        load_contracts(firm)
    assert "one.odcs.yaml" in raised.value.message
    assert "two.odcs.yaml" in raised.value.message


def test_a_firms_own_contract_wins_by_its_path(tmp_path: Path) -> None:
    firm = small_firm(tmp_path, "opslayer")
    folder = tmp_path / "data_contracts"
    (folder / "finance").mkdir(parents=True)
    shipped = next(path for path in SHIPPED if path.parts[-2:] == ("finance", "marts.odcs.yaml"))
    (folder / "finance" / shipped.name).write_text(shipped.read_text().replace("version: 1.", "version: 9."))
    versions = {c.name: c.version for c in load_contracts(firm)}
    assert versions["finance_marts"].startswith("9.")
    assert versions["finance_core"].startswith("1.")


def test_contracts_are_checked_against_each_other(tmp_path: Path) -> None:
    one = written(tmp_path, name="one.odcs.yaml")
    two = written(
        tmp_path, DOCUMENT.replace("to: core.bill.bill_id", "to: core.bill.bil_id"), "two.odcs.yaml"
    )
    said = "\n".join(problems_between({one: read_contract(one), two: read_contract(two)}))
    assert "expected one contract; one.odcs.yaml has it too" in said
    assert f"{two}:31:44\n" in said
    assert 'got "core.bill.bil_id"' in said
    assert 'nearest: "core.bill.bill_id"' in said


def test_a_tally_stands_without_the_rows_alias_and_a_look_elsewhere_stands_alone() -> None:
    day = date(2026, 11, 16)
    own = Rule("r", "rows", "warn", "accuracy", predicate="t.a > $as_of AND length(t.b) = 2")
    assert broken_tally(own, day) == (
        "count(*) filter (where a > CAST('2026-11-16' AS DATE) AND LENGTH(b) = 2)"
    )
    other = Rule("r", "rows", "warn", "accuracy", predicate="t.a in (select x.a from core.x as x)")
    assert broken_tally(other, day) is None


@pytest.mark.parametrize(
    ("values", "found"), [("(1, 'a'), (1, 'b')", 0), ("(1, 'a'), (1, 'a')", 1), ("(1, null), (1, null)", 1)]
)
def test_keys_are_counted_by_their_hash(values: str, found: int) -> None:
    rule = Rule("unique", "unique", "block", "uniqueness", columns=("a", "b"))
    with duckdb.connect() as connection:
        connection.execute(f"create table x as select * from (values {values}) as v (a, b)")
        tally = broken_tally(rule, date(2026, 11, 16))
        assert connection.execute(f"select {tally} from x").fetchall() == [(found,)]
