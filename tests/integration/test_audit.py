"""Audit by Great Expectations on a real DuckDB file: every kind of rule, green and red."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from opslayer.contracts import AuditReport, Contract, audit, split_quarantine
from opslayer.contracts.queries import broken_rows
from opslayer.errors import ConfigurationError
from tests.contract import AS_OF, create_tables, small_contract

ORPHAN = "invoice_id in staging.invoice"
FUTURE = "not of the future"
PATTERN = "number has 2 letters, a colon and no %"


def audited(
    folder: Path, *changes: str, split: bool = False, contract: Contract | None = None
) -> AuditReport:
    """The audit of the small contract's tables after `changes`; `split` sets bad rows aside before."""
    contract = contract or small_contract(folder)
    database = folder / "staged.duckdb"
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        create_tables(connection)
        split_quarantine(connection, [], as_of=AS_OF)  # makes the empty table
        for change in changes:
            connection.execute(change)
        if split:
            split_quarantine(connection, [contract], as_of=AS_OF)
    return audit(database, [contract], as_of=AS_OF, docs=folder / "docs")


def test_great_expectations_is_the_version_this_was_tried_on() -> None:
    """Our adapter leans on GX's insides: on another version, run this file before you change the pin."""
    import great_expectations

    from opslayer.contracts.expectations import TESTED_VERSION

    assert great_expectations.__version__.startswith(f"{TESTED_VERSION}.")


def test_duckdb_still_needs_to_be_among_the_dialects_whose_connection_is_kept() -> None:
    from great_expectations.execution_engine import sqlalchemy_execution_engine

    import opslayer.contracts.expectations  # noqa: F401

    dialects = [dialect.value for dialect in sqlalchemy_execution_engine._PERSISTED_CONNECTION_DIALECTS]
    assert dialects.count("duckdb") == 1
    assert "sqlite" in dialects


def test_good_data_is_green(tmp_path: Path) -> None:
    report = audited(tmp_path)
    assert report.red == ()
    assert {(r.table, r.rule) for r in report.results} >= {
        ("staging.party", "columns and types"),
        ("staging.invoice", "unique invoice_id"),
        ("staging.line", "invoice_id in staging.invoice"),
    }
    assert {r.rows_checked for r in report.results if r.table == "staging.line"} == {4}


RED = [
    ("alter table staging.party add column mood varchar", "party", "columns and types", 1, "found=VARCHAR"),
    ("alter table staging.invoice alter total type double", "invoice", "columns and types", 1, "=DOUBLE"),
    (
        "update staging.line set line_id = null where source_key > 'l:2'",
        "line",
        "line_id is there",
        2,
        "=null",
    ),
    ("update staging.party set kind = 'its'", "party", "kind is known", 2, "party_id=p1, kind=its"),
    ("update staging.invoice set total = -0.01 where total = 10", "invoice", "total in range", 1, "=-0.01"),
    ("update staging.invoice set total = 1000.01 where total = 10", "invoice", "total in range", 1, "=i1"),
    ("insert into staging.party from staging.party", "party", "unique party_id", 2, "times=2"),
    ("delete from staging.party", "party", "row count", 1, "rows=0"),
    ("insert into staging.party from staging.party", "party", "row count", 1, "rows=4"),
    ("update staging.line set invoice_id = 'i9' where line_id = 'l1'", "line", ORPHAN, 1, "invoice_id=i9"),
    (
        "update staging.invoice set issued_on = '2028-01-01' where total = 10",
        "invoice",
        FUTURE,
        1,
        "2028-01-01",
    ),
    ("update staging.invoice set issued_on = '2026-10-15'", "invoice", "fresh issued_on", 1, "2026-10-15"),
    ("update staging.invoice set source_key = 'abc:1' where total = 10", "invoice", PATTERN, 1, "=abc:1"),
    ("update staging.invoice set source_key = 'a:1%' where total = 10", "invoice", PATTERN, 1, "=a:1%"),
]


@pytest.mark.parametrize(("change", "table", "rule", "failed", "sample"), RED)
def test_each_kind_of_rule_is_red(
    tmp_path: Path, change: str, table: str, rule: str, failed: int, sample: str
) -> None:
    report = audited(tmp_path, change)
    (found,) = [r for r in report.red if (r.table, r.rule) == (f"staging.{table}", rule)]
    assert found.rows_failed == failed
    assert sample in "; ".join(found.sample)
    with duckdb.connect(str(tmp_path / "staged.duckdb")) as connection:
        kept = connection.execute(
            "select contract, contract_version, severity, passed, rows_failed, sample from quality.results "
            "where table_name = $table and rule = $rule",
            {"table": f"staging.{table}", "rule": rule},
        ).fetchall()
        by_hand = rules_broken_by_hand(connection, small_contract(tmp_path))
    assert kept == [("small", "1.2.0", found.severity, False, failed, "; ".join(found.sample))]
    assert {(r.table, r.rule) for r in report.red} == by_hand


def rules_broken_by_hand(connection: duckdb.DuckDBPyConnection, contract: Contract) -> set[tuple[str, str]]:
    """(table, rule) of which DuckDB itself finds a bad row, asked one after the other."""
    return {
        (table.name, rule.name)
        for table in contract.tables
        for rule in table.rules
        if connection.execute(broken_rows(rule, table.name, table, AS_OF)).fetchall()
    }


def test_a_blocking_rule_blocks_and_a_warning_does_not(tmp_path: Path) -> None:
    report = audited(tmp_path, "delete from staging.party", "update staging.invoice set source_key = 'x'")
    assert {r.rule for r in report.blocking} == {"row count"}
    assert "number has 2 letters, a colon and no %" in {r.rule for r in report.red} - {
        r.rule for r in report.blocking
    }


def test_what_was_set_aside_is_counted_and_the_rest_is_clean(tmp_path: Path) -> None:
    report = audited(tmp_path, "update staging.party set kind = 'friend' where party_id = 'p2'", split=True)
    found = {(r.table, r.rule): (r.severity, r.rows_checked, r.rows_failed, r.sample) for r in report.red}
    assert found == {
        ("staging.party", "kind is known"): ("quarantine", 2, 1, ("p:2",)),
        ("staging.invoice", "party_id in staging.party"): ("quarantine", 3, 1, ("i:2",)),
        ("staging.line", "invoice_id in staging.invoice"): ("quarantine", 4, 1, ("l:2",)),
    }
    assert report.blocking == ()


def test_a_column_that_is_not_there_is_red_and_named(tmp_path: Path) -> None:
    report = audited(tmp_path, "alter table staging.invoice drop column issued_on")
    missing = {r.rule: r.sample for r in report.red if "no column issued_on" in r.sample}
    assert missing.keys() == {"issued_on is there", "not of the future", "fresh issued_on"}
    assert "columns and types" in {r.rule for r in report.blocking}


def test_a_table_that_is_not_there_is_red(tmp_path: Path) -> None:
    report = audited(tmp_path, "drop table staging.line")
    assert {r.sample for r in report.red if r.table == "staging.line"} == {("no such table",)}
    assert "columns and types" in {r.rule for r in report.blocking}


def test_a_rule_that_duckdb_does_not_understand_is_named(tmp_path: Path) -> None:
    contract = small_contract(tmp_path)
    party = next(table for table in contract.tables if table.name == "staging.party")
    rule = replace(
        next(r for r in party.rules if r.name == "kind is known"), kind="rows", predicate="nonsense(t.kind)"
    )
    with pytest.raises(ConfigurationError, match=r"staging\.party.*nonsense"):
        audited(tmp_path, contract=replace(contract, tables=(replace(party, rules=(rule,)),)))


def test_only_some_tables_leaves_the_results_of_the_others(tmp_path: Path) -> None:
    audited(tmp_path, "update staging.party set kind = 'friend'")
    database = tmp_path / "staged.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("update staging.party set kind = 'client'")
        connection.execute("update staging.line set invoice_id = 'i9'")
    report = audit(database, [small_contract(tmp_path)], as_of=AS_OF, docs=None, only={"staging.party"})
    assert report.red == ()
    with duckdb.connect(str(database)) as connection:
        red = connection.execute("select table_name, rule from quality.results where not passed").fetchall()
    assert red == []  # the lines' results are those of the audit before, when they were good


def test_the_file_is_let_go(tmp_path: Path) -> None:
    """Another process can write the file right after an audit."""
    audited(tmp_path)
    code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create table t as select 1')"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "staged.duckdb")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_pages_say_what_is_red_and_need_no_network(tmp_path: Path) -> None:
    audited(
        tmp_path,
        "update staging.party set kind = '<script>alert(1)</script>' where party_id = 'p1'",
        split=False,
    )
    pages = {path.name: path.read_text() for path in (tmp_path / "docs").iterdir()}
    assert pages.keys() == {"index.html", "small.html"}
    for text in pages.values():
        assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", text)
        assert "<script>alert" not in text
        assert "@import" not in text
    assert "&lt;script&gt;alert(1)" in pages["small.html"]
    assert "three tables &lt;with&gt; a chain" in pages["index.html"].replace("Three", "three")
    for words in ("kind is known", "staging.invoice", "DECIMAL", "base currency", "Finance", "1.2.0"):
        assert words.lower() in pages["small.html"].lower(), words
