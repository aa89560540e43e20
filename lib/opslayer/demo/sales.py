"""Invoices, their lines and their payments, month by month; money in integer cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

import numpy as np
import polars as pl

from opslayer.demo import facts
from opslayer.demo.calendar import Days, Month, base_cents, next_weekday, number, weekday
from opslayer.demo.parties import TURNED_LATE_BY, TURNED_LATE_MONTHS, Clients

PART_PAID = 0.05
CREDITED = 0.01
FARTHEST = 3.5  # standard deviations, where the earliest and the latest payment lie


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
) -> Sales:
    """One month of sales, with what was paid of them before `as_of`."""
    chance = np.random.default_rng([seed, 3, month.index])
    count = max(8, round(facts.INVOICES_A_MONTH * scale * month.intensity))
    client = chance.choice(known.count, count, p=known.share_in(month))
    currency = known.currency[client]
    days = month.weekdays()
    issued = np.where(chance.random(count) < 0.35, days[-1], chance.choice(days, count))
    due = issued + facts.TERMS_DAYS
    document_rate = np.select([currency == c for c in rate], [rate[c][month.index] for c in rate])

    per_invoice = chance.choice(list(facts.LINES_AN_INVOICE), count, p=list(facts.LINES_AN_INVOICE.values()))
    invoice = np.repeat(np.arange(count), per_invoice)
    service = chance.choice(len(facts.SERVICES), len(invoice), p=[s.share for s in facts.SERVICES])
    spread = facts.SIGMA_LOG_HOURS
    hours = facts.HOURS_AN_INVOICE * chance.lognormal(-(spread**2) / 2, spread, count)
    part = chance.uniform(0.6, 1.4, len(invoice))
    part /= np.bincount(invoice, part, count)[invoice]
    quarters = np.maximum(np.rint(hours[invoice] * part * 4), 1).astype(np.int64)
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
    paid = _banking_day(due, lateness(chance, known, client, month))
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


def lateness(chance: np.random.Generator, known: Clients, client: Days, month: Month) -> Days:
    """Days from due to paid: habit and chance make a score, the real ledger's quantiles the days."""
    own = chance.normal(0, np.sqrt(1 - facts.CLIENT_SHARE), len(client))
    score = known.habit[client] * np.sqrt(facts.CLIENT_SHARE) + own
    turned = np.isin(client, known.turned_late) & (month.index >= facts.MONTHS - TURNED_LATE_MONTHS)
    score += np.where(turned, TURNED_LATE_BY, 0)
    inner = [NormalDist().inv_cdf(share) for share, _ in facts.LATENESS[1:-1]]
    days = np.interp(score, [-FARTHEST, *inner, FARTHEST], [days for _, days in facts.LATENESS])
    whole: Days = np.rint(days).astype(np.int64)
    return whole


def _banking_day(due: Days, late: Days) -> Days:
    """The day of payment; of a weekend the Friday before when it is in time, the Monday after when late."""
    day = due + late
    over = np.maximum(weekday(day) - 4, 0)  # 1 on a Saturday, 2 on a Sunday
    moved: Days = np.where(late <= 0, day - over, next_weekday(day))
    return moved


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
