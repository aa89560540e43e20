"""What each open deal is expected to bring: hours by role and week, money by month, cash by week.

Revenue is that of the quarter's forecast: a deal's cells are, to the cent, what the forecast of each
month has for it; what is left of its amount times chance is later. Hours lie where the deal's own dates
put them, for people are planned by those: the two may be weeks apart, which timing.py tells. Margin is
revenue less what such work costs. Hours are handed out by running totals, so they add up exactly. Revenue
is taken as invoiced at the end of its month; cash follows by the client's lateness, as the cash
forecast's fallback knows it. Money is without tax.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.intelligence import revenue
from opslayer.intelligence.cash.empirical import client_means
from opslayer.intelligence.cash.history import learnable
from opslayer.intelligence.demand import WEEKS, Deals, hourly, weeks_from, whole
from opslayer.intelligence.staffing.need import first_monday

Floats = NDArray[np.float64]

MONTHS = 6
TERMS = 30  # days from issue to due, where no invoice says
CENTS = pl.Decimal(18, 2)
STEPS = ("win", "demand", "revenue", "margin", "cash")
SCHEMA = pl.Schema(
    {
        "opportunity_id": pl.String(),
        "step": pl.String(),
        "label": pl.String(),
        "starts_on": pl.Date(),
        "is_later": pl.Boolean(),
        "value": CENTS,
    }
)


def deal_cells(
    deals: Deals, sources: revenue.Sources, rates: pl.DataFrame, history: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """One row a deal, step and cell that holds something (columns SCHEMA), in the order of the steps.

    win: chance; demand: hours by role and week; revenue and margin: base currency
    by month; cash: base currency by week as in cash_forecast. `is_later` marks what lies past the last cell.
    `sources` are those of the revenue forecast; a deal that they do not have brings no money.
    """
    cost = (deals.hours * hourly(deals, rates, "cost_rate_base")).sum(axis=1)
    weeks, months = weeks_from(first_monday(as_of), WEEKS), months_from(as_of, MONTHS)
    earned, price = _earned(deals, sources, months)
    share = np.divide(cost, price, out=np.zeros_like(cost), where=price > 0)
    margin = earned - whole(earned.astype(np.float64), share)
    cash = _paid(deals, earned, months, history, as_of)
    hours = whole(deals.expected(weeks)[:, None, :].repeat(len(deals.roles), axis=1), 100 * deals.hours)
    cash_weeks = [as_of + timedelta(days=7 * week + 1) for week in range(WEEKS + 1)]
    win = np.rint(deals.probability * 100).astype(np.int64)[:, None]
    return pl.concat(
        [
            _rows("win", deals, win, [as_of], ["chance"]),
            *(_rows("demand", deals, hours[:, n], weeks, [role]) for n, role in enumerate(deals.roles)),
            _rows("revenue", deals, earned, months, [""]),
            _rows("margin", deals, margin, months, [""]),
            _rows("cash", deals, cash, cash_weeks, [""]),
        ]
    )


def months_from(day: date, months: int) -> list[date]:
    """First days of `months` months from that of `day`, and of the one after the last."""
    numbers = (day.year * 12 + day.month - 1 + month for month in range(months + 1))
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _earned(deals: Deals, sources: revenue.Sources, months: list[date]) -> tuple[NDArray[np.int64], Floats]:
    """Cents by deal and month, the last of what is later; and what each deal brings in all once it is won."""
    place, known, cents, price = revenue.deal_months(sources)
    earned = np.zeros((len(deals.frame), len(months)), dtype=np.int64)
    prices = np.zeros(len(deals.frame))
    columns = [(n, known.index(month)) for n, month in enumerate(months[:-1]) if month in known]
    for row, key in enumerate(deals.frame["opportunity_id"]):
        if key in place:
            prices[row] = price[place[key]]
            for to, column in columns:
                earned[row, to] = cents[place[key], column]
    left = np.rint(100 * prices * deals.probability).astype(np.int64) - earned.sum(axis=1)
    earned[:, -1] = np.maximum(left, 0)
    return earned, prices


def _rows(
    step: str, deals: Deals, cells: NDArray[np.int64], starts: list[date], labels: list[str]
) -> pl.DataFrame:
    row, column = np.nonzero(cells)
    later = len(starts) - 1 if len(starts) > 1 else len(starts)
    return pl.DataFrame(
        {
            "opportunity_id": deals.frame["opportunity_id"].gather(row),
            "step": pl.Series([step] * len(row), dtype=pl.String),
            "label": pl.Series(labels * len(row), dtype=pl.String),
            "starts_on": pl.Series(starts, dtype=pl.Date).gather(column),
            "is_later": column == later,
            "value": pl.Series(cells[row, column], dtype=pl.Int64).cast(pl.Decimal(20, 2)) / 100,
        }
    ).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _paid(
    deals: Deals, revenue: NDArray[np.int64], months: list[date], history: pl.DataFrame, as_of: date
) -> NDArray[np.int64]:
    """Cents by week of revenue that is invoiced at the end of its month; past the last month, paid later."""
    within = paid_within(deals, months, history, as_of)
    weekly = np.diff(within, axis=2, prepend=0.0, append=1.0)
    weekly = np.concatenate([weekly, np.zeros_like(weekly[:, :1])], axis=1)
    weekly[:, -1, -1] = 1.0
    cells = whole(weekly, revenue.astype(np.float64))
    total: NDArray[np.int64] = cells.sum(axis=1)
    return total


def paid_within(deals: Deals, months: list[date], history: pl.DataFrame, as_of: date) -> Floats:
    """Chance that an invoice of each month is paid by the end of each week; shape (deals, months, WEEKS)."""
    learnt = learnable(history, as_of)
    means, firm, residuals = client_means(learnt, shrink=True)
    known = dict(zip(learnt.clients, means.tolist(), strict=False))
    mean = np.array([known.get(party, firm) for party in deals.frame["party_id"]], dtype=np.float64)
    days = history.select((pl.col("due_on") - pl.col("issued_on")).dt.total_days().median())
    terms = TERMS if history.is_empty() or days.item() is None else float(days.item())
    ends = np.array([as_of + timedelta(days=7 * week) for week in range(1, WEEKS + 1)], dtype="datetime64[D]")
    issued = np.array(months[1:], dtype="datetime64[D]") - np.timedelta64(1, "D")
    since = (ends[None, :] - issued[:, None]).astype(np.float64)
    late = since[None, :, :] - terms - mean[:, None, None]
    share = np.searchsorted(np.sort(residuals), late, side="right") / max(len(residuals), 1)
    within: Floats = np.where(since[None, :, :] < 0, 0.0, share)
    return within
