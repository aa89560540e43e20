"""The contracts and how they stood, as pages that need no network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined

from opslayer.contracts.contract import Contract, Table

ENVIRONMENT = Environment(
    loader=PackageLoader("opslayer.contracts", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
RESULTS = """
    select table_name, rule, dimension, severity, passed, rows_checked, rows_failed, sample
    from quality.results where contract = $contract order by table_name, passed, rule
"""


@dataclass(frozen=True)
class _Line:
    table: str
    rule: str
    dimension: str
    severity: str
    passed: bool
    checked: int
    failed: int
    sample: str

    @property
    def state(self) -> str:
        return (
            "green" if self.passed else {"block": "red", "quarantine": "aside", "warn": "warn"}[self.severity]
        )


def write_pages(
    connection: duckdb.DuckDBPyConnection, contracts: Iterable[Contract], folder: Path, *, as_of: date
) -> None:
    """One index and one page a contract into `folder`, from quality.results."""
    folder.mkdir(parents=True, exist_ok=True)
    summary: list[tuple[Contract, list[_Line]]] = []
    for contract in contracts:
        found = connection.execute(RESULTS, {"contract": contract.name}).fetchall()
        lines = [_Line(*row) for row in found]
        if not lines:
            continue  # a source this firm does not have
        summary.append((contract, lines))
        page = ENVIRONMENT.get_template("contract.html.j2").render(
            contract=contract, as_of=as_of, tables=_by_table(contract.tables, lines)
        )
        (folder / f"{contract.name}.html").write_text(page, encoding="utf-8")
    index = ENVIRONMENT.get_template("index.html.j2").render(summary=summary, as_of=as_of)
    (folder / "index.html").write_text(index, encoding="utf-8")


def _by_table(tables: Iterable[Table], lines: Iterable[_Line]) -> list[tuple[str, Table, list[_Line]]]:
    """(physical name, table, its lines), in the contract's order; a source's table stands once a source."""
    grouped: dict[str, list[_Line]] = {}
    for line in lines:
        grouped.setdefault(line.table, []).append(line)
    placed = []
    for table in tables:
        short = table.name.rpartition(".")[2]
        for name, own in grouped.items():
            if name == table.name or (name.startswith("raw_") and name.rpartition(".")[2] == short):
                placed.append((name, table, own))
    return placed
