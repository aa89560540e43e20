"""The documents of a month as the opslayer templates have them: text days, decimal amounts."""

from __future__ import annotations

import polars as pl

from opslayer.demo import facts, ledger, sales
from opslayer.demo.calendar import Days, Month


def _money(cents: pl.Expr) -> pl.Expr:
    return (cents.cast(pl.Decimal(20, 2)) / 100).cast(pl.Decimal(18, 2))


def _rate(name: str = "rate") -> pl.Expr:
    return (pl.col(name).cast(pl.Decimal(20, 6)) / 1_000_000).cast(pl.Decimal(18, 6)).alias("fx_rate")


def _day(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Int32).cast(pl.Date).cast(pl.String)


def _client() -> pl.Expr:
    return pl.format("C{}", (pl.col("client") + 1).cast(pl.String).str.zfill(5)).alias("party_id")


def invoice_table(made: sales.Sales, payments: pl.DataFrame) -> pl.DataFrame:
    settled = payments.group_by("invoice_id").agg(
        pl.col("amount").sum().alias("settled"), pl.col("paid").max()
    )
    frame = made.invoices.join(settled, on="invoice_id", how="left", maintain_order="left")
    return frame.select(
        "invoice_id",
        pl.format("INV-{}", pl.col("invoice_id").str.slice(1)).alias("number"),
        _client(),
        _day("issued").alias("issued_on"),
        _day("due").alias("due_on"),
        "currency",
        _rate(),
        _money(pl.col("subtotal")).alias("subtotal"),
        _money(pl.col("tax")).alias("tax"),
        _money(pl.col("total")).alias("total"),
        pl.when(pl.col("settled").fill_null(0) >= pl.col("total"))
        .then(pl.lit("paid"))
        .otherwise(pl.lit("open"))
        .alias("status"),
        pl.col("is_disputed").cast(pl.String),
        pl.format("PO-{}", (pl.col("client") * 37 % 9000 + 1000)).alias("reference"),
        pl.format(
            "{}T08:00:00Z", pl.coalesce("paid", "issued").cast(pl.Int32).cast(pl.Date).cast(pl.String)
        ).alias("updated_at"),
    )


def line_table(made: sales.Sales) -> pl.DataFrame:
    invoices = made.invoices.with_row_index("invoice").select(pl.col("invoice").cast(pl.Int64), "invoice_id")
    item = {index: service.item for index, service in enumerate(facts.SERVICES)}
    return made.lines.join(invoices, on="invoice", maintain_order="left").select(
        "invoice_line_id",
        "invoice_id",
        pl.col("service").replace_strict(item, return_dtype=pl.String).alias("item"),
        pl.format("{} services", pl.col("service").replace_strict(item, return_dtype=pl.String)).alias(
            "description"
        ),
        pl.col("service").replace_strict(ledger.ACCOUNT_OF, return_dtype=pl.String).alias("account_code"),
        (pl.col("quarters").cast(pl.Decimal(20, 2)) / 4).cast(pl.Decimal(18, 2)).alias("quantity"),
        _money(pl.col("price")).alias("unit_price"),
        _money(pl.col("amount")).alias("amount"),
        _money(pl.col("tax")).alias("tax"),
    )


def bill_table(bills: pl.DataFrame, today: int) -> pl.DataFrame:
    return bills.select(
        "bill_id",
        pl.col("bill_id").alias("number"),
        pl.format("S{}", (pl.col("supplier") + 1).cast(pl.String).str.zfill(5)).alias("party_id"),
        _day("issued").alias("issued_on"),
        (pl.col("issued") + facts.TERMS_DAYS).cast(pl.Int32).cast(pl.Date).cast(pl.String).alias("due_on"),
        pl.lit(facts.BASE).alias("currency"),
        pl.lit("1.000000").cast(pl.Decimal(18, 6)).alias("fx_rate"),
        _money(pl.col("total")).alias("subtotal"),
        pl.lit("0.00").cast(pl.Decimal(18, 2)).alias("tax"),
        _money(pl.col("total")).alias("total"),
        pl.when(pl.col("paid") < today).then(pl.lit("paid")).otherwise(pl.lit("open")).alias("status"),
        pl.lit(None, pl.String).alias("reference"),
        pl.format("{}T08:00:00Z", _day("issued")).alias("updated_at"),
    )


def payment_table(payments: pl.DataFrame, bills: pl.DataFrame, today: int) -> pl.DataFrame:
    received = payments.select(
        "payment_id",
        _client(),
        pl.lit("in").alias("direction"),
        "kind",
        pl.col("invoice_id").alias("document_id"),
        _day("paid").alias("paid_on"),
        "currency",
        _rate(),
        _money(pl.col("amount")).alias("amount"),
    )
    paid = bills.filter(pl.col("paid") < today).select(
        pl.format("P{}", "bill_id").alias("payment_id"),
        pl.format("S{}", (pl.col("supplier") + 1).cast(pl.String).str.zfill(5)).alias("party_id"),
        pl.lit("out").alias("direction"),
        pl.lit("payment").alias("kind"),
        pl.col("bill_id").alias("document_id"),
        _day("paid").alias("paid_on"),
        pl.lit(facts.BASE).alias("currency"),
        pl.lit("1.000000").cast(pl.Decimal(18, 6)).alias("fx_rate"),
        _money(pl.col("total")).alias("amount"),
    )
    return pl.concat([received, paid])


def journal_table(lines: pl.DataFrame, special: list[dict[str, object]], month: Month) -> pl.DataFrame:
    lines = lines.with_columns(created=pl.col("day"))
    for entry in special:
        pair = ledger.simple_journal(
            str(entry["journal"]),
            int(str(entry["day"])),
            str(entry["account"]),
            "1000",
            int(str(entry["cents"])),
            "manual",
            "Adjustment",
        )
        lines = pl.concat([lines, pair.with_columns(created=pl.col("day") + int(str(entry["late"])))])
    numbers = lines["journal"].rank("dense").cast(pl.Int64)
    prefix = f"{month.first:%y%m}"
    return lines.with_columns(number=numbers).select(
        pl.format("{}-{}", pl.lit(prefix), pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(7)).alias(
            "journal_line_id"
        ),
        pl.col("journal").alias("journal_id"),
        pl.format("{}{}", pl.lit(prefix), pl.col("number").cast(pl.String).str.zfill(6)).alias(
            "journal_number"
        ),
        _day("day").alias("posted_on"),
        pl.format("{}T17:00:00Z", _day("created")).alias("created_at"),
        pl.col("account").alias("account_code"),
        pl.col("text").alias("description"),
        _money(pl.col("amount")).alias("amount"),
        pl.col("type").alias("document_type"),
        pl.col("document").alias("document_id"),
    )


def rate_table(calendar: list[Month], rate: dict[str, Days]) -> pl.DataFrame:
    rows = [
        (c, str(month.first), int(values[month.index])) for c, values in rate.items() for month in calendar
    ]
    frame = pl.DataFrame(rows, schema=["currency", "rate_on", "rate"], orient="row")
    return frame.with_columns((pl.col("rate").cast(pl.Decimal(20, 6)) / 1_000_000).cast(pl.Decimal(18, 6)))
