"""Write the demo firm as its systems would hand it over, its firm.toml, and its answer key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import polars as pl

from opslayer.demo import costs, facts, ledger, parties, plants, sales, tables
from opslayer.demo.billing import HOME, billing_tables
from opslayer.demo.calendar import Days, Month, months, number, rates
from opslayer.demo.documents import write_documents
from opslayer.demo.firm import firm_work
from opslayer.demo.hris import write_workbook
from opslayer.demo.mailbox import write_mailbox
from opslayer.demo.office import office_tables
from opslayer.demo.systems import BOOKS, PEOPLE, sections, systems
from opslayer.demo.tickets import ticket_tables
from opslayer.errors import UsageError
from opslayer.scaffold import DemoBilling, DemoMail, Member, write_firm

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
    as_templates: bool = False,
) -> Demo:
    """Write a firm of about 75 million a year at scale 1; the same arguments write the same bytes.

    The books are exports of the templates in `data`; beside them lie `crm`, `projects`, `time`,
    `people`, `calendar`, `phone` and `tickets`.
    With `as_templates` all of it is in the templates and in `data`, as of a firm that has only exports.
    CSV is one file a table, the staff system's a workbook; Parquet one a table and month for the books, one a
    table for the rest.
    Raises UsageError where another firm's firm.toml is in `directory`.
    """
    if (directory / "firm.toml").exists() and not (directory / "answer_key.json").exists():
        raise UsageError(f"{directory} holds a firm that is not the demo", mend="choose another directory")
    key: dict[str, Any] = {"as_of": str(as_of), "seed": seed, "scale": scale}
    rows: dict[str, int] = {}
    party, bills = pl.DataFrame(), [pl.DataFrame()]
    for part, made in enumerate(parts(seed, scale, as_of, key)):
        if "party" in made:
            party = made["party"]
            key["mailbox"] = write_mailbox(directory / "mailbox", party, as_of=as_of)
        bills = [made["bill"], *bills][:2] if "bill" in made else bills  # of the last two months
        handing = {BOOKS: made} if as_templates else systems(made, party, seed=seed, as_of=as_of, key=key)
        for system, handed in handing.items():
            folder = directory / system
            folder.mkdir(parents=True, exist_ok=True)
            if system == PEOPLE and format == "csv":
                write_workbook(folder / "staff.xlsx", handed, as_of=as_of)
            for name, frame in handed.items():
                if system != PEOPLE or format != "csv":
                    _write(folder, name, frame, part, format, is_first=f"{system}/{name}" not in rows)
                rows[f"{system}/{name}"] = rows.get(f"{system}/{name}", 0) + len(frame)
    key["documents"] = write_documents(directory / "documents", pl.concat(bills), party, as_of=as_of)
    (directory / "answer_key.json").write_text(json.dumps(key, indent=1) + "\n", encoding="utf-8")
    write_firm(
        directory,
        name="Harrow & Vale Advisory",
        base_currency=facts.BASE,
        time_zone="Europe/Dublin",
        calling_code="353",
        mapping="opslayer",
        path="data",
        pattern="{table}.csv" if format == "csv" else "{table}-*.parquet",
        people=(
            Member("Maeve Harrow", "maeve@harrowvale.example", ("partner", "finance")),
            Member("Tomas Vale", "tomas@harrowvale.example", ("finance",)),
            Member("Ines Duarte", "ines@harrowvale.example", ("analyst",)),
        ),
        billing=DemoBilling(HOME, "IE6388047V", "IE29AIBK93115212345678", "AIBKIE2D", 23),
        mail=DemoMail("Harrow & Vale Accounts <accounts@harrowvale.example>", "sent@harrowvale.example"),
        maildir="mailbox",
        documents="documents",
        beside=() if as_templates else sections(format),
    )
    return Demo(directory, as_of, rows)


def _write(folder: Path, name: str, frame: pl.DataFrame, part: int, format: str, *, is_first: bool) -> None:
    if format == "parquet":
        frame.write_parquet(folder / f"{name}-{part:02d}.parquet")
        return
    path = folder / f"{name}.csv"
    with path.open("wb" if is_first else "ab") as handle:
        frame.write_csv(handle, include_header=is_first)


def parts(seed: int, scale: float, as_of: date, key: dict[str, Any]) -> Iterator[Tables]:
    """The firm in truth, in the templates' tables: a month of books each, then the work behind them all.

    Adds to the key what is planted.
    """
    calendar = months(as_of)
    known = parties.clients(seed, scale)
    bend = plants.bends(calendar)
    rate = rates(len(calendar), seed, bend.rate_month)
    planted = plants.planted_documents(calendar, known, rate, as_of)
    unusual, answers = plants.unusual_journals(calendar)
    key |= planted.key | {"bent_months": plants.bent_months(calendar, bend), "unusual_journals": answers}
    suppliers = parties.supplier_count(scale)
    tax_due = 0
    billed: list[pl.DataFrame] = []
    issued: list[pl.DataFrame] = []
    for month in calendar:
        made = sales.month_sales(month, known, rate, bend, seed=seed, scale=scale, as_of=as_of)
        billed.append(_billed(made, month))
        issued.append(made.invoices.select("client", "issued", "invoice_id"))
        made = _with_planted(made, [x for x in planted.invoices if x["month"] == month.index])
        payments = _with_rates(
            made, [x for x in planted.receipts if x["month"] == month.index], rate, calendar
        )
        plants.note_rungs(key, made.invoices, payments, as_of)
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
        made_tables = {
            "invoice": tables.invoice_table(made, payments),
            "invoice_line": tables.line_table(made),
            "bill": tables.bill_table(bills, number(as_of)),
            "payment": tables.payment_table(payments, bills, number(as_of)),
            "journal_line": tables.journal_table(lines, special, month),
        }
        if month.index == 0:
            made_tables |= {
                "party": parties.party_table(known, scale),
                "account": pl.DataFrame(
                    [(a.code, a.name, a.type) for a in facts.ACCOUNTS],
                    schema=["code", "name", "type"],
                    orient="row",
                ),
                "fx_rate": tables.rate_table(calendar, rate),
                "budget": costs.budget_table(calendar, rate, scale),
            }
        if month.index == len(calendar) - 1:
            made_tables = _with_dirt(made_tables, key)
        yield made_tables
    work = firm_work(pl.concat(billed), pl.concat(issued), known, rate, calendar, key, seed=seed, scale=scale)
    office = office_tables(work, as_of=as_of, seed=seed, scale=scale, key=key)
    billed_how = billing_tables(work, parties.party_table(known, scale), calendar, key)
    yield work | billed_how | office | ticket_tables(work, as_of=as_of, seed=seed, scale=scale, key=key)


def _billed(made: sales.Sales, month: Month) -> pl.DataFrame:
    """The month's quarters of an hour by client and service."""
    client = made.invoices["client"].gather(made.lines["invoice"])
    return made.lines.select(
        client.alias("client"), "service", pl.lit(month.index).alias("month"), "quarters"
    )


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


def _with_rates(
    made: sales.Sales, on_account: list[dict[str, object]], rate: dict[str, Days], calendar: list[Month]
) -> pl.DataFrame:
    """Payments with their invoice's id, client and rate, and the rate of the day they came in.

    Those on account have no invoice; their rate is that of the day.
    """
    by_month = pl.DataFrame(
        [(c, month.name, int(values[month.index])) for c, values in rate.items() for month in calendar],
        schema=["currency", "name", "pay_rate"],
        orient="row",
    )
    invoices = made.invoices.with_row_index("invoice").select(
        pl.col("invoice").cast(pl.Int64), "invoice_id", "client", "currency", "rate", "total"
    )
    payments = made.payments.join(invoices, on="invoice", maintain_order="left")
    if on_account:
        extra = pl.DataFrame(on_account).drop("month").with_columns(kind=pl.lit("payment"))
        payments = pl.concat([payments, extra], how="diagonal_relaxed")
    return payments.with_columns(name=pl.col("paid").cast(pl.Int32).cast(pl.Date).dt.strftime("%Y-%m")).join(
        by_month, on=["currency", "name"], maintain_order="left"
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


def _with_dirt(clean: Tables, key: dict[str, Any]) -> Tables:
    """A duplicate, an orphan, a bad date and an unknown currency; none of them has a journal."""
    invoices, lines = clean["invoice"], clean["invoice_line"]
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
    return clean | {
        "invoice": pl.concat([invoices, twin, strangers]),
        "invoice_line": pl.concat([lines, orphan]),
    }
