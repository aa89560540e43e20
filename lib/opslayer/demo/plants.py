"""What is planted in the books, and the key to it; the product never reads the key."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl

from opslayer.demo import facts
from opslayer.demo.calendar import Days, Month, base_cents, next_weekday, number
from opslayer.demo.parties import Clients, client_id
from opslayer.demo.sales import Bend

RUNGS = (-3, 1, 15, 30, 45)  # days past due of the reminder ladder
CLIENTS_A_RUNG = 2
ON_ACCOUNT = 3
UNUSUAL = "SPECIAL"


@dataclass
class Planted:
    """Documents that are added to the generated ones, and the answers."""

    invoices: list[dict[str, Any]] = field(default_factory=list)
    receipts: list[dict[str, Any]] = field(default_factory=list)
    key: dict[str, Any] = field(default_factory=dict)


def bends(months: list[Month]) -> Bend:
    """Three closed months of the last year that differ for a reason."""
    last = len(months) - 1
    return Bend(
        price_month=last - 4,
        price_item="Implementation",
        price_factor=0.8,
        rate_month=last - 7,
        subscription_month=last - 2,
    )


def planted_documents(months: list[Month], known: Clients, rate: dict[str, Days], as_of: date) -> Planted:
    """Clients that stand at each rung on `as_of`, some with two invoices, two of them disputed; and
    receipts on account."""
    planted = Planted(receipts=_on_account(months, known, rate, as_of))
    client = known.count - 1
    today = number(as_of)
    for rung in RUNGS:
        for turn in range(CLIENTS_A_RUNG):
            late = [rung] if turn == 0 or rung < 0 else [rung, max(1, rung - 10)]
            for position, days in enumerate(late):
                due = today - days
                issued = due - facts.TERMS_DAYS
                issued -= max(0, (issued + 3) % 7 - 4)  # of a weekend, the Friday before
                month = next((m for m in months if number(m.first) <= issued <= number(m.last)), months[0])
                currency = str(known.currency[client])
                total = 1_200_000 + 35_000 * client % 900_000 + position * 10_000
                total -= total % 119
                net = total * 100 // 119 if currency == facts.BASE else total
                millionths = int(rate[currency][month.index])
                planted.invoices.append(
                    {
                        "invoice_id": f"X{'B' if rung < 0 else ''}{abs(rung):02d}-{turn}{position}",
                        "client": client,
                        "currency": currency,
                        "issued": issued,
                        "due": due,
                        "rate": millionths,
                        "subtotal": net,
                        "tax": total - net,
                        "total": total,
                        "total_base": int(
                            base_cents(pl.Series([total]).to_numpy(), pl.Series([millionths]).to_numpy())[0]
                        ),
                        "is_disputed": False,
                        "month": month.index,
                    }
                )
            client -= 1
    disputed = {"X15-00", "X45-00"}
    for invoice in planted.invoices:
        invoice["is_disputed"] = invoice["invoice_id"] in disputed
    planted.key["reminder_rungs"] = {str(rung): {} for rung in RUNGS}
    planted.key["receipts_on_account"] = [receipt["payment_id"] for receipt in planted.receipts]
    planted.key["disputed_invoices"] = sorted(disputed)
    planted.key["clients_who_turned_late"] = [client_id(int(index)) for index in sorted(known.turned_late)]
    return planted


def _on_account(
    months: list[Month], known: Clients, rate: dict[str, Days], as_of: date
) -> list[dict[str, Any]]:
    """Money of the firm's largest clients that nobody has set against an invoice yet."""
    rows = []
    for turn, client in enumerate(int(index) for index in (-known.weight).argsort()[:ON_ACCOUNT]):
        day = int(next_weekday(pl.Series([number(as_of) - 4 - 7 * turn]).to_numpy())[0])
        month = next(m for m in months if number(m.first) <= day <= number(m.last))
        currency = str(known.currency[client])
        rows.append(
            {
                "payment_id": f"PX-{turn + 1}",
                "client": client,
                "currency": currency,
                "paid": day,
                "amount": 240_000 + 35_000 * turn,
                "rate": int(rate[currency][month.index]),
                "month": month.index,
            }
        )
    return rows


def note_rungs(key: dict[str, Any], invoices: pl.DataFrame, payments: pl.DataFrame, as_of: date) -> None:
    """Add to the key every client of the month whose unpaid invoice stands at a rung, planted or not."""
    settled = payments.group_by("invoice_id").agg(pl.col("amount").sum().alias("settled"))
    days = (number(as_of) - pl.col("due")).alias("days")
    standing = (
        invoices.join(settled, on="invoice_id", how="left")
        .filter(pl.col("total") > pl.col("settled").fill_null(0), days.is_in(RUNGS))
        .select(days.cast(pl.String), "client", "invoice_id")
        .sort("client", "invoice_id")
    )
    for rung, client, invoice in standing.iter_rows():
        key["reminder_rungs"][rung].setdefault(client_id(client), []).append(invoice)


def bent_months(months: list[Month], bend: Bend) -> list[dict[str, str]]:
    return [
        {
            "month": months[bend.price_month].name,
            "why": f"{bend.price_item} sold at 80 % of its price",
            "driver": "price",
        },
        {"month": months[bend.rate_month].name, "why": "the dollar is 8 % weaker", "driver": "fx"},
        {
            "month": months[bend.subscription_month].name,
            "why": "one software subscription billed ten times over",
            "account": "6200",
        },
    ]


def unusual_journals(months: list[Month]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """A cost posted twice, a round amount entered long after its day, a manual journal on a Sunday."""
    recent = months[-2]
    start = number(recent.first)
    day = int(next_weekday(pl.Series([start + 9]).to_numpy())[0])
    sunday = start + (6 - (start + 3) % 7)
    rows = [
        {"journal": f"{UNUSUAL}-1", "day": day, "account": "6500", "cents": 1_873_455, "late": 0},
        {"journal": f"{UNUSUAL}-2", "day": day + 1, "account": "6500", "cents": 1_873_455, "late": 0},
        {"journal": f"{UNUSUAL}-3", "day": day, "account": "6400", "cents": 5_000_000, "late": 45},
        {"journal": f"{UNUSUAL}-4", "day": sunday, "account": "6300", "cents": 2_418_790, "late": 0},
    ]
    answers = [
        {"journal_id": f"{UNUSUAL}-2", "why": "the same amount on the same account the day before"},
        {"journal_id": f"{UNUSUAL}-3", "why": "a round amount, entered 45 days after it was posted"},
        {"journal_id": f"{UNUSUAL}-4", "why": "posted on a Sunday"},
    ]
    return rows, answers


def as_day(value: int) -> str:
    return str(date(1970, 1, 1) + timedelta(days=value))
