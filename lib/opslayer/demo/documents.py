"""Documents that came: bills as the books have them, some that do not agree, some that cannot be read.

One supplier's sheets are laid out in a way no plain rule reads right: its own name below its client's, the
period before the day, and the total before that of the last statement.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from opslayer.demo import paper

FIRM = "Harrow & Vale Advisory"
ODD = 7  # sheets of the supplier whose layout is its own
CONTRACT = (
    "HOSTING AGREEMENT",
    "This Hosting Agreement is made by and between Hostwell Ltd and Harrow & Vale Advisory.",
    "WHEREAS the parties agree on the hosting of the firm's systems, it is agreed as follows.",
    "1. Hostwell hosts the systems named in schedule A.",
    "2. Governing law is that of Ireland.",
)


def write_documents(
    folder: Path, bills: pl.DataFrame, parties: pl.DataFrame, *, as_of: date
) -> list[dict[str, Any]]:
    """Write the folder; its answers: file, what it says, how it should stand and why.

    `bills` are rows of the books (number, party_id, issued_on, total, currency), of which the last are taken;
    each file's time is the morning after its day.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = dict(parties.select("party_id", "name").iter_rows())
    last = bills.filter(pl.col("issued_on") <= str(as_of)).sort("issued_on", "bill_id").tail(6).to_dicts()
    booked = [
        (
            names[one["party_id"]],
            str(one["number"]),
            date.fromisoformat(one["issued_on"]),
            Decimal(one["total"]),
        )
        for one in last
    ]
    sheets = [
        *(_sheet(f"{n}-bill.pdf", *bill, standing="read") for n, bill in enumerate(booked[:3], 1)),
        _sheet("4-other-total.pdf", *booked[3], over=Decimal(90), exception="contradicts"),
        _sheet("5-wrong-sum.pdf", "Bracken Stationers", "88213", as_of - timedelta(days=9), Decimal("312.40"),
               sum_off=Decimal(20), exception="contradicts"),
        _sheet("6-twice.pdf", *booked[0], exception="came twice", again=as_of - timedelta(days=2)),
        *(_odd(number, as_of) for number in range(ODD)),
    ]  # fmt: skip
    answers = [_write(folder, name, content, day, answer) for name, content, day, answer in sheets]
    day = as_of - timedelta(days=4)
    faulty = (
        ("locked.pdf", paper.pdf([(50, 60, 12, "Invoice")], locked=True), "encrypted"),
        ("broke-off.pdf", sheets[0][1][:-80], "truncated"),
        ("invoice.pdf.exe.pdf", b"MZ\x90\x00" + bytes(200), "misnamed"),
    )
    answers += [
        _write(folder, name, content, day, {"exception": "unreadable", "refused": refused})
        for name, content, refused in faulty
    ]
    contract = paper.pdf([(60, 80 + 30 * row, 11, text) for row, text in enumerate(CONTRACT)])
    answers.append(
        _write(folder, "hosting.pdf", contract, day, {"says": {"class": "contract", "type": "hosting"}})
    )
    return answers


Sheet = tuple[str, bytes, date, dict[str, Any]]


def _sheet(
    name: str,
    supplier: str,
    number: str,
    day: date,
    total: Decimal,
    *,
    over: Decimal = Decimal(0),
    sum_off: Decimal = Decimal(0),
    exception: str | None = None,
    standing: str = "waits",
    again: date | None = None,
) -> Sheet:
    """A bill as most lay it out; `over` is what it asks for above the books, `again` when a copy came."""
    asked = total + over
    tax = (asked * 23 / 123).quantize(Decimal("0.01"))
    words = [
        (50, 60, 18, supplier), (50, 80, 9, "12 Quay Street, Dublin"), (50, 140, 14, "Invoice"),
        (50, 165, 10, "Invoice number"), (200, 165, 10, number), (50, 180, 10, "Date"),
        (200, 180, 10, f"{day:%d/%m/%Y}"), (50, 195, 10, "Bill to"), (200, 195, 10, FIRM),
        (50, 260, 10, "Services as agreed"), (450, 260, 10, _money(asked - tax - sum_off)),
        (350, 330, 10, "Subtotal"), (450, 330, 10, _money(asked - tax - sum_off)),
        (350, 345, 10, "VAT"), (450, 345, 10, _money(tax)), (350, 365, 12, "Total EUR"),
        (450, 365, 12, _money(asked)), (50, 420, 9, "Payable within 30 days"), 
        (50, 780, 8, "Second copy" if again else "Thank you for your business"),
    ]  # fmt: skip
    says = _says(supplier, number, day, asked)
    return name, paper.pdf(words), again or day, {"says": says, "standing": standing, "exception": exception}


def _odd(turn: int, as_of: date) -> Sheet:
    day = as_of - timedelta(days=7 * (ODD - turn) - 2)
    total, number = Decimal(480 + 37 * turn), f"NX-{4100 + turn}"
    before = day - timedelta(days=30)
    words = [
        (50, 60, 10, FIRM), (50, 75, 9, "4 Harbour Row, Dublin"), (330, 110, 14, "Nordlicht Cleaning"),
        (50, 150, 9, f"Period from {before:%d/%m/%Y}"), (330, 150, 9, f"Issued {day:%d/%m/%Y}"),
        (50, 180, 10, "Customer 30017"), (330, 180, 10, f"Our reference {number}"),
        (50, 240, 10, "To be transferred"), (330, 240, 10, _money(total)),
        (50, 300, 9, "Total of last statement"), (330, 300, 9, _money(total + 13 + turn)),
        (50, 760, 8, "Invoice of Nordlicht Cleaning, payable at once, IBAN on request"),
    ]  # fmt: skip
    says = _says("Nordlicht Cleaning", number, day, total)
    answer = {"says": says, "standing": "waits", "exception": "unsure", "layout": "odd"}
    return f"nordlicht-{turn + 1}.pdf", paper.pdf(words), day, answer


def _says(company: str, number: str, day: date, total: Decimal) -> dict[str, str]:
    told = {"class": "supplier invoice", "company": company, "number": number}
    return told | {"date": f"{day:%d/%m/%Y}", "total": _money(total)}


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _write(folder: Path, name: str, content: bytes, day: date, answer: dict[str, Any]) -> dict[str, Any]:
    path = folder / name
    path.write_bytes(content)
    came = (datetime(day.year, day.month, day.day, 8, tzinfo=UTC) + timedelta(days=1)).timestamp()
    os.utime(path, (came, came))
    return {"file": name} | answer
