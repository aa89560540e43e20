"""The chain: cells that add up exactly, and a change that moves what it must and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opslayer.errors import UsageError
from opslayer.intelligence import chain, price, revenue
from opslayer.intelligence.chain.cells import months_from
from tests.unit.test_demand import AS_OF, deals, need, people, roles, work
from tests.unit.test_price import RATES, history
from tests.unit.test_revenue import empty, taught

PAID = pl.DataFrame(
    {
        "invoice_id": [f"i{n}" for n in range(40)],
        "party_id": ["c1"] * 40,
        "issued_on": [date(2026, 1, 5)] * 40,
        "due_on": [date(2026, 2, 4)] * 40,
        "paid_on": [date(2026, 2, 4) + timedelta(n % 20) for n in range(40)],
        "currency": ["EUR"] * 40,
        "total_base": [100.0] * 40,
        "days_to_pay": [30 + n % 20 for n in range(40)],
        "days_late": [n % 20 for n in range(40)],
    }
)


QUARTERS = [(date(2026, 10, 1), date(2027, 1, 1)), (date(2027, 1, 1), date(2027, 4, 1))]
ENDS: tuple[chain.Outcome, ...] = ("won", "lost", "moved")
CASH = pl.DataFrame(
    {
        "as_of": [AS_OF] * 13,
        "week_start": [AS_OF + timedelta(7 * week + 1) for week in range(13)],
        "expected_base": [Decimal(1000 + week) for week in range(13)],
    },
    schema_overrides={"expected_base": pl.Decimal(18, 2)},
)


def inputs(*rows: dict[str, Any], needed: pl.DataFrame | None = None) -> chain.Inputs:
    open_deals = deals(*(rows or ({},)))
    each = roles(*((key, "Consultant", 400.0) for key in open_deals["opportunity_id"]))
    return chain.Inputs(
        as_of=AS_OF, seed=0, open_deals=open_deals, deal_roles=each if needed is None else needed,
        staffing_work=work({}), staffing_people=people(), practice_rates=RATES, payment_history=PAID,
        cash_forecast=CASH, need=need({}), effect=price.learn(history(4.0)),
        sources=revenue.only(revenue.teach(empty(), AS_OF), open_deals),
    )  # fmt: skip


def sums(frame: pl.DataFrame, column: str = "value") -> dict[str, Decimal]:
    return dict(frame.group_by("step").agg(pl.col(column).sum()).iter_rows())


def test_cells_add_up_to_expected_amount_hours_and_margin_to_the_cent() -> None:
    odd = {"amount_base": 60000.01, "win_probability": 1 / 3, "start_lag": 5, "weeks": 7}
    found = sums(chain.compute(inputs(odd)).cells)
    assert found["revenue"] == found["cash"]
    assert abs(found["revenue"] - 20000) <= Decimal("0.07")  # cents of seven months are rounded one by one
    assert found["demand"] == Decimal("133.33")
    assert abs(found["margin"] - (found["revenue"] - 8000)) <= Decimal("0.05")


def test_revenue_is_what_the_quarters_forecast_has_for_the_deal_to_the_cent() -> None:
    sources = taught()
    open_deals = sources.outlook.deals.select("opportunity_id", "name", "party_id", "amount_base").join(
        deals({}).drop("opportunity_id", "name", "party_id", "amount_base"), how="cross"
    ).with_columns(win_probability=pl.Series(sources.outlook.probability))  # fmt: skip
    whole = replace(
        inputs(),
        open_deals=open_deals.with_columns(pl.col("amount_base").cast(pl.Float64)),
        deal_roles=roles(),
        sources=sources,
    )
    key = revenue.expected_items(sources, AS_OF, date(2027, 4, 1)).filter(component="pipeline")["key"][0]
    for changed in (whole, *(chain.changed(whole, chain.Change(key, end, 3)) for end in ENDS)):
        cells = chain.compute(changed).cells.filter(pl.col("step") == "revenue", ~pl.col("is_later"))
        forecast = revenue.forecast(changed.sources, paths=20).filter(component="pipeline")
        for first, until in QUARTERS:
            inside = cells.filter((pl.col("starts_on") >= first) & (pl.col("starts_on") < until))
            items = revenue.expected_items(changed.sources, first, until).filter(component="pipeline")
            each = items.select("key", value=pl.col("first_week_base") + pl.col("rest_base")).sort("key")
            assert inside.group_by(key="opportunity_id").agg(pl.col("value").sum()).sort("key").equals(each)
            quarter = forecast.filter(period="quarter", period_start=first)
            assert quarter["expected_base"][0] == inside["value"].sum()
        months = forecast.filter(period="month").select("period_start", "expected_base")
        sums = cells.group_by(period_start="starts_on").agg(pl.col("value").sum())
        tied = months.join(sums, on="period_start", how="left").with_columns(pl.col("value").fill_null(0))
        assert tied["expected_base"].to_list() == tied["value"].to_list()


def test_revenue_is_paid_as_late_as_the_client_pays_and_joins_the_cash_of_open_invoices() -> None:
    given_ = inputs({"win_probability": 1.0})  # won today: half a month of it falls into December
    before = chain.compute(given_)
    cash = before.cells.filter(step="cash")
    # invoiced on 30 November at the earliest, due on 30 December, and some of it as others pay
    assert cash["starts_on"].min() >= date(2026, 12, 1)
    due = before.cells.filter(step="revenue", starts_on=date(2026, 12, 1))["value"][0]
    by_february = cash.filter(pl.col("starts_on") < date(2027, 2, 16), ~pl.col("is_later"))["value"].sum()
    assert 0.6 * float(due) < float(by_february) <= float(due) * 1.1
    after = chain.compute(chain.changed(given_, chain.Change("d1", "lost")))
    weeks = chain.cash_weeks(before, after, given_)
    assert weeks["after_base"].to_list() == CASH["expected_base"].to_list()
    moved = chain.moves(before, after).filter(pl.col("step") == "cash", ~pl.col("is_later"))["moved"].sum()
    assert (weeks["after_base"] - weeks["before_base"]).sum() == moved
    none = chain.cash_weeks(before, after, replace(given_, cash_forecast=CASH.clear()))
    assert none["before_base"].null_count() == 13


def test_months_run_over_the_turn_of_the_year() -> None:
    firsts = months_from(date(2026, 11, 16), 3)
    assert [day.isoformat() for day in firsts] == ["2026-11-01", "2026-12-01", "2027-01-01", "2027-02-01"]


def test_a_deal_without_roles_amount_or_lag_keeps_the_chain_whole() -> None:
    bare = {"amount_base": None, "weeks": None, "start_lag": None, "practice": None, "party_id": None}
    found = chain.compute(inputs(bare, {"opportunity_id": "d2"}, needed=roles()))
    assert set(found.cells["opportunity_id"]) == {"d1", "d2"}
    assert found.cells.filter(opportunity_id="d1")["step"].to_list() == ["win"]
    assert abs(sums(found.cells)["revenue"] - 30000) <= Decimal("0.07")


@given(
    outcome=st.sampled_from(["won", "lost", "moved"]),
    weeks=st.integers(-6, 20),
    chance=st.floats(0.01, 0.99),
    amount=st.integers(1, 10_000_000),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_moves_in_the_firm_is_what_moves_in_the_deal(
    outcome: chain.Outcome, weeks: int, chance: float, amount: int
) -> None:
    """The sum of the moved cells is the difference of the totals, cell by cell and exactly."""
    one = {"win_probability": chance, "amount_base": amount / 100, "weeks": 5}
    given_ = inputs(one, {"opportunity_id": "d2", "win_probability": 0.4})
    before = chain.compute(given_)
    after = chain.compute(chain.changed(given_, chain.Change("d1", outcome, weeks)))
    firm, deal = chain.moves(before, after), chain.walk(before, after, "d1")
    columns = ["step", "label", "starts_on", "is_later", "moved"]
    of_deals = ["demand", "revenue", "margin", "cash"]
    moved = deal.filter(pl.col("moved") != 0, pl.col("step").is_in(of_deals)).select(columns)
    assert (
        firm.filter(pl.col("step").is_in(of_deals)).select(columns).sort(columns).equals(moved.sort(columns))
    )
    difference = {
        step: sums(after.cells)[step] - sums(before.cells)[step]
        for step in of_deals
        if step in sums(after.cells)
    }
    for step, value in difference.items():
        assert sums(firm, "moved").get(step, Decimal(0)) == value
    # the other deal has not moved
    assert after.cells.filter(opportunity_id="d2").equals(before.cells.filter(opportunity_id="d2"))


def test_when_people_are_needed_and_when_money_comes_is_told_with_the_reason() -> None:
    given_ = inputs({"win_probability": 1.0, "start_lag": 7, "weeks": 4})
    before = chain.compute(given_)
    told = chain.timing(chain.walk(before, before, "d1"))
    # closed today, begun on 23 November, four weeks: half of it is done at the end of the second
    assert told.startswith(
        "Half of its hours are needed by the end of the week of 30 November 2026, half of its"
    )
    revenue_ = before.cells.filter(step="revenue").sort("starts_on")
    running = revenue_["value"].cast(pl.Float64).cum_sum()
    month = revenue_["starts_on"][int((running >= running[-1] / 2).arg_max() or 0)]
    assert f"comes by 31 {month:%B %Y}" in told
    assert "on purpose" in told
    lost = chain.compute(chain.changed(given_, chain.Change("d1", "lost")))
    assert chain.timing(chain.walk(before, lost, "d1")) == told, "a lost deal is told as it was"
    bare = chain.compute(inputs({"amount_base": None}, needed=roles()))
    assert chain.timing(chain.walk(bare, bare, "d1")) == ""


def test_a_lost_deal_frees_people_and_a_won_one_takes_them() -> None:
    given_ = inputs({}, {"opportunity_id": "d2", "win_probability": 0.6})
    before = chain.compute(given_)
    lost = chain.compute(chain.changed(given_, chain.Change("d1", "lost")))
    won = chain.compute(chain.changed(given_, chain.Change("d1", "won")))
    short = [side.balance["shortage_hours"].sum() for side in (lost, before, won)]
    assert short == sorted(short)
    assert short[0] < short[1] < short[2]
    displaced = [side.prices.filter(opportunity_id="d2")["displaced_base"][0] for side in (lost, before, won)]
    assert displaced[0] < displaced[1] < displaced[2]
    assert "d1" not in lost.prices["opportunity_id"]


def test_a_deal_moved_by_no_weeks_moves_nothing() -> None:
    given_ = inputs()
    before = chain.compute(given_)
    after = chain.compute(chain.changed(given_, chain.Change("d1", "moved", 0)))
    assert chain.moves(before, after).is_empty()


def test_a_deal_that_is_not_open_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="d1"):
        chain.changed(inputs(), chain.Change("d0", "lost"))


def before_of(given_: chain.Inputs, outcome: str | None = None, **changes: Any) -> pl.DataFrame:
    return given_.open_deals.with_columns(
        **{name: pl.lit(value) for name, value in changes.items()}, outcome=pl.lit(outcome, pl.String)
    )


def test_a_stage_change_is_told_from_the_stage_to_the_cash_of_a_week() -> None:
    given_ = inputs({"win_probability": 0.5, "stage": "proposal"})
    moved = chain.chain_move(before_of(given_, stage="qualified", win_probability=0.2), given_)
    assert moved.select("stage_before", "stage_after").unique().rows() == [("qualified", "proposal")]
    found = sums(moved, "moved")
    assert (found["win"], found["demand"]) == (Decimal("0.30"), Decimal("120.00"))
    assert found["revenue"] == found["cash"]
    assert abs(found["revenue"] - 18000) <= Decimal("0.14")
    assert abs(found["margin"] - 10800) <= Decimal("0.14")
    # after is what the chain has for the deal
    cells = chain.compute(given_).cells.filter(step="revenue")["value"]
    assert moved.filter(step="revenue")["after"].sum() == cells.sum()
    assert moved["reasons"].str.contains("stage proposal").all()


def test_a_deal_that_stayed_is_not_told_and_one_that_ended_is() -> None:
    given_ = inputs({"win_probability": 0.5})
    assert chain.chain_move(before_of(given_), given_).is_empty()
    none = replace(given_, open_deals=given_.open_deals.clear())
    lost = chain.chain_move(before_of(given_, "lost"), none)
    assert abs(sums(lost, "moved")["cash"] + 30000) <= Decimal("0.07")
    assert lost["stage_after"].unique().to_list() == ["lost"]
    won = chain.chain_move(before_of(given_, "won"), none)
    assert abs(sums(won, "moved")["cash"] - 30000) <= Decimal("0.14")
