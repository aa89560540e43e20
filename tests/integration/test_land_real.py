"""The real masked ledger, landed as it lies."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from opslayer.sources import land, raw_tables
from tests.landing import AS_OF, MOMENT, firm_with

KEYS = {
    "account": ["account_id"],
    "contact": ["contact_id"],
    "credit_note": ["credit_note_id"],
    "invoice": ["invoice_id"],
    "invoice_line_item": ["line_item_id", "invoice_id"],
    "journal": ["journal_id"],
    "journal_line": ["journal_line_id", "journal_id"],
    "organization": ["organisation_id"],
}


@pytest.mark.real
def test_every_value_of_the_real_ledger_is_landed_as_it_is(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "connectors" / "xero"
    source = f'kind = "files"\npath = "{folder}"\npattern = "xero_{{table}}_data.csv"\n'
    tables = {name: {"key": key} for name, key in KEYS.items()}
    firm = firm_with(tmp_path, source, tables)
    landed = {one.table: one for one in land(firm, as_of=AS_OF, moment=MOMENT)}
    assert landed.keys() == KEYS.keys()
    for raw in raw_tables(firm):
        with (folder / f"xero_{raw.table}_data.csv").open(encoding="utf-8", newline="") as lines:
            names, *records = csv.reader(lines)
        with duckdb.connect() as connection:
            got = connection.execute(
                f"select {', '.join(names)} from read_parquet($files)",
                {"files": [str(path) for path in raw.files]},
            ).fetchall()
        assert landed[raw.table].rows_total == len(records)
        assert sorted([[value or "" for value in row] for row in got]) == sorted(records)
    assert all(one.rows_new == 0 for one in land(firm, as_of=AS_OF, moment=MOMENT))
