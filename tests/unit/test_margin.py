"""The split of revenue and margin against plan: what moves alone, that it always adds up."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opslayer.intelligence import margin
from opslayer.intelligence.margin import Practice, Work, month_cents
from opslayer.intelligence.margin.months import carried, planned_capacity, spread
from opslayer.intelligence.variance import verify_numbers
from opslayer.intelligence.wording import written

HOURS = pl.Decimal(18, 4)
MONTH, AS_OF = date(2026, 5, 1), date(2026, 6, 15)


def on_plan(name: str = "Strategy", price: int = 100, hours: int = 1000) -> Practice:
    """A practice whose month is its plan: half its hours on each of two clients' projects, billed at list."""
    half = Fraction(hours, 2)
    work = tuple(
        Work(party, project, half, half * price, billed=half * price)
        for party, project in (("a", "p"), ("b", "q"))
    )
    planned = Fraction(hours * price)
    return Practice(
        name=name,
        planned_hours=Fraction(hours),
        planned=planned,
        people_hours=Fraction(hours),
        usual=Fraction(1),
        capacity=Fraction(1),
        cost=-planned / 2,
        planned_cost=-planned / 2,
        work=work,
    )


def drivers_of(*practices: Practice, rest: int = 0) -> dict[tuple[str, str], int]:
    """Cents by measure and driver, the ledger saying what the practices do and `rest` cents more revenue."""
    revenue = sum((p.billed - p.planned for p in practices), Fraction(0))
    cost = sum((p.cost - p.planned_cost for p in practices), Fraction(0))
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for cell, cents in month_cents(
        practices, revenue=round(100 * revenue) + rest, cost=round(100 * cost)
    ).items():
        sums[cell.measure, cell.driver] += cents
    return {key: cents for key, cents in sums.items() if cents}


def change(practice: Practice, **first: Any) -> Practice:
    """The practice with its first project changed."""
    return replace(practice, work=(replace(practice.work[0], **first), *practice.work[1:]))


def test_a_month_that_is_its_plan_has_no_drivers() -> None:
    assert drivers_of(on_plan(), on_plan("Training", 50)) == {}


def test_a_tenth_more_people_as_busy_as_planned_are_volume_and_cost_what_the_plan_pays_for_them() -> None:
    more = replace(
        on_plan(),
        capacity=Fraction(11, 10),
        people_hours=Fraction(1100),
        cost=Fraction(-55_000),
        work=tuple(replace(w, hours=w.hours * Fraction(11, 10), value=w.value * Fraction(11, 10),
                           billed=w.billed * Fraction(11, 10)) for w in on_plan().work),
    )  # fmt: skip
    assert drivers_of(more) == {("revenue", "volume"): 1_000_000, ("cost", "volume"): -500_000}


def test_people_who_sell_more_of_their_hours_are_utilisation() -> None:
    busy = change(on_plan(), hours=Fraction(560), value=Fraction(56_000), billed=Fraction(56_000))
    assert drivers_of(replace(busy, people_hours=Fraction(1060))) == {("revenue", "utilisation"): 600_000}


def test_people_who_move_to_the_dearer_practice_are_mix() -> None:
    """A hundred hours of capacity more at 100 and a hundred less at 50, the firm's hours unchanged."""

    def scaled(practice: Practice, factor: Fraction) -> Practice:
        work = tuple(
            replace(w, hours=w.hours * factor, value=w.value * factor, billed=w.billed * factor)
            for w in practice.work
        )
        return replace(practice, capacity=factor, people_hours=practice.people_hours * factor, work=work)

    dear, cheap = scaled(on_plan(), Fraction(11, 10)), scaled(on_plan("Training", 50), Fraction(9, 10))
    found = drivers_of(dear, cheap)
    assert {key: cents for key, cents in found.items() if key[0] == "revenue"} == {
        ("revenue", "mix"): 500_000
    }


def test_dearer_people_at_the_usual_realisation_are_rate() -> None:
    senior = change(on_plan(), value=Fraction(55_000), billed=Fraction(55_000))
    assert drivers_of(senior) == {("revenue", "rate"): 500_000}


def test_a_bill_below_the_standard_value_is_realisation() -> None:
    assert drivers_of(change(on_plan(), billed=Fraction(40_000))) == {("revenue", "realisation"): -1_000_000}


def test_what_is_usually_billed_of_the_standard_value_is_no_loss() -> None:
    """Planned at 90 where the standard rate is 100, and billed at 90 as in the year before."""
    usual = replace(on_plan(), usual=Fraction(9, 10), planned=Fraction(90_000))
    usual = replace(usual, work=tuple(replace(w, billed=Fraction(45_000)) for w in usual.work))
    assert drivers_of(usual) == {}


def test_hours_beyond_a_fixed_price_that_nobody_pays_are_scope() -> None:
    over = change(on_plan(), overrun_hours=Fraction(100), billed=Fraction(40_000))
    assert drivers_of(over) == {("revenue", "scope"): -1_000_000}
    assert drivers_of(change(on_plan(), overrun_hours=Fraction(100))) == {}, "an overrun that was billed"


@pytest.mark.parametrize("moved", [-12_000, 12_000])
def test_what_was_billed_in_another_month_is_timing(moved: int) -> None:
    late = change(on_plan(), billed=Fraction(50_000 + moved), moved=Fraction(moved))
    assert drivers_of(late) == {("revenue", "timing"): 100 * moved}
    assert drivers_of(change(on_plan(), moved=Fraction(moved))) == {}, "it was billed all the same"


def test_a_weaker_currency_is_fx_and_dearer_hours_are_cost() -> None:
    weak = change(on_plan(), billed=Fraction(46_000), fx=Fraction(-4_000))
    assert drivers_of(replace(weak, cost=Fraction(-53_000))) == {
        ("revenue", "fx"): -400_000,
        ("cost", "cost"): -300_000,
    }


def test_hours_lent_between_practices_are_volume_of_the_borrower_and_no_utilisation() -> None:
    borrower = change(on_plan(), hours=Fraction(600), value=Fraction(60_000), billed=Fraction(60_000))
    assert drivers_of(borrower) == {("revenue", "volume"): 1_000_000}


def test_a_practice_without_time_and_what_the_ledger_has_beyond_are_other() -> None:
    licence = Practice(
        "Licences", Fraction(0), Fraction(500), Fraction(0), Fraction(1), None, Fraction(0), Fraction(0),
        (Work("a", None, billed=Fraction(700)),),
    )  # fmt: skip
    assert drivers_of(on_plan(), licence, rest=-7) == {("revenue", "other"): 20_000 - 7}


amounts = st.fractions(-100_000, 100_000, max_denominator=100)
positive = st.fractions(0, 5_000, max_denominator=16)
works = st.builds(
    Work,
    party=st.sampled_from(["a", "b", None]),
    project=st.sampled_from(["p", "q", "r", None]),
    hours=positive,
    value=positive.map(lambda v: v * 150),
    overrun_hours=positive,
    billed=st.integers(-(10**7), 10**8).map(lambda cents: Fraction(cents, 100)),
    fx=amounts,
    moved=amounts,
)
practices = st.builds(
    Practice,
    name=st.sampled_from(["Strategy", "Training", "Data"]),
    planned_hours=positive,
    planned=st.integers(0, 10**8).map(lambda cents: Fraction(cents, 100)),
    people_hours=positive,
    usual=st.fractions(Fraction(1, 2), 2, max_denominator=97),
    capacity=st.none() | st.fractions(0, 3, max_denominator=89),
    cost=st.integers(-(10**8), 0).map(lambda cents: Fraction(cents, 100)),
    planned_cost=st.integers(-(10**8), 0).map(lambda cents: Fraction(cents, 100)),
    work=st.lists(works, max_size=6, unique_by=lambda w: (w.party, w.project)).map(tuple),
)
months = st.lists(practices, max_size=3, unique_by=lambda p: p.name)
cents = st.integers(-(10**10), 10**10)


@settings(max_examples=150, deadline=None)
@given(month=months, revenue=cents, cost=cents)
def test_drivers_add_up_to_the_cent_whatever_the_month_was(
    month: list[Practice], revenue: int, cost: int
) -> None:
    cells = month_cents(month, revenue=revenue, cost=cost)
    assert sum(v for c, v in cells.items() if c.measure == "revenue") == revenue
    assert sum(v for c, v in cells.items() if c.measure == "cost") == cost
    for practice in month:
        mine = {c: v for c, v in cells.items() if c.practice == practice.name}
        assert sum(v for c, v in mine.items() if c.measure == "revenue") == round(
            100 * (practice.billed - practice.planned)
        )
        assert sum(v for c, v in mine.items() if c.measure == "cost") == round(
            100 * (practice.cost - practice.planned_cost)
        )


@settings(max_examples=100, deadline=None)
@given(month=months, factor=st.fractions(Fraction(1, 2), 2, max_denominator=12), data=st.data())
def test_a_price_that_moves_alone_moves_only_realisation(
    month: list[Practice], factor: Fraction, data: st.DataObject
) -> None:
    """Of work that nothing else happened to, anywhere in any month, at exact fractions."""
    from opslayer.intelligence.margin.drivers import _project

    work = data.draw(works.filter(lambda w: w.value > 0))
    plain = replace(work, moved=Fraction(0), overrun_hours=Fraction(0))
    before = dict(_project(plain, Fraction(120), Fraction(1)))
    after = dict(_project(replace(plain, billed=plain.billed * factor), Fraction(120), Fraction(1)))
    moved = {driver for driver in before if before[driver] != after[driver]}
    assert moved <= {"realisation"}


@given(total=st.integers(-(10**9), 10**9), weights=st.dictionaries(st.text(max_size=3), positive, max_size=5))
def test_costs_are_spread_to_the_cent(total: int, weights: dict[str, Fraction]) -> None:
    parts = spread(total, weights)
    assert sum(parts.values()) == (total if sum(weights.values()) else 0)


def test_only_hours_that_the_next_month_bills_are_carried() -> None:
    worked = [(10, 10), (10, 4), (10, 13), (5, 5), (8, 0), (8, 8)]
    pairs = [(Fraction(hours), Fraction(billed)) for hours, billed in worked]
    assert carried(pairs) == [0, 3, 0, 0, 0]


def test_a_plan_asks_for_the_people_of_a_year_before_grown_as_its_hours() -> None:
    plan = pl.DataFrame(
        [
            (date(2025, 5, 1), "a", Decimal(100), Decimal(1000)),
            (date(2026, 4, 1), "a", Decimal(300), Decimal(1000)),
            (date(2026, 4, 1), "b", Decimal(40), None),
            (MONTH, "a", Decimal(120), Decimal(1100)),
            (MONTH, "b", Decimal(50), None),
        ],
        schema={"month": pl.Date, "practice": pl.String, "capacity_a_day": HOURS, "planned_hours": HOURS},
        orient="row",
    )  # fmt: skip
    assert planned_capacity(plan, MONTH) == {"a": Fraction(110), "b": Fraction(40)}


# frames, as the layer gives them


def delivery_rows(*rows: dict[str, Any]) -> pl.DataFrame:
    money, hours = pl.Decimal(18, 2), pl.Decimal(18, 4)
    schema = {
        "month": pl.Date, "practice": pl.String, "party_id": pl.String, "party_name": pl.String,
        "project_id": pl.String, "project_name": pl.String, "hours": hours, "billable_hours": hours,
        "overrun_hours": hours, "list_value_base": money, "booked_value_base": money, "cost_base": money,
        "billed_hours": hours, "billed_base": money, "fx_base": money, "milestone_moved_base": money,
    }  # fmt: skip
    numbers = [name for name, kind in schema.items() if kind.is_decimal()]
    filled = [{name: Decimal(str(row.get(name, 0))) for name in numbers} | _words(row) for row in rows]
    return pl.DataFrame(filled, schema=schema)


def _words(row: dict[str, Any]) -> dict[str, Any]:
    return {
        k: row.get(k) for k in ("month", "practice", "party_id", "party_name", "project_id", "project_name")
    }


def plan_rows(*rows: tuple[Any, ...]) -> pl.DataFrame:
    names = ("capacity_a_day", "available_hours", "target_hours", "billable_hours", "capacity_cost_base",
             "planned_hours", "planned_base")  # fmt: skip
    schema = {"month": pl.Date, "practice": pl.String} | {
        name: pl.Decimal(18, 2 if name.endswith("base") else 4) for name in names
    }
    values = [(*row[:2], *(None if v is None else Decimal(str(v)) for v in row[2:])) for row in rows]
    return pl.DataFrame(values, schema=schema, orient="row")


def pnl_rows(*rows: tuple[Any, ...]) -> pl.DataFrame:
    money = pl.Decimal(18, 2)
    schema = {
        "month": pl.Date,
        "section": pl.String,
        "account_code": pl.String,
        "actual": money,
        "budget": money,
    }
    values = [(*row[:3], *(None if v is None else Decimal(str(v)) for v in row[3:])) for row in rows]
    return pl.DataFrame(values, schema=schema, orient="row")


class Snapshot:
    as_of = AS_OF

    def __init__(self, **frames: pl.DataFrame) -> None:
        self.frames = frames

    def query(self, query: str, /, **values: object) -> pl.DataFrame:
        return self.frames[query]


@pytest.fixture
def told() -> dict[str, pl.DataFrame]:
    """May: Strategy sold 1,100 hours of 1,000 planned, and Acme 2026 paid a fifth less for its half."""
    year_before = date(2025, 5, 1)
    worked = dict.fromkeys(("billable_hours", "hours", "billed_hours"), 550)
    work = {"month": MONTH, "practice": "Strategy", "list_value_base": 55_000, **worked}
    delivery = delivery_rows(
        {"month": year_before, "practice": "Strategy", "list_value_base": 1000, "billed_base": 1000},
        {"party_id": "a", "party_name": "Acme 2026", "project_id": "p", "billed_base": 44_000, **work},
        {"party_id": "z", "party_name": "Zeus", "project_id": "q", "billed_base": 55_000, **work},
    )
    plan = plan_rows(
        (year_before, "Strategy", 100, 2000, 1200, 1100, 50_000, 1000, 100_000),
        (MONTH, "Strategy", 100, 2000, 1200, 1100, 50_000, 1000, 100_000),
    )
    pnl = pnl_rows(
        (MONTH, "revenue", "4000", 98_990, 100_000),
        (MONTH, "direct_cost", "5000", -62_000, -60_000),
        (MONTH, "overhead", "6000", -9_000, -10_000),
        (date(2026, 6, 1), "revenue", "4000", 5, 100_000),
    )
    layer = Snapshot(delivery_month=delivery, practice_month=plan, pnl_comparison=pnl)
    return {**margin.run(layer, as_of=AS_OF, currency="EUR"), "pnl_comparison": pnl}


def test_a_run_explains_closed_months_to_the_cent(told: dict[str, pl.DataFrame]) -> None:
    drivers = told["margin_driver"]
    assert drivers["month"].unique().to_list() == [MONTH]
    table = margin.by_driver(drivers)
    assert dict(table.select("driver", "revenue").iter_rows()) == {
        "utilisation": Decimal(10_000),
        "realisation": Decimal(-11_000),
        "cost": Decimal(0),
        "other": Decimal(-10),
    }
    assert (table["revenue"].sum(), table["margin"].sum()) == (Decimal(-1_010), Decimal(-3_010))
    assert margin.by_practice(drivers)["practice"].to_list() == ["Strategy", margin.NOT_A_PRACTICE, "All"]
    assert margin.by_practice(drivers)["margin_base"].to_list() == [
        Decimal(-3_000),
        Decimal(-10),
        Decimal(-3_010),
    ]
    assert margin.largest(drivers).rows() == [("Acme 2026", Decimal(-11_000), "realisation")]


def test_the_paragraph_reads_as_a_person_would_write_it(told: dict[str, pl.DataFrame]) -> None:
    assert margin.paragraph(told["margin_narrative"]) == (
        "May 2026 brought revenue of EUR 99 thousand, EUR 1,010 below plan, and a margin after direct costs "
        "of EUR 37 thousand, EUR 3,010 below plan. "
        "Of revenue, realisation took EUR 11 thousand and utilisation added EUR 10 thousand. "
        "Of direct costs, spending above their plan cost EUR 2,000. "
        "Rates, realisation, scope, timing and exchange moved it most at Acme 2026 (EUR 11 thousand less)."
    )


def test_every_number_of_every_paragraph_is_a_cell_of_the_tables(told: dict[str, pl.DataFrame]) -> None:
    checked = 0
    for paragraph, listed in told["margin_narrative"].select("paragraph", "facts").iter_rows():
        facts = json.loads(listed)
        assert verify_numbers(paragraph, facts) == []
        for fact in facts:
            if "table" not in fact["source"]:
                continue
            rows = told[fact["source"]["table"]].filter(pl.col("month") == MONTH)
            for name, value in fact["source"]["where"].items():
                rows = rows.filter(pl.col(name).is_in(value if isinstance(value, list) else [value]))
            assert Decimal(fact["value"]) == rows[fact["source"]["column"]].sum()
            assert fact["text"] == written(Decimal(fact["value"]), "EUR")
            checked += 1
        for fact in facts:  # a number that is changed is refused
            if "table" in fact["source"] and fact["text"] in paragraph:
                assert verify_numbers(paragraph.replace(fact["text"], "EUR 123,456"), facts) != []
    assert checked >= 10


def test_a_firm_that_keeps_no_time_or_has_no_plan_is_told_so(told: dict[str, pl.DataFrame]) -> None:
    layer = Snapshot(
        delivery_month=delivery_rows(), practice_month=plan_rows(), pnl_comparison=told["pnl_comparison"]
    )
    tables = margin.run(layer, as_of=AS_OF, currency="EUR")
    assert all(table.is_empty() for table in tables.values())
    assert margin.paragraph(tables["margin_narrative"]).startswith("No closed month has both")
    assert margin.by_practice(tables["margin_driver"]).is_empty()
    assert margin.largest(tables["margin_driver"]).is_empty()


def test_the_month_whose_driver_is_like_in_no_other_is_named() -> None:
    schema = {"month": pl.Date, "measure": pl.String, "driver": pl.String, "amount_base": pl.Decimal(18, 2)}
    rows = [
        (date(2026, n, 1), "revenue", driver, Decimal(amount + 100 * n))
        for n in range(1, 10)
        for driver, amount in (("rate", 1_000), ("fx", 0), ("volume", 5_000 * (n * 7 % 9 - 4)))
    ]
    bent = [(m, k, d, a - 9_000 if (d, m.month) == ("fx", 4) else a) for m, k, d, a in rows]
    drivers = pl.DataFrame(bent, schema=schema, orient="row")
    pnl = pnl_rows(*((date(2026, n, 1), "revenue", "4000", 0, 100_000) for n in range(1, 10)))
    found = margin.unusual_months(drivers, pnl, currency="EUR", as_of=AS_OF)
    assert found.select("month", "driver").rows() == [(date(2026, 4, 1), "fx")]
    assert found["reasons"][0] == "exchange rates took EUR 8,600, where EUR 400 gained is usual around it"
    few = drivers.filter(pl.col("month") < date(2026, 6, 1))
    assert margin.unusual_months(few, pnl, currency="EUR", as_of=AS_OF).is_empty()
