"""Identifiers of contracts, tables and runs as a CFO reads them."""

from __future__ import annotations

import json

import polars as pl
import pytest

from opslayer.figures import in_words


@pytest.mark.parametrize(
    ("column", "identifier", "words"),
    [
        ("contract", "billing_core", "Billing, core"),
        ("contract", "mail", "Mail"),
        ("table_name", "staging.invoice_line", "Invoice line"),
        ("table_name", "budget", "Budget"),
        ("rule", "invoice_id in staging.invoice", "the invoice it names is known"),
        ("rule", "issued_on is there", "issued on is given"),
        ("rule", "values could be typed (cast)", "its values can be read"),
        ("rule", "nothing from after as_of", "nothing from after as of"),
        (
            "rule",
            "an open one is expected to close in the future",
            "an open one is expected to close in the future",
        ),
        ("severity", "quarantine", "row set aside"),
        ("notebook", "intelligence/time_week", "Time week (intelligence)"),
        ("sample", "DIRT-DATE", "DIRT-DATE"),
        (
            "sample",
            "opportunity_id=crm:O1, outcome=open; left_id=ledger:S7",
            "opportunity O1, outcome open; left S7",
        ),
    ],
)
def test_an_identifier_becomes_words(column: str, identifier: str, words: str) -> None:
    assert in_words(pl.DataFrame({column: [identifier]}))[column].to_list() == [words]


def test_a_row_shows_its_own_values_only() -> None:
    row = {
        "invoice_id": "ledger:7", "source": "ledger", "number": "INV-7", "due_on": None, "total": 22029.7800,
        "hours": -3.0, "is_disputed": False, "is_billable": True,
        "updated_at": "2026-11-13", "_conflict": False,
    }  # fmt: skip
    frame = pl.DataFrame({"rows": [1], "row_json": [json.dumps(row)]})
    assert in_words(frame)["row"].to_list() == ["number INV-7, total 22,029.78, hours -3, is billable yes"]


def test_what_is_no_identifier_stays() -> None:
    frame = pl.DataFrame({"rows": [1], "rule": [None]}, schema={"rows": pl.Int64, "rule": pl.String})
    assert in_words(frame).equals(frame)
