"""Rows that break a quarantine rule leave staging with rule, version and key, and come back when mended."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from opslayer.contracts import QuarantineCount, split_quarantine
from tests.contract import AS_OF, create_tables, small_contract

Case = tuple[str, list[tuple[str, str, str]]]
CASES: dict[str, Case] = {
    "a missing value": (
        "update staging.invoice set issued_on = null where invoice_id = 'i1'",
        [
            ("staging.invoice", "i:1", "issued_on is there"),
            ("staging.line", "l:1", "invoice_id in staging.invoice"),
        ],
    ),
    "a parent's fall takes its children and theirs": (
        "update staging.party set kind = 'friend' where party_id = 'p2'",
        [
            ("staging.invoice", "i:2", "party_id in staging.party"),
            ("staging.line", "l:2", "invoice_id in staging.invoice"),
            ("staging.party", "p:2", "kind is known"),
        ],
    ),
    "two rules at once": (
        "update staging.invoice set total = -1, issued_on = date '2027-11-18' where invoice_id = 'i3'",
        [
            ("staging.invoice", "i:3", "not of the future"),
            ("staging.invoice", "i:3", "total in range"),
            ("staging.line", "l:3", "invoice_id in staging.invoice"),
        ],
    ),
    "the last day that is near enough": (
        "update staging.invoice set issued_on = date '2027-11-17' where invoice_id = 'i3'",
        [],
    ),
    "no parents at all": (
        "delete from staging.party",
        [
            ("staging.invoice", "i:1", "party_id in staging.party"),
            ("staging.invoice", "i:2", "party_id in staging.party"),
            ("staging.line", "l:1", "invoice_id in staging.invoice"),
            ("staging.line", "l:2", "invoice_id in staging.invoice"),
        ],
    ),
    "a warning sets nothing aside": (
        "update staging.invoice set source_key = '%' where invoice_id = 'i1'",
        [],
    ),
}


@pytest.mark.parametrize(("change", "expected"), CASES.values(), ids=CASES.keys())
def test_what_leaves(tmp_path: Path, change: str, expected: list[tuple[str, str, str]]) -> None:
    with duckdb.connect() as connection:
        create_tables(connection, change)
        tables = ("staging.party", "staging.invoice", "staging.line")
        count = "select " + " + ".join(f"(select count(*) from {table})" for table in tables)
        ((before,),) = connection.execute(count).fetchall()
        counts = split_quarantine(connection, [small_contract(tmp_path)], as_of=AS_OF)
        found = connection.execute(
            "select table_name, source_key, rule from quality.quarantine order by all"
        ).fetchall()
        ((after,),) = connection.execute(count).fetchall()
    assert found == expected
    assert sum(c.rows for c in counts) == len(expected)
    assert before - after == len({(table, key) for table, key, _ in expected})


def test_what_is_kept_of_a_row(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        create_tables(connection, "update staging.invoice set total = 2000 where invoice_id = 'i1'")
        counts = split_quarantine(connection, [small_contract(tmp_path)], as_of=AS_OF)
        rows = connection.execute("from quality.quarantine where table_name = 'staging.invoice'").fetchall()
    assert QuarantineCount("staging.invoice", "total in range", 1) in counts
    ((as_of, table, source, key, rule, contract, version, row),) = rows
    assert (as_of, table, source, key) == (AS_OF, "staging.invoice", "s", "i:1")
    assert (rule, contract, version) == ("total in range", "small", "1.2.0")
    assert json.loads(row) == {
        "invoice_id": "i1", "source": "s", "source_key": "i:1", "party_id": "p1",
        "issued_on": "2026-11-01", "total": 2000.0,
    }  # fmt: skip


def test_nothing_stays_from_the_build_before(tmp_path: Path) -> None:
    contracts = [small_contract(tmp_path)]
    with duckdb.connect() as connection:
        create_tables(connection, "update staging.invoice set total = -1 where invoice_id = 'i1'")
        assert split_quarantine(connection, contracts, as_of=AS_OF)
        connection.execute("drop schema staging cascade")
        connection.execute("drop schema quality cascade")
        create_tables(connection)  # the source mended it: the next build starts from what landed
        assert split_quarantine(connection, contracts, as_of=AS_OF) == []
        assert connection.execute("select count(*) from quality.quarantine").fetchall() == [(0,)]
        assert connection.execute("select count(*) from staging.line").fetchall() == [(4,)]
