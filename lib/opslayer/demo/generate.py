"""Write the demo firm: its books as exports of the opslayer templates, its firm.toml, its answer key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from opslayer.demo import costs, facts, ledger, parties, plants, sales
from opslayer.demo.calendar import Days, Month, months, number, rates
from opslayer.scaffold import DemoMail, Member, write_firm

AS_OF = date(2026, 11, 16)
OPENING_BANK = 900_000_000  # cents
DISTRIBUTION_SHARE = 0.07  # of a year's revenue, each June

Tables = dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Demo:
    """What was written: where, for which day, and the rows of each table."""

    directory: Path
    as_of: date
    rows: dict[str, int]


def generate(
    directory: Path,
    *,
    seed: int = 7,
    scale: float = 1.0,
    as_of: date = AS_OF,
    format: Literal["csv", "parquet"] = "csv",
) -> Demo:
    """Write a firm of about 75 million a year at scale 1; the same arguments write the same bytes.

    CSV is one file a table; Parquet is one file a table and month, so that any scale fits in memory.
    """
    data = directory / "data"
    data.mkdir(parents=True, exist_ok=True)
    key: dict[str, object] = {"as_of": str(as_of), "seed": seed, "scale": scale}
    rows: dict[str, int] = {}
    for part, tables in enumerate(_parts(seed, scale, as_of, key)):
        for name, frame in tables.items():
            _write(data, name, frame, part, format)
            rows[name] = rows.get(name, 0) + len(frame)
    (directory / "answer_key.json").write_text(json.dumps(key, indent=1) + "\n", encoding="utf-8")
    write_firm(
        directory,
        name="Harrow & Vale Advisory",
        base_currency=facts.BASE,
        time_zone="Europe/Dublin",
        mapping="opslayer",
        path="data",
        pattern="{table}.csv" if format == "csv" else "{table}-*.parquet",
        people=(
            Member("Maeve Harrow", "maeve@harrowvale.example", ("partner", "finance")),
            Member("Tomas Vale", "tomas@harrowvale.example", ("finance",)),
            Member("Ines Duarte", "ines@harrowvale.example", ("analyst",)),
        ),
        mail=DemoMail("Harrow & Vale Accounts <accounts@harrowvale.example>", "sent@harrowvale.example"),
    )
    return Demo(directory, as_of, rows)


def _write(folder: Path, name: str, frame: pl.DataFrame, part: int, format: str) -> None:
    if format == "parquet":
        frame.write_parquet(folder / f"{name}-{part:02d}.parquet")
        return
    path = folder / f"{name}.csv"
    with path.open("wb" if part == 0 or name in ONCE else "ab") as handle:
        frame.write_csv(handle, include_header=part == 0 or name in ONCE)


ONCE = ("party", "account", "fx_rate", "budget")


def _parts(seed: int, scale: float, as_of: date, key: dict[str, object]) -> Iterator[Tables]:
    calendar = months(as_of)
    known = parties.clients(seed, scale)
    bend = plants.bends(calendar)
    rate = rates(len(calendar), seed, bend.rate_month)
    shift = _shift(calendar, known, seed)
    planted = plants.planted_invoices(calendar, known, rate, as_of)
    unusual, answers = plants.unusual_journals(calendar)
    key |= planted.key | {"bent_months": plants.bent_months(calendar, bend), "unusual_journals": answers}
    suppliers = parties.supplier_count(scale)
    tax_due = 0
    for month in calendar:
        made = sales.month_sales(month, known, rate, bend, seed=seed, scale=scale, as_of=as_of, shift=shift)
        made = _with_planted(made, [x for x in planted.invoices if x["month"] == month.index])
        payments = _with_rates(made, rate, calendar)
        bills = costs.month_bills(month, bend, seed=seed, scale=scale, suppliers=suppliers)
        journals = [
            *_first_and_regular(month, scale, tax_due),
            ledger.sales_journals(made),
            ledger.receipt_journals(payments),
            ledger.bill_journals(bills, number(as_of)),
            costs.month_salaries(month, seed=seed, scale=scale),
        ]
        lines = pl.concat(journals)
        tax_due = -int(lines.filter(account="2100", type="invoice")["amount"].sum())
        special = [x for x in unusual if number(month.first) <= x["day"] <= number(month.last)]
        tables = {
            "invoice": _invoice_table(made, payments),
            "invoice_line": _line_table(made),
            "bill": _bill_table(bills, number(as_of)),
            "payment": _payment_table(payments, bills, number(as_of)),
            "journal_line": _journal_table(lines, special, month),
        }
        if month.index == 0:
            tables |= {
                "party": parties.party_table(known, scale),
                "account": pl.DataFrame(
                    [(a.code, a.name, a.type) for a in facts.ACCOUNTS],
                    schema=["code", "name", "type"],
                    orient="row",
                ),
                "fx_rate": _rate_table(calendar, rate),
                "budget": costs.budget_table(calendar, rate, scale),
            }
        if month.index == len(calendar) - 1:
            tables = _with_dirt(tables, key)
        yield tables


def _shift(calendar: list[Month], known: parties.Clients, seed: int) -> float:
    """What moves lateness so that the share paid late is the real firm's."""
    chance = np.random.default_rng([seed, 6])
    client = chance.choice(known.count, 20_000, p=known.weight)
    raw = sales.lateness(chance, known, client, calendar[0])
    raw += chance.choice([0, 0, 0, 0, 0, 1, 2], len(raw))  # a payment waits for Monday
    return 0.5 - float(np.quantile(raw, 1 - facts.SHARE_LATE))


def _with_planted(made: sales.Sales, extra: list[dict[str, object]]) -> sales.Sales:
    """The month's documents and the planted ones, each of one line of strategy work."""
    if not extra:
        return made
    start = len(made.invoices)
    added = pl.DataFrame(extra).drop("month").select(made.invoices.columns).cast(made.invoices.schema)
    lines = pl.DataFrame(
        {
            "invoice_line_id": [f"LX{row['invoice_id']}" for row in extra],
            "invoice": range(start, start + len(extra)),
            "service": [0] * len(extra),
            "quarters": [4] * len(extra),
            "price": [row["subtotal"] for row in extra],
            "amount": [row["subtotal"] for row in extra],
            "tax": [row["tax"] for row in extra],
        }
    ).cast(made.lines.schema)
    return sales.Sales(pl.concat([made.invoices, added]), pl.concat([made.lines, lines]), made.payments)


def _with_rates(made: sales.Sales, rate: dict[str, Days], calendar: list[Month]) -> pl.DataFrame:
    """Payments with their invoice's id, client and rate, and the rate of the day they came in."""
    by_month = pl.DataFrame(
        [(c, month.name, int(values[month.index])) for c, values in rate.items() for month in calendar],
        schema=["currency", "name", "pay_rate"],
        orient="row",
    )
    invoices = made.invoices.with_row_index("invoice").select(
        pl.col("invoice").cast(pl.Int64), "invoice_id", "client", "currency", "rate", "total"
    )
    return (
        made.payments.join(invoices, on="invoice", maintain_order="left")
        .with_columns(name=pl.col("paid").cast(pl.Int32).cast(pl.Date).dt.strftime("%Y-%m"))
        .join(by_month, on=["currency", "name"], maintain_order="left")
    )


def _first_and_regular(month: Month, scale: float, tax_due: int) -> Iterator[pl.DataFrame]:
    """The opening balance, last month's tax, and what the partners take out in June."""
    if month.index == 0:
        day, opening = number(month.first), round(OPENING_BANK * max(scale, 0.05))
        yield ledger.simple_journal("OPENING", day, "1000", "3000", opening, "manual", "Opening balance")
        yield ledger.simple_journal(
            "OPENING-2", day, "1100", "3000", opening // 3, "manual", "Opening balance"
        )
    days = month.weekdays()
    if tax_due > 0:
        day = int(days[min(9, len(days) - 1)])
        yield ledger.simple_journal(
            f"TAX-{month.name}", day, "2100", "1000", tax_due, "cash", "Value added tax"
        )
    if month.first.month == 6:
        yearly = costs.planned_revenue(month, scale) / month.intensity * 12
        cents = round(yearly * DISTRIBUTION_SHARE * 100)
        yield ledger.simple_journal(
            f"DIST-{month.name}", int(days[10]), "3000", "1000", cents, "cash", "Distribution"
        )


def _money(cents: pl.Expr) -> pl.Expr:
    return (cents.cast(pl.Decimal(20, 2)) / 100).cast(pl.Decimal(18, 2))


def _rate(name: str = "rate") -> pl.Expr:
    return (pl.col(name).cast(pl.Decimal(20, 6)) / 1_000_000).cast(pl.Decimal(18, 6)).alias("fx_rate")


def _day(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Int32).cast(pl.Date).cast(pl.String)


def _client() -> pl.Expr:
    return pl.format("C{}", (pl.col("client") + 1).cast(pl.String).str.zfill(5)).alias("party_id")


def _invoice_table(made: sales.Sales, payments: pl.DataFrame) -> pl.DataFrame:
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
        pl.format("{}T08:00:00Z", _day("latest")).alias("updated_at")
        if "latest" in frame.columns
        else pl.format(
            "{}T08:00:00Z", pl.coalesce("paid", "issued").cast(pl.Int32).cast(pl.Date).cast(pl.String)
        ).alias("updated_at"),
    )


def _line_table(made: sales.Sales) -> pl.DataFrame:
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


def _bill_table(bills: pl.DataFrame, today: int) -> pl.DataFrame:
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


def _payment_table(payments: pl.DataFrame, bills: pl.DataFrame, today: int) -> pl.DataFrame:
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


def _journal_table(lines: pl.DataFrame, special: list[dict[str, object]], month: Month) -> pl.DataFrame:
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


def _rate_table(calendar: list[Month], rate: dict[str, Days]) -> pl.DataFrame:
    rows = [
        (c, str(month.first), int(values[month.index])) for c, values in rate.items() for month in calendar
    ]
    frame = pl.DataFrame(rows, schema=["currency", "rate_on", "rate"], orient="row")
    return frame.with_columns((pl.col("rate").cast(pl.Decimal(20, 6)) / 1_000_000).cast(pl.Decimal(18, 6)))


def _with_dirt(tables: Tables, key: dict[str, object]) -> Tables:
    """A duplicate, an orphan, a bad date and an unknown currency; none of them has a journal."""
    invoices, lines = tables["invoice"], tables["invoice_line"]
    twin = invoices.head(1)
    strangers = pl.concat([twin, twin]).with_columns(
        invoice_id=pl.Series(["DIRT-DATE", "DIRT-CURRENCY"]),
        number=pl.Series(["INV-D1", "INV-D2"]),
        issued_on=pl.Series(["the 32nd of May", str(twin["issued_on"][0])]),
        currency=pl.Series([facts.BASE, "XXQ"]),
        status=pl.lit("open"),
    )
    orphan = lines.head(1).with_columns(invoice_line_id=pl.lit("DIRT-ORPHAN"), invoice_id=pl.lit("NOWHERE"))
    key["dirt"] = {
        "duplicate": str(twin["invoice_id"][0]),
        "bad_date": "DIRT-DATE",
        "unknown_currency": "DIRT-CURRENCY",
        "orphan_line": "DIRT-ORPHAN",
    }
    return tables | {
        "invoice": pl.concat([invoices, twin, strangers]),
        "invoice_line": pl.concat([lines, orphan]),
    }
