"""Three demo firms: no change beyond a gap or a calendar, and shortage where demand is raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from opslayer.intelligence import chain, staffing
from opslayer.warehouse import Layer, open_layer
from tests.planted import Planted

SEEDS = [1, 2, 3]
DEALS = """
select opportunity_id, name, party_id, '' as party_name, practice, stage, amount_base, 0.4 as win_probability,
    expected_close_on as close_earliest, expected_close_on as close_on, expected_close_on as close_latest,
    cast(starts_on - expected_close_on as integer) as start_lag, weeks, channel
from core.opportunity
where outcome = 'open'
order by opportunity_id
"""
ROLES = """
select opportunity_id, role, sum(hours) as hours, 'sold' as basis
from core.opportunity_role
where opportunity_id in (select opportunity_id from core.opportunity where outcome = 'open')
group by opportunity_id, role
"""


@dataclass(frozen=True)
class EvenOdds:
    """The snapshot, with every open deal at the same odds and decided when its owner says."""

    layer: Layer

    @property
    def as_of(self) -> date:
        return self.layer.as_of

    def query(self, query: str, /, **values: Any) -> pl.DataFrame:
        return self.layer.query({"forecast_deals": DEALS, "deal_roles": ROLES}.get(query, query), **values)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_change_goes_beyond_a_gap_or_a_calendar(seed: int, planted: Callable[[int], Planted]) -> None:
    with open_layer(planted(seed).firm) as layer:
        tables = staffing.run(layer, as_of=layer.as_of)
        people = layer.query("staffing_people")
        skills = layer.query("skills")
    need, change = tables["staffing_need"], tables["staffing_change"]
    assert need["gap_hours"].sum() > 0
    assert 0 < change["change_id"].n_unique() <= staffing.CHANGES
    cell = ["project_id", "role", "week_start"]
    filled = change.group_by(cell).agg(pl.col("hours").sum()).join(need, on=cell)
    assert (filled["hours"] <= filled["gap_hours"]).all()
    own = change.filter(taken_from="free time").group_by("person_id", "week_start").agg(pl.col("hours").sum())
    held = own.join(people, on=["person_id", "week_start"], how="left")
    assert (held["hours"] <= held["free_hours"].cast(pl.Float64)).all()
    taken = (
        change.filter(pl.col("taken_from") != "free time")
        .group_by("taken_from", "week_start")
        .agg(pl.col("hours").sum())
    )
    spare = need.group_by(pl.col("project_id").alias("taken_from"), "week_start").agg(
        pl.col("surplus_hours").sum()
    )
    assert (
        (
            taken.join(spare, on=["taken_from", "week_start"]).select(
                pl.col("hours") <= pl.col("surplus_hours")
            )
        )
        .to_series()
        .all()
    )
    # a newcomer is of the project's practice and works in one of its skills alone
    new = change.filter("is_new_to_project").join(
        need.select("project_id", "practice").unique(), on="project_id"
    )
    home = people.select("person_id", pl.col("practice").alias("home")).unique()
    assert (new.join(home, on="person_id").select(pl.col("home") == pl.col("practice"))).to_series().all()
    able = set(skills.filter(pl.col("level") >= 3)["person_id"])
    assert set(new["person_id"]) <= able


@pytest.mark.parametrize("seed", SEEDS)
def test_shortage_is_found_where_demand_is_raised_and_nowhere_else(
    seed: int, planted: Callable[[int], Planted]
) -> None:
    with open_layer(planted(seed).firm) as layer:
        inputs = chain.gather(EvenOdds(layer), as_of=layer.as_of)
    before = chain.compute(inputs)
    raised = inputs.open_deals.filter(practice="Strategy")["opportunity_id"]
    assert len(raised) > 0
    hours = pl.when(pl.col("opportunity_id").is_in(raised)).then(40).otherwise(1) * pl.col("hours")
    after = chain.compute(replace(inputs, deal_roles=inputs.deal_roles.with_columns(hours=hours)))
    here, there = (pl.col("practice") == "Strategy"), (pl.col("practice") != "Strategy")
    assert after.balance.filter(there).equals(before.balance.filter(there))
    last = after.balance["week_start"].max()
    short = after.balance.filter(here, pl.col("week_start") == last)
    calm = before.balance.filter(here, pl.col("week_start") == last)
    assert short["shortage_hours"].sum() > calm["shortage_hours"].sum() + 100
    assert short["probability_short"].min() > 0.5
    assert short["bench_hours"].sum() < calm["bench_hours"].sum()


def test_the_chain_of_a_whole_firm_adds_up(planted: Callable[[int], Planted]) -> None:
    with open_layer(planted(1).firm) as layer:
        inputs = chain.gather(EvenOdds(layer), as_of=layer.as_of)
    before = chain.compute(inputs)
    deal = inputs.open_deals.sort("amount_base", descending=True)["opportunity_id"][0]
    after = chain.compute(chain.changed(inputs, chain.Change(deal, "won")))
    moved = chain.moves(before, after)
    for step in ("revenue", "margin", "cash", "demand"):
        totals = [side.cells.filter(step=step)["value"].sum() for side in (before, after)]
        assert moved.filter(step=step)["moved"].sum() == totals[1] - totals[0]
    revenue, cash = (moved.filter(step=step)["moved"].sum() for step in ("revenue", "cash"))
    assert revenue == cash
