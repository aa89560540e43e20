"""What in the books is out of the ordinary, and why: account months and journal lines."""

from __future__ import annotations

from datetime import date

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.unusual.account_months import account_months
from opslayer.intelligence.unusual.journal_lines import journal_lines

__all__ = ["account_months", "journal_lines", "run"]


def run(layer: Queries, *, as_of: date) -> dict[str, pl.DataFrame]:
    """The tables of what is unusual, by name: unusual_journal_line, unusual_account_month.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    return {
        "unusual_journal_line": journal_lines(layer.query("journal_lines"), as_of=as_of),
        "unusual_account_month": account_months(layer.query("pnl_month"), as_of=as_of),
    }
