"""A firm's directory from a mapping and a folder of exports."""

from __future__ import annotations

import fnmatch
import os
from pathlib import Path

import polars as pl
import yaml
from openpyxl import Workbook
from openpyxl.styles import Font

from opslayer.config import PROJECT, FilesSource, Firm, FirmSection, load_firm
from opslayer.errors import ConfigurationError, UsageError
from opslayer.scaffold.firm_file import write_firm
from opslayer.sources import Mapping, load_mapping

TEMPLATES = "opslayer"
BOOK = "templates"
RATES = {  # the table and columns that tell the base currency
    "opslayer": ("invoice", "currency", "fx_rate"),
    "xero": ("invoice", "currency_code", "currency_rate"),
    "quickbooks": ("invoice", "currency_id", "exchange_rate"),
}


def init(
    directory: Path,
    *,
    mapping: str,
    data: Path | None = None,
    name: str | None = None,
    base_currency: str | None = None,
    time_zone: str | None = None,
) -> Path:
    """Write a firm's directory that works on the exports in `data`; the path of its firm.toml.

    Raises UsageError where a firm or templates are there already, or no table of the mapping is in `data`;
    ConfigurationError for an unknown mapping, or a base currency that cannot be found.
    """
    if (directory / "firm.toml").exists():
        raise UsageError(f"{directory / 'firm.toml'} is there already", mend="choose another directory")
    known = _mapping(directory, mapping)
    if data is None and mapping != TEMPLATES:
        raise UsageError(f"the mapping {mapping} needs --data", mend="name the folder of its exports")
    folder = directory / "data" if data is None else data
    pattern, optional = find_tables(folder, known) if data else ("{table}.csv", ["budget", "fx_rate"])
    currency = base_currency or _base_currency(folder, pattern, mapping)
    if currency is None:
        raise ConfigurationError(
            "the base currency cannot be told from the data", mend="name it: --currency EUR, say"
        )
    if data is None:
        write_templates(folder, known)
    path = write_firm(
        directory,
        name=name or directory.resolve().name,
        base_currency=currency,
        time_zone=time_zone or "UTC",
        mapping=mapping,
        path=os.path.relpath(folder.resolve(), directory.resolve()),
        pattern=pattern,
        encoding=known.encoding,
        optional=sorted(optional),
    )
    load_firm(directory)
    return path


def _mapping(directory: Path, name: str) -> Mapping:
    section = FirmSection(name="new", base_currency="EUR")
    source = FilesSource(kind="files", mapping=name, path=Path())
    return load_mapping(Firm(directory=directory, firm=section, sources={"ledger": source}), name)


def find_tables(data: Path, mapping: Mapping) -> tuple[str, list[str]]:
    """The file-name pattern under which most of the mapping's tables lie in `data`, and those that do not.

    Raises UsageError where none does.
    """
    if not data.is_dir():
        raise UsageError(f"{data} is not a folder")
    names = [path.name for path in data.iterdir() if path.is_file()]
    found: set[str] = set()
    for table in sorted(mapping.tables, key=len, reverse=True):
        for name in names:
            before, middle, after = name.partition(table)
            if middle and after and after[0] not in "abcdefghijklmnopqrstuvwxyz":
                found.add(f"{before}{{table}}{after}")
    if not found:
        raise UsageError(
            f"no table of {mapping.mapping} is in {data}", mend=f"it should hold: {', '.join(mapping.tables)}"
        )
    found.update({"*{table}*" + Path(pattern).suffix for pattern in found})
    best = max(
        found,
        key=lambda pattern: (
            sum(_has(names, pattern, table) for table in mapping.tables),
            "*" not in pattern,
            -len(pattern),
        ),
    )
    return best, [table for table in mapping.tables if not _has(names, best, table)]


def _has(names: list[str], pattern: str, table: str) -> bool:
    """Whether one file, and no other, is that table's."""
    return len(fnmatch.filter(names, pattern.replace("{table}", table))) == 1


def _base_currency(folder: Path, pattern: str, mapping: str) -> str | None:
    """The currency of documents whose rate is one, or that have none."""
    if mapping not in RATES:
        return None
    table, currency, rate = RATES[mapping]
    path = folder / pattern.replace("{table}", table)
    if not path.exists() or path.suffix.lower() != ".csv":
        return None
    frame = pl.read_csv(path, infer_schema=False, columns=[currency, rate])
    # a system that keeps one currency gives no rates
    base = frame.filter(pl.col(rate).cast(pl.Float64, strict=False).fill_null(1) == 1)[currency].drop_nulls()
    return str(base.mode().sort()[0]) if len(base) else None


def write_templates(folder: Path, mapping: Mapping) -> None:
    """Empty CSV templates, and one workbook of them with a sheet that explains every column.

    Raises UsageError where one of the files is there already: it may be filled.
    """
    there = [path.name for path in sorted(folder.glob("*")) if path.stem in {*mapping.tables, BOOK}]
    if there:
        raise UsageError(
            f"{folder} already holds {', '.join(there)}", mend=f"keep what is there with --data {folder}"
        )
    tables = {
        table["name"].rpartition(".")[2]: table
        for path in (PROJECT / "data_contracts").rglob(f"source_{TEMPLATES}.odcs.yaml")
        for table in yaml.safe_load(path.read_text(encoding="utf-8"))["schema"]
    }
    folder.mkdir(parents=True, exist_ok=True)
    book = Workbook()
    guide = book.active
    assert guide is not None
    guide.title = "read me"
    guide.append(["table", "column", "meaning", "needed"])
    for name in mapping.tables:
        columns = tables[name]["properties"]
        header = [column["name"] for column in columns]
        (folder / f"{name}.csv").write_text(",".join(header) + "\n", encoding="utf-8")
        sheet = book.create_sheet(name)
        sheet.append(header)
        for column in columns:
            guide.append(
                [name, column["name"], column["description"], "yes" if column.get("required") else ""]
            )
        for cell in sheet[1]:
            cell.font = Font(bold=True)
    for cell in guide[1]:
        cell.font = Font(bold=True)
    book.save(folder / f"{BOOK}.xlsx")
