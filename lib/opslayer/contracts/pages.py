"""The contracts and how they stood, as pages that need no network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from duckdb import DuckDBPyConnection
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
    select contract, table_name, rule, dimension, severity, passed, rows_checked, rows_failed, sample
    from quality.results order by table_name, passed, rule
"""
STATES = ("red", "aside", "warn", "green")


@dataclass(frozen=True)
class _Line:
    """One rule of one table, as a page shows it."""

    contract: str
    table: str
    rule: str
    dimension: str
    severity: str
    passed: bool
    checked: int
    failed: int
    rows: str

    @property
    def state(self) -> str:
        """green, red (blocks), aside (rows in quarantine) or warn."""
        return "green" if self.passed else {"block": "red", "quarantine": "aside"}.get(self.severity, "warn")

    @property
    def sample(self) -> list[str]:
        return self.rows.split("; ") if self.rows else []


def write_pages(
    connection: DuckDBPyConnection, contracts: Iterable[Contract], folder: Path, *, as_of: date
) -> None:
    """One index and one page a contract into `folder`, from quality.results."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [_Line(*row) for row in connection.execute(RESULTS).fetchall()]
    summary = [
        (contract, own)
        for contract in contracts
        if (own := [ln for ln in lines if ln.contract == contract.name])
    ]  # a source this firm does not have has no lines
    for contract, own in summary:
        tables = list(_by_table(contract, own))
        _write(folder, "contract", contract.name, contract=contract, tables=tables, as_of=as_of)
    red = sorted((line for line in lines if not line.passed), key=lambda line: STATES.index(line.state))
    _write(folder, "index", "index", summary=summary, red=red, held=len(lines) - len(red), as_of=as_of)


def _write(folder: Path, template: str, name: str, **values: object) -> None:
    page = ENVIRONMENT.get_template(f"{template}.html.j2").render(values)
    (folder / f"{name}.html").write_text(page, encoding="utf-8")


def _by_table(contract: Contract, lines: Iterable[_Line]) -> Iterable[tuple[str, Table, list[_Line]]]:
    """(physical name, table, its lines), in the contract's order; a source's table stands once a source."""
    grouped: dict[str, list[_Line]] = {}
    for line in lines:
        grouped.setdefault(line.table, []).append(line)
    for table in contract.tables:
        short = table.name.partition(".")[2]
        for name, own in grouped.items():
            if name == table.name or (contract.mapping and name.partition(".")[2] == short):
                yield name, table, own
