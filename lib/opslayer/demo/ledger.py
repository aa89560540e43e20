"""The journals every document posts; each balances to the cent in base currency."""

from __future__ import annotations

import polars as pl

from opslayer.demo import facts
from opslayer.demo.costs import LEDGER
from opslayer.demo.sales import Sales

MILLION = 1_000_000
ACCOUNT_OF = {index: service.account for index, service in enumerate(facts.SERVICES)}


def _base(cents: str, rate: str) -> pl.Expr:
    """Cents of base currency, half a cent away from zero; amounts here are positive."""
    return (pl.col(cents) * pl.col(rate) + MILLION // 2) // MILLION


def _entry(
    frame: pl.DataFrame,
    journal: pl.Expr,
    day: str,
    account: pl.Expr,
    amount: pl.Expr,
    kind: str,
    document: pl.Expr,
    text: str,
) -> pl.DataFrame:
    return frame.select(
        journal.alias("journal"),
        pl.col(day).cast(pl.Int64).alias("day"),
        account.cast(pl.String).alias("account"),
        amount.cast(pl.Int64).alias("amount"),
        pl.lit(kind).alias("type"),
        document.cast(pl.String).alias("document"),
        pl.lit(text).alias("text"),
    )


def sales_journals(sales: Sales) -> pl.DataFrame:
    """Debit receivables, credit revenue by service and tax; rounding falls to the first service."""
    invoices = sales.invoices.with_row_index("invoice").with_columns(tax_base=_base("tax", "rate"))
    by_account = (
        sales.lines.join(
            invoices.select("invoice", "invoice_id", "issued", "rate", "tax_base", "total_base"), on="invoice"
        )
        .group_by("invoice", "service", maintain_order=True)
        .agg(pl.col("amount").sum(), pl.col("invoice_id", "issued", "rate", "tax_base", "total_base").first())
        .with_columns(base=_base("amount", "rate"))
        .sort("invoice", "service")
        .with_columns(
            base=pl.col("base")
            + pl.when(pl.col("service") == pl.col("service").first().over("invoice"))
            .then(pl.col("total_base") - pl.col("tax_base") - pl.col("base").sum().over("invoice"))
            .otherwise(0)
        )
    )
    journal, document = pl.format("J{}", "invoice_id"), pl.col("invoice_id")
    account = pl.col("service").replace_strict(ACCOUNT_OF, return_dtype=pl.String)
    parts = [
        _entry(
            invoices, journal, "issued", pl.lit("1200"), pl.col("total_base"), "invoice", document, "Invoice"
        ),
        _entry(by_account, journal, "issued", account, -pl.col("base"), "invoice", document, "Invoice"),
        _entry(
            invoices.filter(pl.col("tax_base") > 0),
            journal,
            "issued",
            pl.lit("2100"),
            -pl.col("tax_base"),
            "invoice",
            document,
            "Invoice",
        ),
    ]
    return pl.concat(parts)


def receipt_journals(payments: pl.DataFrame) -> pl.DataFrame:
    """Bank at the rate of the day, receivables at the document's, the difference to realised currency gains.

    A credit takes from the first service's revenue. `payments` has columns pay_rate and rate, in millionths.
    """
    paid = payments.with_columns(cleared=_base("amount", "rate"), received=_base("amount", "pay_rate"))
    cash, credit = paid.filter(kind="payment"), paid.filter(kind="credit")
    journal, document = pl.format("J{}", "payment_id"), pl.col("invoice_id")
    gain = pl.col("received") - pl.col("cleared")
    parts = [
        _entry(cash, journal, "paid", pl.lit("1000"), pl.col("received"), "receipt", document, "Receipt"),
        _entry(cash, journal, "paid", pl.lit("1200"), -pl.col("cleared"), "receipt", document, "Receipt"),
        _entry(
            cash.filter(gain != 0),
            journal,
            "paid",
            pl.lit("4900"),
            -gain,
            "receipt",
            document,
            "Rate difference",
        ),
        _entry(
            credit, journal, "paid", pl.lit("4010"), pl.col("cleared"), "credit_note", document, "Credit note"
        ),
        _entry(
            credit,
            journal,
            "paid",
            pl.lit("1200"),
            -pl.col("cleared"),
            "credit_note",
            document,
            "Credit note",
        ),
    ]
    return pl.concat(parts)


def bill_journals(bills: pl.DataFrame, today: int) -> pl.DataFrame:
    """Debit the cost, credit payables; when it is paid, debit payables, credit bank."""
    journal, document = pl.format("J{}", "bill_id"), pl.col("bill_id")
    paid = bills.filter(pl.col("paid") < today)
    settled = pl.format("JP{}", "bill_id")
    return pl.concat(
        [
            _entry(bills, journal, "issued", pl.col("account"), pl.col("total"), "bill", document, "Bill"),
            _entry(bills, journal, "issued", pl.lit("2000"), -pl.col("total"), "bill", document, "Bill"),
            _entry(
                paid, settled, "paid", pl.lit("2000"), pl.col("total"), "disbursement", document, "Payment"
            ),
            _entry(
                paid, settled, "paid", pl.lit("1000"), -pl.col("total"), "disbursement", document, "Payment"
            ),
        ]
    )


def simple_journal(
    journal: str, day: int, debit: str, credit: str, cents: int, kind: str, text: str
) -> pl.DataFrame:
    """Two lines that balance."""
    rows = [(journal, day, debit, cents, kind, None, text), (journal, day, credit, -cents, kind, None, text)]
    return pl.DataFrame(rows, schema=LEDGER, orient="row")
