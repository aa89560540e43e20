"""Why a month differs: drivers that add up to the cent, and a paragraph that says nothing else."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opslayer.intelligence import variance
from opslayer.intelligence.variance.drivers import DRIVERS, settled
from opslayer.intelligence.variance.timing import Move, moves, next_month
from opslayer.intelligence.wording import written

MONTH = date(2026, 5, 1)
AS_OF = date(2026, 6, 10)
NEXT = next_month(MONTH)


def revenue_rows(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Rows of marts.revenue_driver: month, basis, item, party, account, currency, quantity, price, rate."""
    return pl.DataFrame(
        [
            {
                "month": month,
                "basis": basis,
                "item": item,
                "party_id": party,
                "account_code": account,
                "currency": currency,
                "quantity": Decimal(str(quantity)),
                "fx_rate": Decimal(str(rate)),
                "amount": Decimal(str(quantity)) * Decimal(str(price)),
                "amount_base": (Decimal(str(quantity)) * Decimal(str(price)) * Decimal(str(rate))).quantize(
                    Decimal("0.01")
                ),
            }
            for month, basis, item, party, account, currency, quantity, price, rate in rows
        ],
        schema={
            "month": pl.Date,
            "basis": pl.String,
            "item": pl.String,
            "party_id": pl.String,
            "account_code": pl.String,
            "currency": pl.String,
            "quantity": pl.Decimal(18, 4),
            "fx_rate": pl.Decimal(18, 10),
            "amount": pl.Decimal(18, 4),
            "amount_base": pl.Decimal(18, 2),
        },
    )


def pnl_rows(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Rows of (month, section, code, name, actual, budget, prior_month) as marts.pnl_comparison."""
    names = ("month", "section", "account_code", "account_name", "actual", "budget", "prior_month")
    money = {name: pl.Decimal(18, 2) for name in names[4:]}
    values = [(*row[:4], *(None if v is None else Decimal(str(v)) for v in row[4:])) for row in rows]
    return pl.DataFrame(
        values,
        schema={"month": pl.Date, **dict.fromkeys(names[1:4], pl.String), **money},
        orient="row",
    )


def by_driver(frame: pl.DataFrame, **where: str) -> dict[str, Decimal]:
    chosen = frame.filter(*(pl.col(name) == value for name, value in where.items()))
    return dict(chosen.group_by("driver").agg(pl.col("amount_base").sum()).iter_rows())


def test_price_volume_mix_and_rate_are_what_the_textbook_says() -> None:
    """Two items, budget 100 h at 100 and 50 h at 200; actual 120 h at 110 and 40 h at 200 in a currency that
    rose from 1.00 to 1.10. Average budget price 20 000 / 150."""
    revenue = revenue_rows(
        (MONTH, "budget", "junior", None, "4000", "EUR", 100, 100, 1),
        (MONTH, "budget", "senior", None, "4000", "USD", 50, 200, 1),
        (MONTH, "actual", "junior", "a", "4000", "EUR", 120, 110, 1),
        (MONTH, "actual", "senior", "b", "4000", "USD", 40, 200, "1.1"),
    )
    pnl = pnl_rows((MONTH, "revenue", "4000", "Fees", 13200 + 8800, 20000, None))
    frame = variance.explain(pnl, revenue, month=MONTH, comparison="budget", as_of=AS_OF)
    assert by_driver(frame) == {
        "price": Decimal("1200.00"),  # 120 * (110 - 100)
        "fx": Decimal("800.00"),  # 40 * 200 * 0.10
        "volume": Decimal("1333.34"),  # (160 - 150) * 133.33, rounded by item
        "mix": Decimal("-1333.34"),  # 20 * (100 - 133.33) - 10 * (200 - 133.33)
    }
    assert by_driver(frame, item="junior")["volume"] == Decimal("2666.67")


def test_lost_items_are_volume_and_new_items_are_new() -> None:
    revenue = revenue_rows(
        (MONTH, "budget", "old", None, "4000", "EUR", 10, 100, 1),
        (MONTH, "actual", "fresh", "a", "4000", "EUR", 3, 50, 1),
    )
    pnl = pnl_rows((MONTH, "revenue", "4000", "Fees", 150, 1000, None))
    frame = variance.explain(pnl, revenue, month=MONTH, comparison="budget", as_of=AS_OF)
    assert by_driver(frame) == {"volume": Decimal(-1000), "new": Decimal(150)}


def test_a_budget_in_base_currency_is_compared_in_base_currency() -> None:
    revenue = revenue_rows(
        (MONTH, "budget", "a", None, "4000", "EUR", 10, 110, 1),
        (MONTH, "actual", "a", "x", "4000", "USD", 10, 100, "1.2"),
    )
    pnl = pnl_rows((MONTH, "revenue", "4000", "Fees", 1200, 1100, None))
    frame = variance.explain(pnl, revenue, month=MONTH, comparison="budget", as_of=AS_OF)
    assert by_driver(frame) == {"price": Decimal(100)}


def test_without_items_clients_are_compared_with_themselves() -> None:
    before = next_month(MONTH, -1)
    revenue = revenue_rows(
        (before, "actual", "200", "a", "200", "USD", 10, 100, "1.3"),
        (before, "actual", None, "b", "200", "USD", 10, 50, "1.3"),
        (MONTH, "actual", None, "a", "200", "USD", 10, 120, "1.3"),
        (MONTH, "actual", "(none)", "b", "200", "USD", 10, 50, "1.3"),
    )
    pnl = pnl_rows((MONTH, "revenue", "200", "Sales", 2210, None, 1950))
    frame = variance.explain(pnl, revenue, month=MONTH, comparison="prior", as_of=AS_OF)
    assert by_driver(frame) == {"price": Decimal(260)}
    assert variance.explain(pnl, revenue, month=MONTH, comparison="budget", as_of=AS_OF).is_empty()


def test_an_invoice_that_slipped_into_the_next_month_is_timing_not_volume() -> None:
    steady = [(next_month(MONTH, -k), "actual", "care", "a", "4000", "EUR", 10, 100, 1) for k in range(1, 7)]
    revenue = revenue_rows(
        *steady,
        (NEXT, "actual", "care", "a", "4000", "EUR", 20, 100, 1),
        (MONTH, "budget", "care", None, "4000", "EUR", 10, 100, 1),
    )
    pnl = pnl_rows(
        (MONTH, "revenue", "4000", "Fees", 0, 1000, 1000), (NEXT, "revenue", "4000", "Fees", 2000, None, 0)
    )
    for comparison in ("budget", "prior"):
        frame = variance.explain(pnl, revenue, month=MONTH, comparison=comparison, as_of=AS_OF)
        assert by_driver(frame) == {"timing": Decimal(-1000)}, comparison
    back = variance.explain(pnl, revenue, month=NEXT, comparison="prior", as_of=AS_OF)
    assert by_driver(back) == {"timing": Decimal(2000)}


def test_a_cost_booked_twice_in_the_month_after_is_timing() -> None:
    months = [next_month(MONTH, -k) for k in range(1, 7)]
    pnl = pnl_rows(
        *((month, "overhead", "6000", "Rent", -500, -500, -500) for month in months),
        (MONTH, "overhead", "6000", "Rent", 0, -500, -500),
        (NEXT, "overhead", "6000", "Rent", -1010, -500, 0),
    )
    frame = variance.explain(pnl, revenue_rows(), month=MONTH, comparison="budget", as_of=AS_OF)
    assert by_driver(frame) == {"timing": Decimal(510), "other": Decimal(-10)}


def test_direct_costs_are_flexed_with_sales_volume() -> None:
    revenue = revenue_rows(
        (MONTH, "budget", "a", None, "4000", "EUR", 100, 10, 1),
        (MONTH, "actual", "a", "x", "4000", "EUR", 120, 10, 1),
    )
    pnl = pnl_rows(
        (MONTH, "revenue", "4000", "Fees", 1200, 1000, None),
        (MONTH, "direct_cost", "5000", "Freelancers", -650, -500, None),
    )
    frame = variance.explain(pnl, revenue, month=MONTH, comparison="budget", as_of=AS_OF)
    assert by_driver(frame, section="direct_cost") == {"volume": Decimal(-100), "other": Decimal(-50)}


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([100, 101, 99, 100, 100, 100, 0, 200], True),
        ([100, 0, 0, 0, 100, 100, 0, 200], False),  # does not recur
        ([100, 500, 10, 900, 50, 100, 0, 200], False),  # is not steady
        ([100, 100, 100, 100, 100, 100, 0, 100], False),  # lost a month, nothing came back
        ([100, 100, 100, 100, 100, 100, 0, 450], False),  # more than moved
    ],
)
def test_moves_are_found_only_in_steady_recurring_lines(amounts: list[int], expected: bool) -> None:
    months = [next_month(NEXT, -k) for k in reversed(range(len(amounts)))]
    series = {month: Fraction(amount) for month, amount in zip(months, amounts, strict=True) if amount}
    assert moves(series, MONTH, as_of=AS_OF) == ([Move(NEXT, MONTH, Fraction(100))] if expected else [])


cents = st.integers(-(10**9), 10**9)
keys = st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from(DRIVERS))
effects = st.dictionaries(keys, st.fractions(-(10**7), 10**7, max_denominator=997), max_size=12)


@given(effects=effects, total=cents)
def test_rounded_effects_sum_to_the_total_in_cents(
    effects: dict[tuple[str | None, str], Fraction], total: int
) -> None:
    result = settled(effects, total)
    assert sum(result.values()) == total
    for key, value in effects.items():
        if key != (None, "other") and (key[0] is not None or total == 0):
            share = abs(result.get(key, 0) - 100 * value)
            assert share <= len(DRIVERS)  # the leftover of rounding, never more than a cent a driver


lines = st.tuples(
    st.sampled_from([next_month(MONTH, k) for k in range(-7, 2)]),
    st.sampled_from(["actual", "budget"]),
    st.sampled_from([None, "a", "b"]),
    st.sampled_from(["x", "y"]),
    st.sampled_from(["4000", "4100"]),
    st.sampled_from(["EUR", "USD"]),
    st.integers(-30, 300).map(lambda q: Decimal(q) / 4),
    st.integers(-1, 50_000).map(lambda p: Decimal(p) / 100),
    st.sampled_from(["1", "0.9137", "1.2291"]),
)
ledger_lines = st.tuples(
    st.sampled_from([next_month(MONTH, k) for k in range(-2, 2)]),
    st.sampled_from(
        [("revenue", "4000"), ("revenue", "4100"), ("direct_cost", "5000"), ("overhead", "6000")]
    ),
    cents,
    cents,
    cents,
)


@settings(max_examples=150, deadline=None)
@given(
    sold=st.lists(lines, max_size=25),
    booked=st.lists(ledger_lines, min_size=1, max_size=12, unique_by=lambda r: r[:2]),
)
def test_drivers_add_up_exactly_whatever_the_books_say(
    sold: list[tuple[Any, ...]], booked: list[tuple[Any, ...]]
) -> None:
    revenue = revenue_rows(*sold)
    pnl = pnl_rows(
        *(
            (m, *place, f"Account {place[1]}", *(Decimal(c) / 100 for c in money))
            for m, place, *money in booked
        )
    )
    for month in (next_month(MONTH, -1), MONTH):
        for comparison, column in (("budget", "budget"), ("prior", "prior_month")):
            frame = variance.explain(pnl, revenue, month=month, comparison=comparison, as_of=AS_OF)
            rows = pnl.filter(pl.col("month") == month)
            for code, actual, before in rows.select("account_code", "actual", column).iter_rows():
                found = frame.filter(pl.col("account_code") == code)["amount_base"].sum() or Decimal(0)
                assert found == actual - before
            words = variance.draft(
                frame, pnl, month=month, comparison=comparison, currency="EUR", as_of=AS_OF
            )
            for paragraph, facts in words.select("paragraph", "facts").iter_rows():
                assert variance.verify_numbers(paragraph, facts) == []


@pytest.fixture
def told() -> tuple[str, list[dict[str, Any]], pl.DataFrame, pl.DataFrame]:
    revenue = revenue_rows(
        (MONTH, "budget", "Audit 2026", None, "4000", "EUR", 12_000, 150, 1),
        (MONTH, "actual", "Audit 2026", "a", "4000", "EUR", 11_000, 155, 1),
    )
    pnl = pnl_rows(
        (MONTH, "revenue", "4000", "Fees", 1_705_000, 1_800_000, None),
        (MONTH, "direct_cost", "5000", "Freelancers", -640_250, -600_000, None),
        (MONTH, "overhead", "6000", "Office 21", -310_000, -312_500, None),
    )
    frame = variance.explain(pnl, revenue, month=MONTH, comparison="budget", as_of=AS_OF)
    words = variance.draft(frame, pnl, month=MONTH, comparison="budget", currency="EUR", as_of=AS_OF)
    return words["paragraph"][0], json.loads(words["facts"][0]), frame, pnl


def test_the_paragraph_reads_as_a_person_would_write_it(
    told: tuple[str, list[dict[str, Any]], pl.DataFrame, pl.DataFrame],
) -> None:
    assert told[0] == (
        "May 2026 closed with a profit of EUR 755 thousand, EUR 133 thousand below budget (15.0%). "
        "Revenue of EUR 1.70 million was EUR 95 thousand below budget: volume took EUR 150 thousand and "
        "price added EUR 55 thousand. "
        "Direct costs were EUR 40 thousand higher than budget: spending took EUR 90 thousand and volume "
        "added EUR 50 thousand. "
        "Overheads were EUR 2,500 lower than budget. "
        "The largest single movements were volume in Fees, Audit 2026, which cost EUR 150 thousand; and "
        "spending in Freelancers, which cost EUR 90 thousand."
    )


def test_every_fact_is_recomputed_from_the_tables_it_names(
    told: tuple[str, list[dict[str, Any]], pl.DataFrame, pl.DataFrame],
) -> None:
    _, facts, drivers, pnl = told
    tables = {"variance_driver": drivers, "pnl_comparison": pnl}
    values = {fact["name"]: fact["value"] for fact in facts}
    checked = 0
    for fact in facts:
        source = fact["source"]
        if "table" in source:
            where = [pl.col(name).eq_missing(pl.lit(value)) for name, value in source["where"].items()]
            rows = tables[source["table"]].filter(*where)
            assert Decimal(fact["value"]) == rows[source["column"]].sum()
            assert fact["text"] == written(Decimal(fact["value"]), "EUR")
            checked += 1
        elif "share" in source:
            part, whole = (Decimal(values[name]) for name in source["share"])
            assert float(fact["value"]) == pytest.approx(float(abs(part / whole)), abs=1e-6)
            checked += 1
    assert checked >= 10


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("EUR 755 thousand", "EUR 756 thousand"),
        ("EUR 755 thousand", "EUR 755 million"),
        ("15.0%", "15.1%"),
        ("EUR 1.70 million", "EUR 1.72 million"),
        ("EUR 2,500", "EUR 2,501"),
        ("May 2026", "May 2025"),
        ("price added", "price added nearly double,"),
        ("volume took", "volume, down by a third, took"),
        ("profit of", "profit, up 3k, of"),
    ],
)
def test_an_altered_number_is_refused(
    told: tuple[str, list[dict[str, Any]], pl.DataFrame, pl.DataFrame], true: str, false: str
) -> None:
    paragraph, facts, *_ = told
    assert true in paragraph
    assert variance.verify_numbers(paragraph, facts) == []
    assert len(variance.verify_numbers(paragraph.replace(true, false), facts)) == 1


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "EUR 0"),
        ("-9999.49", "EUR 9,999"),
        ("9999.50", "EUR 10 thousand"),
        ("999499.99", "EUR 999 thousand"),
        ("999500", "EUR 1.00 million"),
        ("-75123456.78", "EUR 75.12 million"),
    ],
)
def test_amounts_are_written_to_scale(amount: str, text: str) -> None:
    assert written(Decimal(amount), "EUR") == text


class Snapshot:
    def __init__(self, **frames: pl.DataFrame) -> None:
        self.frames = frames

    as_of = AS_OF

    def query(self, query: str, /, **values: object) -> pl.DataFrame:
        return self.frames[query]


def test_a_run_explains_closed_months_only() -> None:
    pnl = pnl_rows(
        (MONTH, "revenue", "4000", "Fees", 150, 1000, 900), (NEXT, "revenue", "4000", "Fees", 10, 1000, 150)
    )
    tables = variance.run(
        Snapshot(pnl_comparison=pnl, revenue_driver=revenue_rows()), as_of=AS_OF, currency="EUR"
    )
    assert set(tables["variance_driver"]["month"]) == {MONTH}
    assert sorted(tables["variance_narrative"]["comparison"]) == ["budget", "prior"]
    drivers = variance.latest_drivers(tables["variance_driver"], pnl, "budget")
    assert drivers.select("account_name", "amount_base").rows() == [("Fees", Decimal("-850.00"))]
    assert variance.latest_paragraph(tables["variance_narrative"], "budget").startswith("May 2026 closed")
    empty = variance.run(
        Snapshot(pnl_comparison=pnl.clear(), revenue_driver=revenue_rows()), as_of=AS_OF, currency="EUR"
    )
    assert all(table.is_empty() for table in empty.values())
    assert "no closed month with a budget" in variance.latest_paragraph(empty["variance_narrative"], "budget")
    assert variance.latest_drivers(empty["variance_driver"], pnl, "prior").is_empty()
