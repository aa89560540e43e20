"""What the firm spends: suppliers' bills with their payments, salaries, tax and distributions."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from opslayer.demo import facts
from opslayer.demo.calendar import Month, next_weekday
from opslayer.demo.sales import Bend, hourly_price

LEDGER = {
    "journal": pl.String,
    "day": pl.Int64,
    "account": pl.String,
    "amount": pl.Int64,
    "type": pl.String,
    "document": pl.String,
    "text": pl.String,
}


def planned_revenue(month: Month, scale: float) -> float:
    """What a month is planned to bring, in base currency: hours at planned prices."""
    hours = facts.INVOICES_A_MONTH * scale * month.intensity * facts.HOURS_AN_INVOICE
    price = sum(s.share * hourly_price(s, month) for s in facts.SERVICES) * facts.DISCOUNT_PLANNED
    return float(hours * price)


def staffed_level(month: Month, scale: float) -> float:
    """Revenue a month's staff is there for, in base currency: the year's level without the season."""
    growth = (1 + facts.GROWTH_A_YEAR) ** (month.index / 12)
    return planned_revenue(month, scale) / month.intensity * float(growth)


def month_bills(month: Month, bend: Bend, *, seed: int, scale: float, suppliers: int) -> pl.DataFrame:
    """One month's bills; amounts in cents of base currency, no tax."""
    chance = np.random.default_rng([seed, 4, month.index])
    days = month.weekdays()
    parts = []
    for account, (share, count) in facts.BILLED.items():
        number = max(2, round(count * min(scale, 20) * max(month.share, 0.3)))
        size = chance.lognormal(0, 0.35, number)
        cents = np.rint(
            planned_revenue(month, scale) * share * 100 * size / size.sum() * chance.normal(1, 0.03)
        )
        parts.append(
            pl.DataFrame(
                {
                    "account": [account] * number,
                    "supplier": chance.integers(0, suppliers, number),
                    "issued": chance.choice(days, number),
                    "total": cents.astype(np.int64),
                }
            )
        )
    bills = pl.concat(parts)
    if month.index == bend.subscription_month:
        first = bills.with_row_index().filter(account="6200").sort("total", descending=True)["index"][0]
        bills = (
            bills.with_row_index()
            .with_columns(
                pl.when(pl.col("index") == first).then(pl.col("total") * 10).otherwise("total").alias("total")
            )
            .drop("index")
        )
    paid = bills["issued"].to_numpy() + facts.TERMS_DAYS - 3 + chance.integers(0, 8, len(bills))
    return bills.with_columns(
        bill_id=pl.format(
            "B{}-{}",
            pl.lit(f"{month.first:%y%m}"),
            pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(5),
        ),
        paid=pl.Series(next_weekday(paid)),
    )


def month_salaries(month: Month, *, seed: int, scale: float) -> pl.DataFrame:
    """Salaries, paid on the last booked working day of the month."""
    chance = np.random.default_rng([seed, 5, month.index])
    rows = []
    for account, share in facts.SALARIES.items():
        cents = round(
            staffed_level(month, scale) * month.share * share * 100 * float(chance.normal(1, 0.008))
        )
        rows.append((account, cents))
    day = int(month.weekdays()[-1])
    journal = f"SAL-{month.name}"
    lines = [(journal, day, account, cents, "cash", None, "Salaries") for account, cents in rows]
    lines.append((journal, day, "1000", -sum(cents for _, cents in rows), "cash", None, "Salaries"))
    return pl.DataFrame(lines, schema=LEDGER, orient="row")


def budget_table(
    months: list[Month], rates: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]], scale: float
) -> pl.DataFrame:
    """The template table `budget`: hours, prices and rates planned at each January; costs by account."""
    rows: list[tuple[date, str, str | None, str, float | None, float | None, int, float]] = []
    for month in months:
        whole = month.intensity / month.share
        january = max(0, month.index - (month.first.month - 1))
        for service in facts.SERVICES:
            price = hourly_price(service, month) * facts.DISCOUNT_PLANNED
            hours = facts.INVOICES_A_MONTH * scale * whole * service.share * facts.HOURS_AN_INVOICE
            for currency, share in facts.CURRENCIES.items():
                rate = int(rates[currency][january])
                unit = round(price * 1_000_000 / rate, 2)
                quantity = round(hours * share, 2)
                amount = quantity * unit
                rows.append(
                    (month.first, service.account, service.item, currency, quantity, unit, rate, amount)
                )
        planned = planned_revenue(month, scale) / month.share
        costs = {account: planned * share for account, (share, _) in facts.BILLED.items()}
        costs |= {account: staffed_level(month, scale) * share for account, share in facts.SALARIES.items()}
        rows += [
            (month.first, account, None, facts.BASE, None, None, 1_000_000, amount)
            for account, amount in costs.items()
        ]
    columns = ["month", "account_code", "item", "currency", "quantity", "unit_price", "rate", "amount"]
    frame = pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)
    return frame.select(
        pl.format("BU{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(5)).alias("budget_id"),
        pl.col("month").cast(pl.String),
        "account_code",
        "item",
        "currency",
        pl.col("quantity").cast(pl.Decimal(18, 2)),
        pl.col("unit_price").cast(pl.Decimal(18, 2)),
        (pl.col("rate").cast(pl.Decimal(18, 6)) / 1_000_000).cast(pl.Decimal(18, 6)).alias("fx_rate"),
        pl.col("amount").round(2).cast(pl.Decimal(18, 2)),
    )
