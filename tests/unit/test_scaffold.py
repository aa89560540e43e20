"""A new firm's directory: settings that load, file patterns found, templates written, nothing overwritten."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook

from opslayer import scaffold
from opslayer.config import FilesSource, load_firm
from opslayer.errors import ConfigurationError, UsageError
from opslayer.scaffold.init import find_tables
from opslayer.sources import load_mapping

INVOICES = {
    "xero": "invoice_id,currency_code,currency_rate\n1,CAD,1\n2,USD,0.8\n3,CAD,1.0\n",
    "quickbooks": "id,currency_id,exchange_rate\n1,USD,\n2,EUR,1.1\n3,USD,1\n",
    "opslayer": "invoice_id,currency,fx_rate\n1,GBP,1.000000\n2,EUR,0.86\n",
}


def files_source(directory: Path) -> FilesSource:
    source = load_firm(directory).sources["ledger"]
    assert isinstance(source, FilesSource)
    return source


@pytest.mark.parametrize(
    ("mapping", "currency"), [("xero", "CAD"), ("quickbooks", "USD"), ("opslayer", "GBP")]
)
def test_a_firm_on_exports(tmp_path: Path, mapping: str, currency: str) -> None:
    """The currency is that of documents at a rate of one; tables that are not there are optional."""
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / f"{mapping}_invoice_data.csv").write_text(INVOICES[mapping])
    (exports / f"{mapping}_account_data.csv").write_text("id\n1\n")
    path = scaffold.init(tmp_path / "firm", mapping=mapping, data=exports)
    assert path == tmp_path / "firm" / "firm.toml"
    firm, source = load_firm(tmp_path / "firm"), files_source(tmp_path / "firm")
    assert (firm.name, firm.base_currency) == ("firm", currency)
    assert source.mapping == mapping
    assert source.pattern == f"{mapping}_{{table}}_data.csv"
    assert (tmp_path / "firm" / source.path).resolve() == exports.resolve()
    assert set(source.optional) == load_mapping(firm, mapping).tables.keys() - {"invoice", "account"}


def test_templates_and_a_workbook(tmp_path: Path) -> None:
    """Each CSV has its header, and the workbook a sheet a table and one that explains every column."""
    scaffold.init(tmp_path / "firm", mapping="opslayer", base_currency="EUR", name="Ours & Theirs")
    firm, source = load_firm(tmp_path / "firm"), files_source(tmp_path / "firm")
    assert firm.name == "Ours & Theirs"
    assert set(source.optional) == {"budget", "fx_rate"}
    tables = load_mapping(firm, "opslayer").tables
    book = load_workbook(tmp_path / "firm" / "data" / "templates.xlsx", read_only=True)
    assert book.sheetnames == ["read me", *tables]
    explained = {(table, column) for table, column, *_ in book["read me"].iter_rows(2, values_only=True)}
    for name, table in tables.items():
        columns = pl.read_csv(tmp_path / "firm" / "data" / f"{name}.csv").columns
        assert set(table.key) <= set(columns)
        assert [cell for (*row,) in book[name].iter_rows(1, 1, values_only=True) for cell in row] == columns
        assert {(name, column) for column in columns} <= explained
    book.close()


def test_the_pattern_that_most_files_follow(tmp_path: Path) -> None:
    """A table's name inside another's does not lead it astray."""
    scaffold.init(tmp_path / "firm", mapping="opslayer", base_currency="EUR")
    mapping = load_mapping(load_firm(tmp_path / "firm"), "opslayer")
    exports = tmp_path / "exports"
    exports.mkdir()
    for name in (
        "2026 invoice.csv",
        "2026 invoice_line.csv",
        "2026 party.csv",
        "invoice-old.csv",
        "notes.txt",
    ):
        (exports / name).touch()
    pattern, missing = find_tables(exports, mapping)
    assert pattern == "2026 {table}.csv"
    assert set(missing) == mapping.tables.keys() - {"invoice", "invoice_line", "party"}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = scaffold.init(tmp_path, mapping="opslayer", base_currency="EUR")
    path.write_text("ours")
    with pytest.raises(UsageError, match="is there already"):
        scaffold.init(tmp_path, mapping="opslayer", base_currency="EUR")
    assert path.read_text() == "ours"


def test_an_unknown_mapping_has_a_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no mapping named") as refused:
        scaffold.init(tmp_path / "firm", mapping="xeros", data=tmp_path)
    assert "xero" in str(refused.value.mend)
    assert not (tmp_path / "firm").exists()


@pytest.mark.parametrize("mapping", ["xero", "quickbooks"])
def test_a_mapping_of_a_system_needs_its_exports(tmp_path: Path, mapping: str) -> None:
    with pytest.raises(UsageError, match="needs --data"):
        scaffold.init(tmp_path / "firm", mapping=mapping)
    with pytest.raises(UsageError, match="no table of"):
        scaffold.init(tmp_path / "firm", mapping=mapping, data=tmp_path)


def test_a_currency_that_cannot_be_told_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="base currency"):
        scaffold.init(tmp_path / "firm", mapping="opslayer")
    assert not (tmp_path / "firm").exists()


def test_filled_templates_are_kept(tmp_path: Path) -> None:
    """Books without a firm.toml are somebody's: they are refused, and taken with --data."""
    data = tmp_path / "data"
    data.mkdir()
    filled = "invoice_id,currency,fx_rate\n1,EUR,1\n"
    (data / "invoice.csv").write_text(filled)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "README.md").write_text("our rules")
    with pytest.raises(UsageError, match=r"already holds invoice\.csv") as refused:
        scaffold.init(tmp_path, mapping="opslayer", base_currency="EUR")
    assert "--data" in str(refused.value.mend)
    scaffold.init(tmp_path, mapping="opslayer", data=data)
    assert load_firm(tmp_path).base_currency == "EUR"
    assert (data / "invoice.csv").read_text() == filled
    assert (tmp_path / "rules" / "README.md").read_text() == "our rules"
