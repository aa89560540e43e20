"""Invoices, their lines and their payments, month by month; money in integer cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from opslayer.demo import facts
from opslayer.demo.calendar import Days, Month, base_cents, next_weekday, number
from opslayer.demo.parties import TURNED_LATE_DAYS, TURNED_LATE_MONTHS, Clients

LATE_NOISE_SHARE = 0.25  # of invoices that meet a delay of their own, 18 days on average
PART_PAID = 0.05
CREDITED = 0.01
MISSED_A_DAY = 0.0


@dataclass(frozen=True)
class Bend:
    """The months that were bent, by index from the first."""

    price_month: int
    price_item: str
    price_factor: float
    rate_month: int
    subscription_month: int


@dataclass(frozen=True)
class Sales:
    """One month's documents; days are numbers, money integer cents, rates millionths."""

    invoices: pl.DataFrame
    lines: pl.DataFrame
    payments: pl.DataFrame


def hourly_price(item: facts.Service, month: Month) -> float:
    """List price in base currency that month."""
    return float(item.price * (1 + facts.PRICE_RISE_A_YEAR) ** (month.index / 12))


def month_sales(
    month: Month,
    known: Clients,
    rate: dict[str, Days],
    bend: Bend,
    *,
    seed: int,
    scale: float,
    as_of: date,
    shift: float,
) -> Sales:
    """One month of sales; `shift` moves lateness so that the firm's share paid late is the real one's."""
    chance = np.random.default_rng([seed, 3, month.index])
    count = max(8, round(facts.INVOICES_A_MONTH * scale * month.intensity))
    client = chance.choice(known.count, count, p=known.weight)
    currency = known.currency[client]
    days = month.weekdays()
    issued = np.where(chance.random(count) < 0.35, days[-1], chance.choice(days, count))
    due = issued + facts.TERMS_DAYS
    document_rate = np.select([currency == c for c in rate], [rate[c][month.index] for c in rate])

    per_invoice = chance.choice([1, 2, 3, 4, 5], count, p=[0.15, 0.2, 0.3, 0.2, 0.15])
    invoice = np.repeat(np.arange(count), per_invoice)
    service = chance.choice(len(facts.SERVICES), len(invoice), p=[s.share for s in facts.SERVICES])
    spread = facts.SIGMA_LOG_AMOUNT
    size = np.repeat(chance.lognormal(-(spread**2) / 2, spread, count), per_invoice)
    quarters = np.maximum(np.rint(facts.HOURS_A_LINE * size * chance.uniform(0.6, 1.4, len(invoice)) * 4), 1)
    quarters = quarters.astype(np.int64)
    price = (
        np.array([hourly_price(s, month) for s in facts.SERVICES])[service] * known.discount[client[invoice]]
    )
    if month.index == bend.price_month:
        bent = np.array([s.item == bend.price_item for s in facts.SERVICES])[service]
        price = np.where(bent, price * bend.price_factor, price)
    price_cents = np.rint(price * 100 * 1_000_000 / document_rate[invoice]).astype(np.int64)
    amount = (quarters * price_cents + 2) // 4
    taxed = currency[invoice] == facts.BASE
    tax = np.where(taxed, (amount * facts.VAT + 50) // 100, 0)

    subtotal = np.bincount(invoice, amount, count).astype(np.int64)
    total_tax = np.bincount(invoice, tax, count).astype(np.int64)
    total = subtotal + total_tax
    late = lateness(chance, known, client, month) + shift
    paid = next_weekday(due + np.clip(np.rint(late), facts.EARLIEST, facts.LATEST).astype(np.int64))
    paid = np.maximum(paid, issued)

    prefix = f"{month.first:%y%m}"
    ids = pl.Series([f"I{prefix}-{n:05d}" for n in range(1, count + 1)])
    invoices = pl.DataFrame(
        {
            "invoice_id": ids,
            "client": client,
            "currency": currency,
            "issued": issued,
            "due": due,
            "rate": document_rate,
            "subtotal": subtotal,
            "tax": total_tax,
            "total": total,
            "total_base": base_cents(total, document_rate),
            "is_disputed": False,
        }
    )
    lines = pl.DataFrame(
        {
            "invoice_line_id": [f"L{prefix}-{n:06d}" for n in range(1, len(invoice) + 1)],
            "invoice": invoice,
            "service": service,
            "quarters": quarters,
            "price": price_cents,
            "amount": amount,
            "tax": tax,
        }
    )
    payments = _payments(chance, invoices, paid, number(as_of), prefix)
    return Sales(invoices, lines, payments)


def lateness(
    chance: np.random.Generator, known: Clients, client: Days, month: Month
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Days late before the firm-wide shift: the client's habit, everyday noise, now and then a delay."""
    delayed = chance.random(len(client)) < LATE_NOISE_SHARE
    noise = chance.normal(0, 4, len(client)) + np.where(delayed, chance.exponential(18, len(client)), 0)
    turned = np.isin(client, known.turned_late) & (month.index >= facts.MONTHS - TURNED_LATE_MONTHS)
    return known.lateness[client] + noise + np.where(turned, TURNED_LATE_DAYS, 0)


def _payments(
    chance: np.random.Generator, invoices: pl.DataFrame, paid: Days, today: int, prefix: str
) -> pl.DataFrame:
    """What was paid before today: mostly whole, some in two parts, a few credited in part."""
    total = invoices["total"].to_numpy()
    kind = chance.random(len(total))
    parted, credited = kind < PART_PAID, (kind >= PART_PAID) & (kind < PART_PAID + CREDITED)
    first = np.where(parted, total * 6 // 10, np.where(credited, total // 10, total))
    early = next_weekday(np.maximum(paid - 14, invoices["issued"].to_numpy()))
    position = np.arange(len(total))
    split = parted | credited
    frame = pl.DataFrame(
        {
            "invoice": np.concatenate([position, position[split]]),
            "paid": np.concatenate([np.where(split, early, paid), paid[split]]),
            "amount": np.concatenate([first, (total - first)[split]]),
            "kind": np.concatenate(
                [np.where(credited, "credit", "payment"), np.full(split.sum(), "payment")]
            ),
        }
    )
    frame = frame.filter(pl.col("paid") < today).sort("invoice", "paid", maintain_order=True)
    return frame.with_columns(
        payment_id=pl.format(
            "P{}-{}", pl.lit(prefix), pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(5)
        )
    )
