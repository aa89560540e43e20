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
from opslayer.intelligence import chain, price
from opslayer.intelligence.chain.cells import months_from
from tests.unit.test_demand import AS_OF, deals, need, people, roles, work
from tests.unit.test_price import RATES, history

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


def inputs(*rows: dict[str, Any], needed: pl.DataFrame | None = None) -> chain.Inputs:
    open_deals = deals(*(rows or ({},)))
    each = roles(*((key, "Consultant", 400.0) for key in open_deals["opportunity_id"]))
    return chain.Inputs(
        as_of=AS_OF, seed=0, open_deals=open_deals, deal_roles=each if needed is None else needed,
        staffing_work=work({}), staffing_people=people(), practice_rates=RATES, payment_history=PAID,
        need=need({}), effect=price.learn(history(4.0)),
    )  # fmt: skip


def sums(frame: pl.DataFrame, column: str = "value") -> dict[str, Decimal]:
    return dict(frame.group_by("step").agg(pl.col(column).sum()).iter_rows())


def test_cells_add_up_to_expected_amount_hours_and_margin_to_the_cent() -> None:
    odd = {"amount_base": 60000.01, "win_probability": 1 / 3, "start_lag": 5, "weeks": 7}
    found = sums(chain.compute(inputs(odd)).cells)
    assert found["revenue"] == found["cash"] == Decimal("20000.00")
    assert found["demand"] == Decimal("133.33")
    assert found["margin"] == Decimal("20000.00") - Decimal("8000.00")


def test_work_is_invoiced_at_the_end_of_its_month_and_paid_as_late_as_the_client_pays() -> None:
    sure = {"win_probability": 1.0, "weeks": 2, "start_lag": 0}  # until 30 November
    cells = chain.compute(inputs(sure)).cells
    assert cells.filter(step="revenue").select("starts_on", "value").rows() == [
        (date(2026, 11, 1), Decimal("60000.00"))
    ]
    cash = cells.filter(step="cash")
    # due on 30 December, paid 0 to 19 days late, and some of it as others pay
    assert cash["starts_on"].min() >= date(2026, 12, 1)
    on_time = cash.filter(pl.col("starts_on").is_between(date(2026, 12, 28), date(2027, 1, 20)))
    assert float(on_time["value"].sum()) > 0.6 * 60000


def test_months_run_over_the_turn_of_the_year() -> None:
    firsts = months_from(date(2026, 11, 16), 3)
    assert [day.isoformat() for day in firsts] == ["2026-11-01", "2026-12-01", "2027-01-01", "2027-02-01"]


def test_a_deal_without_roles_amount_or_lag_keeps_the_chain_whole() -> None:
    bare = {"amount_base": None, "weeks": None, "start_lag": None, "practice": None, "party_id": None}
    found = chain.compute(inputs(bare, {"opportunity_id": "d2"}, needed=roles()))
    assert set(found.cells["opportunity_id"]) == {"d1", "d2"}
    assert found.cells.filter(opportunity_id="d1")["step"].to_list() == ["win"]
    assert sums(found.cells)["revenue"] == Decimal("30000.00")


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
    assert sums(moved, "moved") == {
        "win": Decimal("0.30"),
        "demand": Decimal("120.00"),
        "revenue": Decimal("18000.00"),
        "margin": Decimal("10800.00"),
        "cash": Decimal("18000.00"),
    }
    assert moved["reasons"].str.contains("stage proposal").all()


def test_a_deal_that_stayed_is_not_told_and_one_that_ended_is() -> None:
    given_ = inputs({"win_probability": 0.5})
    assert chain.chain_move(before_of(given_), given_).is_empty()
    none = replace(given_, open_deals=given_.open_deals.clear())
    lost = chain.chain_move(before_of(given_, "lost"), none)
    assert sums(lost, "moved")["cash"] == Decimal("-30000.00")
    assert lost["stage_after"].unique().to_list() == ["lost"]
    won = chain.chain_move(before_of(given_, "won"), none)
    assert sums(won, "moved")["cash"] == Decimal("30000.00")
