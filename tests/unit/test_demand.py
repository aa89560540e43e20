"""Demand: what open deals ask for, week by week, and where that meets too few people or too many."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opslayer.intelligence import demand

AS_OF = date(2026, 11, 16)  # a Monday
DEAL = {
    "opportunity_id": "d1", "name": "Data for C1", "party_id": "c1", "party_name": "C1", "practice": "Data",
    "stage": "proposal", "amount_base": 60000.0, "win_probability": 0.5, "close_earliest": AS_OF,
    "close_on": AS_OF, "close_latest": AS_OF, "start_lag": 0, "weeks": 4, "channel": "referral",
}  # fmt: skip
PERSON = {
    "person_id": "p1", "name": "P", "practice": "Data", "role": "Consultant", "week_start": AS_OF,
    "available_hours": 100.0, "assigned_hours": 0.0, "free_hours": 100.0, "utilisation_target": 0.5,
    "cost_rate_base": 50.0, "bill_rate_base": 150.0,
}  # fmt: skip
NEED = {
    "project_id": "j1", "practice": "Data", "role": "Consultant", "week_start": AS_OF, "need_hours": 30.0,
}  # fmt: skip
WORK = {"project_id": "j1", "hours_to_date": 100.0, "lower_80": 120.0, "upper_80": 180.0}


def deals(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([DEAL | row for row in rows], schema=pl.DataFrame([DEAL]).schema)


def roles(*rows: tuple[str, str, float]) -> pl.DataFrame:
    schema = {"opportunity_id": pl.String, "role": pl.String, "hours": pl.Float64}
    return pl.DataFrame(list(rows), schema=schema, orient="row").with_columns(basis=pl.lit("sold"))


def people(weeks: int = demand.WEEKS, **changes: Any) -> pl.DataFrame:
    rows = [PERSON | {"week_start": AS_OF + timedelta(weeks=week)} | changes for week in range(weeks)]
    return pl.DataFrame(rows, schema=pl.DataFrame([PERSON]).schema)


def need(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([NEED | row for row in rows], schema=pl.DataFrame([NEED]).schema)


def work(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([WORK | row for row in rows], schema=pl.DataFrame([WORK]).schema)


def known(open_deals: pl.DataFrame, needed: pl.DataFrame) -> demand.Deals:
    return demand.deals_of(open_deals, needed, as_of=AS_OF)


WEEKS = demand.weeks_from(AS_OF, 4)


def test_the_hours_of_a_deal_lie_evenly_from_its_start_and_count_by_its_chance() -> None:
    found = known(deals({"start_lag": 7}), roles(("d1", "Consultant", 400.0)))
    assert found.expected(WEEKS)[0].tolist() == pytest.approx([0.0, 0.125, 0.125, 0.125, 0.125])


def test_the_close_is_spread_over_its_three_quantiles() -> None:
    late = {"close_earliest": AS_OF, "close_on": AS_OF + timedelta(7), "close_latest": AS_OF + timedelta(28)}
    found = known(deals(late | {"weeks": 1, "win_probability": 1.0}), roles(("d1", "Consultant", 40.0)))
    assert found.expected(WEEKS)[0].tolist() == pytest.approx([0.3, 0.4, 0.0, 0.0, 0.3])


def test_a_close_in_the_past_is_taken_for_today() -> None:
    past = dict.fromkeys(("close_earliest", "close_on", "close_latest"), date(2026, 9, 1))
    found = known(deals(past), roles(("d1", "Consultant", 40.0)))
    assert found.start[0].tolist() == [0.0, 0.0, 0.0]
    assert found.expected(WEEKS)[0].sum() == pytest.approx(0.5)


def test_a_deal_without_roles_or_weeks_asks_for_no_hours_and_still_has_a_length() -> None:
    found = known(deals({"weeks": None, "start_lag": None}), roles())
    assert found.hours.shape == (1, 0)
    assert found.length.tolist() == [14.0]
    assert found.start[0].tolist() == [14.0] * 3


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=12),
    st.integers(0, 10_000_000),
    st.floats(0, 1),
)
def test_whole_cells_add_up_to_the_rounded_total(parts: list[float], total: int, chance: float) -> None:
    share = np.array(parts) / max(sum(parts), 1e-9) * chance
    cells = demand.whole(share[None, :], np.array([float(total)]))
    assert cells.sum() == pytest.approx(share.sum() * total, abs=0.501)
    assert (np.abs(cells - share * total) <= 1.001).all()


def balance(found: demand.Deals, *, needed: pl.DataFrame | None = None, **changes: Any) -> pl.DataFrame:
    asked = need({}) if needed is None else needed
    return demand.capacity_balance(people(**changes), asked, work({}), found, as_of=AS_OF)


def test_demand_above_what_is_meant_to_be_billed_is_a_shortage_and_the_rest_a_bench() -> None:
    found = known(deals({"win_probability": 1.0}), roles(("d1", "Consultant", 400.0)))
    table = balance(found)
    first, last = table.row(0, named=True), table.row(12, named=True)
    assert (first["capacity_hours"], first["project_hours"], first["pipeline_hours"]) == (50.0, 30.0, 100.0)
    assert first["probability_short"] == 1.0
    assert first["shortage_hours"] == pytest.approx(80, rel=0.1)
    assert (last["demand_hours"], last["bench_hours"], last["probability_short"]) == (0.0, 50.0, 0.0)
    assert "Data for C1, 100" in first["reasons"]


def test_a_deal_at_even_odds_is_short_half_of_the_time() -> None:
    found = known(deals({}), roles(("d1", "Consultant", 400.0)))
    table = balance(found, needed=need().clear())
    assert table["probability_short"][0] == pytest.approx(0.5, abs=0.06)
    assert table["pipeline_hours"][0] == pytest.approx(50.0)


def test_a_role_nobody_has_is_short_and_a_person_nobody_wants_is_on_the_bench() -> None:
    found = known(deals({"win_probability": 1.0}), roles(("d1", "Seer", 40.0)))
    table = balance(found, needed=need().clear())
    seer = table.filter(role="Seer")
    assert seer["capacity_hours"].sum() == 0
    assert seer["shortage_hours"].sum() == pytest.approx(40.0)
    assert table.filter(role="Consultant")["bench_hours"].to_list() == [50.0] * demand.WEEKS


def test_the_same_seed_gives_the_same_and_one_deal_leaves_the_draws_of_others_alone() -> None:
    needed = roles(("d1", "Consultant", 400.0), ("d2", "Analyst", 400.0))
    both = deals({}, {"opportunity_id": "d2", "name": "Other"})
    one = balance(known(both, needed))
    assert one.equals(balance(known(both.reverse(), needed)))
    lost = both.with_columns(
        win_probability=pl.when(pl.col("opportunity_id") == "d1").then(0.0).otherwise("win_probability")
    )
    other = balance(known(lost, needed))
    assert other.filter(role="Analyst").equals(one.filter(role="Analyst"))
    assert not other.filter(role="Consultant").equals(one.filter(role="Consultant"))


def test_an_empty_firm_has_no_balance_and_says_so() -> None:
    found = known(deals().clear(), roles())
    table = demand.capacity_balance(people().clear(), need().clear(), work().clear(), found, as_of=AS_OF)
    assert table.is_empty()
    assert "Nobody's availability" in demand.headline(table)
