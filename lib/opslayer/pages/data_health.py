"""What the page Data health shows."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
from sqlalchemy import func, select

from opslayer import figures
from opslayer.pages.reading import Reading
from opslayer.pages.shown import Meeting, Page, Table, sentence, table, total
from opslayer.store import AuditEvent

SHOWN = 500  # rows of a table at most
RECONCILIATION = {
    "control_balance": "Receivables account",
    "open_base": "Open invoices",
    "unapplied_base": "Unapplied receipts",
    "quarantined_base": "In quarantine",
    "difference": "Difference",
    "tolerance": "Allowed for rounding",
}
QUARANTINED = {
    "table_name": "Table",
    "source": "Source",
    "source_key": "Key there",
    "rule": "Rule it broke",
    "row": "What it says",
}


def _reconciliation(read: Reading, **_: str) -> str:
    """The receivables account against open invoices, to the cent, as a Markdown table."""
    row = read("reconciliation").row(0, named=True)
    lines = [f"| {title} | {row[name]:,.2f} |" for name, title in RECONCILIATION.items()]
    return "\n".join([f"| | {read.currency} |", "|:--|--:|", *lines])


def _line(title: str) -> Callable[[str], float]:
    """The amount on a line of the reconciliation, read off its words."""

    def read(drawn: str) -> float:
        (line,) = [one for one in drawn.splitlines() if f"| {title} |" in one]
        return float(line.split("|")[2].replace(",", ""))

    return read


def _trail(read: Reading, **_: str) -> str:
    trail = read.record("trail").row(0, named=True)
    if trail["holds"]:
        return f":green-badge[:material/check: audit trail whole] :small[{trail['events']:,} events]"
    return f":red-badge[:material/error: audit trail broken] {trail['why']}"


def _worded(query: str) -> Callable[..., pl.DataFrame]:
    return lambda read, **_: figures.in_words(read(query).head(SHOWN))


def _red(drawn: Table) -> float:
    return float(drawn.frame.select(pl.sum("blocking") + pl.sum("warning")).item() or 0)


DATA_HEALTH = Page(
    "data_health",
    "Can the numbers be trusted today?",
    metrics=("contracts_red", "quarantined", "unapplied", "ledger_age"),
    shows=(
        table(
            "contracts_summary",
            _worded("contracts_summary"),
            {
                "contract": "Contract",
                "version": "Version",
                "green": "Rules green",
                "blocking": "Red, blocking",
                "quarantining": "Red, setting aside",
                "warning": "Red, warning",
                "rows_failed": "Rows",
            },
            empty="No contract was held to this snapshot.",
            meets=(Meeting("red rules add up to the number above", _red, metric="contracts_red"),),
        ),
        sentence(
            "reconciliation",
            _reconciliation,
            meets=(
                Meeting(
                    "open invoices are the sum of what is open on each",
                    _line("Open invoices"),
                    query="proof_open_items",
                ),
            ),
        ),
        table(
            "broken_rules",
            _worded("broken_rules"),
            {
                "table_name": "Table",
                "rule": "Rule",
                "severity": "What follows",
                "rows_failed": "Rows",
                "sample": "Such as",
            },
            empty="Every rule of every contract holds.",
            meets=(
                Meeting(
                    "as many rows as the contracts count",
                    total("rows_failed"),
                    query="proof_rows_failed",
                ),
            ),
        ),
        table(
            "quarantine_rows",
            _worded("quarantine_rows"),
            QUARANTINED,
            empty="None: every row that came in is in the books.",
        ),
        table(
            "source_freshness",
            _worded("source_freshness"),
            {"source": "Source", "table_name": "Table", "rows": "Rows", "landed_at": "Landed"},
            empty="Nothing landed yet.",
        ),
        table(
            "versions",
            lambda read, **_: read.record("versions"),
            {"name": "Snapshot", "published_at": "Published", "green": "Green", "red": "Red"},
            empty="None.",
            live=True,
        ),
        table(
            "runs",
            lambda read, **_: figures.in_words(read.record("runs")),
            {"started_at": "Started", "notebook": "Notebook", "state": "State", "cause": "Cause"},
            empty="No notebook has run yet; `opslayer run morning` runs the morning's.",
            live=True,
        ),
        sentence(
            "trail",
            _trail,
            meets=(
                Meeting(
                    "as many events as the trail has",
                    lambda drawn: float(drawn.partition(":small[")[2].partition(" ")[0].replace(",", "")),
                    records=select(func.count()).select_from(AuditEvent),
                ),
            ),
            live=True,
        ),
    ),
)
