"""Revenue: sums that add up to the cent, draws that are each deal's own, nothing seen ahead, nothing lost."""

from __future__ import annotations

import time
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opslayer.errors import UsageError
from opslayer.intelligence import revenue
from opslayer.intelligence.revenue import season
from opslayer.intelligence.revenue.forecast import MODEL, SCHEMA
from opslayer.intelligence.revenue.silence import discoveries
from opslayer.intelligence.revenue.simulation import simulate
from tests.unit.test_win import HISTORY, history, span

AS_OF = date(2026, 11, 16)
FIRST = date(2024, 1, 1)
WON = date(2026, 11, 3)
TEXTS = ("project_id", "name", "party_id", "party_name", "practice", "billing", "opportunity_id")
PROJECTS = pl.Schema(
    dict.fromkeys(TEXTS, pl.String())
    | {"budget_amount_base": pl.Decimal(18, 2)}
    | dict.fromkeys(("starts_on", "due_on", "ended_on"), pl.Date())
)  # fmt: skip
WORK = pl.Schema({"project_id": pl.String(), "week_start": pl.Date(), "value_base": pl.Decimal(18, 2)})
REVENUE = pl.Schema({"day": pl.Date(), "party_id": pl.String(), "amount_base": pl.Decimal(18, 2)})


@cache
def firm(seed: int = 1, deals: int = 500) -> revenue.Inputs:
    """Deals of three years; won ones start two weeks later and run for ten, invoiced each Friday."""
    chance = np.random.default_rng(seed)
    spans, projects, work, invoices = [], [], [], []
    for number in range(deals):
        created = FIRST - timedelta(days=60) + timedelta(days=int(chance.integers(0, 1080)))
        if created > AS_OF:
            continue
        name, party = f"o{number:04d}", f"c{number % 20:02d}"
        closed = created + timedelta(days=int(chance.integers(14, 70)))
        amount, won = round(float(chance.lognormal(9, 0.5)), 2), bool(chance.random() < 0.5)
        facts: dict[str, Any] = {"party_id": party, "party_name": party, "amount_base": amount}
        if closed <= AS_OF:
            facts |= {"outcome": "won" if won else "lost", "closed_on": closed}
        spans.append(span(name, created, closed if closed <= AS_OF else None, **facts))
        if not won or closed > AS_OF:
            continue
        monday = closed + timedelta(days=14 - closed.weekday())
        last = monday + timedelta(weeks=10) - timedelta(days=3)
        projects.append(
            {"project_id": f"p{number:04d}", "name": name, "party_id": party, "party_name": party,
             "billing": "time_and_materials", "opportunity_id": name, "budget_amount_base": amount,
             "starts_on": monday, "ended_on": last if last <= AS_OF else None}
        )  # fmt: skip
        for week in range(10):
            start = monday + timedelta(weeks=week)
            if FIRST <= start <= AS_OF:
                work.append({"project_id": f"p{number:04d}", "week_start": start, "value_base": amount / 10})
                if start + timedelta(days=4) <= AS_OF:
                    invoices.append((start + timedelta(days=4), party, amount / 10))
    return revenue.Inputs(
        history(*spans),
        pl.DataFrame(projects, schema=PROJECTS),
        pl.DataFrame(work, schema=WORK).sort("project_id", "week_start"),
        pl.DataFrame(invoices, schema=REVENUE, orient="row").group_by("day", "party_id")
        .agg(pl.col("amount_base").sum()).sort("day", "party_id"),
    )  # fmt: skip


def empty() -> revenue.Inputs:
    return revenue.Inputs(
        history(), pl.DataFrame(schema=PROJECTS), pl.DataFrame(schema=WORK), pl.DataFrame(schema=REVENUE)
    )


@cache
def taught(day: date = AS_OF) -> revenue.Sources:
    return revenue.learn(firm(), day)


def quarter(table: pl.DataFrame) -> dict[str, Any]:
    rows = table.filter(period="quarter").sort("period_start").head(7)
    return {row["component"]: row for row in rows.iter_rows(named=True)}


def test_components_add_up_to_the_total_and_months_to_the_quarter() -> None:
    table = revenue.forecast(taught())
    assert table.schema == SCHEMA
    parts = pl.col("component") != "total"
    sums = table.group_by("period", "period_start").agg(
        parts=pl.col("expected_base").filter(parts).sum(), total=pl.col("expected_base").filter(~parts).sum()
    )
    assert sums["parts"].to_list() == sums["total"].to_list()
    months = table.filter(
        (pl.col("period") == "month") & (pl.col("period_start") > date(2026, 12, 31)) & ~parts
    )
    ahead = table.filter(
        (pl.col("period") == "quarter") & (pl.col("period_start") == date(2027, 1, 1)) & ~parts
    )
    assert months["expected_base"].sum() == ahead["expected_base"][0]


def test_the_forecast_is_the_same_each_time() -> None:
    assert revenue.forecast(taught(), seed=3).equals(revenue.forecast(taught(), seed=3))


def test_a_change_of_one_deal_moves_its_own_draws_only() -> None:
    sources = taught()
    key = sources.items.filter(component="pipeline")["key"][0]
    before, after = simulate(sources, seed=0), simulate(revenue.override(sources, {key: "lost"}), seed=0)
    for component in ("backlog", "recurring", "won_not_started", "not_in_pipeline"):
        assert np.array_equal(before[component], after[component])
    lost = before["pipeline"] - after["pipeline"]
    assert (lost >= -1e-9).all()
    assert lost.any()


def test_what_if_moves_the_expectation_by_the_deal_and_is_quick() -> None:
    sources = taught()
    deal = sources.items.filter(component="pipeline")["key"][0]
    own = revenue.expected_items(sources, date(2027, 1, 1), date(2027, 4, 1)).filter(key=deal)
    started = time.perf_counter()
    lost = revenue.forecast(revenue.override(sources, {deal: "lost"}))
    assert time.perf_counter() - started < 2
    gap = [
        table.filter((pl.col("period_start") == date(2027, 1, 1)) & (pl.col("period") == "quarter")
                     & (pl.col("component") == "total"))["expected_base"][0]
        for table in (revenue.forecast(sources), lost)
    ]  # fmt: skip
    assert gap[0] - gap[1] == own["first_week_base"][0] + own["rest_base"][0] > 0
    with pytest.raises(UsageError, match="no such deal"):
        revenue.override(sources, {"no such deal": "won"})


@settings(max_examples=12, deadline=None)
@given(back=st.integers(0, 400), seed=st.integers(1, 3))
def test_what_moved_adds_up_to_the_cent(back: int, seed: int) -> None:
    inputs, now = firm(seed), AS_OF - timedelta(days=back)
    before, after = (revenue.learn(inputs, day) for day in (now - timedelta(days=7), now))
    change = revenue.explain(before, after)
    start = season.quarter_start(now)
    end = season.next_month(start, 3)

    def total(sources: revenue.Sources) -> Any:
        items = revenue.expected_items(sources, start, end)
        done = inputs.revenue.filter(pl.col("day").is_between(start, sources.day))["amount_base"].sum()
        return items["first_week_base"].sum() + items["rest_base"].sum() + done

    assert change["change_base"].sum() == total(after) - total(before)
    shown = quarter(revenue.forecast(after, paths=50))["total"]["expected_base"]
    assert shown == total(after)


def test_what_happened_to_a_deal_is_its_cause() -> None:
    base, day = firm(), date(2026, 11, 12)
    open_deals = [
        span("lost", date(2026, 9, 1), day, outcome="lost", closed_on=day, amount_base=1e5),
        span("won", date(2026, 9, 1), day, outcome="won", closed_on=day, amount_base=1e5),
        span("new", date(2026, 11, 13), None, amount_base=1e5),
        span("moved", date(2026, 9, 1), day, amount_base=1e5),
        span("moved", day, None, stage="proposal", created_on=date(2026, 9, 1), amount_base=1e5),
        span("dearer", date(2026, 9, 1), day, amount_base=1e5),
        span("dearer", day, None, created_on=date(2026, 9, 1), amount_base=2e5,
             stage_entered_on=date(2026, 9, 1)),
    ]  # fmt: skip
    inputs = revenue.Inputs(
        pl.concat([base.deals, pl.DataFrame(open_deals, schema=HISTORY)]),
        base.projects,
        base.work,
        base.revenue,
    )
    change = revenue.explain(revenue.learn(inputs, AS_OF - timedelta(days=7)), revenue.learn(inputs, AS_OF))
    cause = dict(change.filter(pl.col("component") != "invoiced").select("key", "cause").iter_rows())
    wanted = {"lost": "lost", "won": "won", "new": "new deal", "moved": "stage", "dearer": "amount"}
    assert {key: cause.get(key) for key in wanted} == wanted
    row = change.filter(key="lost").row(0, named=True)
    assert row["change_base"] == -row["before_base"] < 0


def test_nothing_of_later_changes_a_forecast_of_the_past() -> None:
    inputs, day = firm(), date(2026, 5, 4)
    closed = pl.col("closed_on") > day
    cut = revenue.Inputs(
        inputs.deals.filter(pl.col("known_from") <= day).with_columns(
            outcome=pl.when(closed).then(pl.lit("open")).otherwise("outcome"),
            known_until=pl.when(pl.col("known_until") > day).then(None).otherwise("known_until"),
            closed_on=pl.when(closed).then(None).otherwise("closed_on"),
        ),
        inputs.projects.filter(pl.col("starts_on") <= day).with_columns(
            ended_on=pl.when(pl.col("ended_on") > day).then(None).otherwise("ended_on")
        ),
        inputs.work.filter(pl.col("week_start") <= day),
        inputs.revenue.filter(pl.col("day") <= day),
    )
    assert revenue.forecast(revenue.teach(inputs, day)).equals(revenue.forecast(revenue.teach(cut, day)))


def test_it_covers_what_came() -> None:
    """Of a steady firm: forecasts are near, and intervals hold what came in most cases."""
    table = revenue.backtest(firm(2, 1500), as_of=AS_OF)
    own = table.filter(model="sources of revenue, simulated")
    assert len(own) >= 24
    inside = own.select(pl.col("actual_base").is_between("lower_80", "upper_80").mean()).item()
    assert inside >= 0.7
    rows = revenue.backtest_summary(table)
    ours = rows.filter(pl.col("coverage_80").is_not_null())["mape"]
    assert (ours < 0.15).all()
    assert "spans of three months" in revenue.backtest_verdict(table)


@pytest.mark.parametrize(
    ("columns", "component", "counts"),
    [
        ({"amount_base": None}, "pipeline", False),
        ({"expected_close_on": date(2026, 2, 2), "amount_base": 5e4}, "pipeline", True),
        ({"has_history": False, "amount_base": 5e4}, "pipeline", True),
        ({"outcome": "won", "closed_on": WON, "known_until": WON, "amount_base": 5e4},
         "won_not_started", True),
    ],
)  # fmt: skip
def test_bad_input_counts_for_what_it_says(columns: dict[str, Any], component: str, counts: bool) -> None:
    """No amount, a close in the past, no stages, won without a project."""
    base = firm()
    one = history(span("x", date(2026, 9, 1), None) | columns)
    inputs = revenue.Inputs(pl.concat([base.deals, one]), base.projects, base.work, base.revenue)
    sources = revenue.learn(inputs, AS_OF)
    assert sources.items.filter(key="x")["component"].to_list() == [component]
    items = revenue.expected_items(sources, date(2026, 10, 1), date(2027, 4, 1)).filter(key="x")
    assert (len(items) == 1) is counts


def test_an_empty_firm_publishes_and_says_so() -> None:
    sources = revenue.teach(empty(), AS_OF)
    table = revenue.forecast(sources)
    assert not table["expected_base"].sum()
    assert "no revenue is forecast" in revenue.headline(table, currency="EUR")
    change = revenue.explain(revenue.teach(empty(), AS_OF - timedelta(days=7)), sources)
    assert "no forecast of last week" in revenue.change_headline(change, currency="EUR")
    assert "too little history" in revenue.backtest_verdict(revenue.backtest(empty(), as_of=AS_OF))
    assert revenue.silences(empty(), as_of=AS_OF).is_empty()


def test_seasons_are_found_and_shrunk() -> None:
    chance = np.random.default_rng(1)
    shape = 1 + 0.2 * np.sin(np.arange(12) / 12 * 2 * np.pi)
    rows = [
        (
            date(2023 + m // 12, m % 12 + 1, 15),
            "c",
            round(1e6 * shape[m % 12] * float(chance.lognormal(0, 0.03)), 2),
        )
        for m in range(36)
    ]
    frame = pl.DataFrame(rows, schema=REVENUE, orient="row")
    found = season.seasons(frame, date(2025, 12, 31))
    days = np.array(
        [season.working_days(date(2025, m, 1), season.next_month(date(2025, m, 1))) for m in range(1, 13)]
    )
    right = shape / days / (shape / days).mean()
    assert np.abs(found.factor - right).max() < 0.08
    assert season.seasons(frame.head(20), date(2025, 12, 31)).factor.tolist() == [1.0] * 12


def billed(*days: date) -> pl.DataFrame:
    return pl.DataFrame([(day, "c", 1000) for day in days], schema=REVENUE, orient="row")


def test_work_of_the_month_is_unbilled_as_far_as_it_was_in_past_months() -> None:
    none = season.seasons(billed(), AS_OF)
    firsts = [season.next_month(date(2026, 11, 1), -back) for back in range(1, 13)]
    at_end = billed(*(season.next_month(first) - timedelta(days=1) for first in firsts))
    done = season.working_days(date(2026, 11, 1), AS_OF + timedelta(days=1)) / 5
    assert season.unbilled(at_end, none, AS_OF) == pytest.approx(done)
    assert season.unbilled(at_end, none, date(2026, 11, 30)) == 0.0, "the month is invoiced"
    days = [date(2025, 11, 1) + timedelta(days=n) for n in range(365)]
    daily = billed(*(day for day in days if day.weekday() < 5))
    assert season.unbilled(daily, none, AS_OF) < 0.2
    assert season.unbilled(billed(*firsts), none, AS_OF) == 0.0, "what is invoiced ahead is not owed twice"
    assert season.unbilled(billed(), none, AS_OF) == 0.0
    later = pl.concat([at_end, billed(date(2026, 11, 20))])
    assert season.unbilled(later, none, AS_OF) == season.unbilled(at_end, none, AS_OF)


def test_unbilled_work_counts_once_in_this_month_and_for_work_that_runs_alone() -> None:
    none = season.seasons(billed(), AS_OF)
    ahead = season.calendar(none, AS_OF, 10, unbilled=2.0)
    more = ahead.running - ahead.share
    assert (more.sum(), more[1, ahead.months.index(date(2026, 11, 1))]) == (2.0, 2.0)
    assert (season.calendar(none, date(2026, 11, 30), 10, unbilled=2.0).running <= 1.0).all()


@pytest.mark.parametrize("weeks", [4, 8])
def test_a_firm_that_invoices_at_the_end_of_each_month_is_not_forecast_low(weeks: int) -> None:
    """What is worked from Monday to Friday leaves on the last day of its month."""
    given_ = firm()
    monthly = given_.revenue.with_columns(pl.col("day").dt.month_end()).filter(pl.col("day") <= AS_OF)
    late = revenue.Inputs(given_.deals, given_.projects, given_.work, monthly)
    own = revenue.backtest(late, as_of=date(2026, 10, 31)).filter(horizon_weeks=weeks, model=MODEL)
    error = (own["forecast_base"] / own["actual_base"]).cast(pl.Float64) - 1
    assert len(own) >= 6
    assert abs(float(error.mean())) < 0.04  # type: ignore[arg-type]


def test_quarters_follow_the_fiscal_year() -> None:
    assert season.quarter_start(date(2026, 11, 16)) == date(2026, 10, 1)
    assert season.quarter_start(date(2026, 11, 16), 2) == date(2026, 11, 1)
    assert season.quarter_start(date(2026, 1, 31), 3) == date(2025, 12, 1)


def test_a_client_silent_against_its_rhythm_is_named_and_a_rare_one_is_not() -> None:
    days = [AS_OF - timedelta(days=d) for d in range(5, 900, 14)]
    rows = [(day, f"c{n}", 10.0) for n in range(30) for day in days]
    rows += [(day, "gone", 10.0) for day in days if day < AS_OF - timedelta(days=110)]
    rows += [(AS_OF - timedelta(days=d), "rare", 10.0) for d in (120, 420, 700)]
    rows += [(day, "small", 0.1) for day in days if day < AS_OF - timedelta(days=110)]
    inputs = revenue.Inputs(
        history(), pl.DataFrame(schema=PROJECTS), pl.DataFrame(schema=WORK),
        pl.DataFrame(rows, schema=REVENUE, orient="row"),
    )  # fmt: skip
    table = revenue.silences(inputs, as_of=AS_OF)
    assert table.filter("is_named")["party_id"].to_list() == ["gone"]
    assert "in none of the" in table["reasons"][0]
    assert not table.filter(party_id="rare")["is_named"][0]


def test_false_discoveries_are_held() -> None:
    assert discoveries(np.array([0.001, 0.03, 0.9, 0.5]), 0.1) == [True, True, False, False]
    assert discoveries(np.array([0.5, 0.6]), 0.1) == [False, False]


def test_a_deal_moved_keeps_its_chance_and_brings_the_same_later() -> None:
    sources = taught()
    deal = sources.outlook.deals["opportunity_id"][int(np.argmax(sources.outlook.won.sum(axis=1)))]
    row = sources.items["key"].to_list().index(deal)
    later = revenue.override(sources, {deal: timedelta(weeks=4)})
    assert later.won[row, :4].tolist() == [0.0] * 4
    assert later.won[row, 4:].tolist() == sources.won[row, :-4].tolist()
    at_once = revenue.override(sources, {deal: -timedelta(weeks=200)})
    assert at_once.won[row, 0] == pytest.approx(sources.outlook.won.sum(axis=1).max())
    unmoved = revenue.override(sources, {deal: timedelta(0)})
    assert (unmoved.won == sources.won).all()
    others = np.arange(len(sources.items)) != row
    assert (later.won[others] == sources.won[others]).all()


@pytest.mark.parametrize("end", ["won", "lost", timedelta(weeks=3)])
def test_the_quarter_of_what_if_is_that_of_the_forecast_to_the_cent(end: Any) -> None:
    sources = taught()
    deal = revenue.expected_items(sources, AS_OF, date(2027, 1, 1)).filter(component="pipeline")["key"][0]
    changed = revenue.override(sources, {deal: end})
    found = revenue.quarter(revenue.redraw(revenue.draw(sources), changed, deal))
    told = quarter(revenue.forecast(changed))["total"]
    assert found.expected_base == told["expected_base"]
    assert abs(found.lower_80 - told["lower_80"]) <= Decimal("0.01")
    assert abs(found.upper_80 - told["upper_80"]) <= Decimal("0.01")
    assert found.lower_80 < found.median < found.upper_80
    assert found.expected_base != quarter(revenue.forecast(sources))["total"]["expected_base"]


def test_open_deals_alone_are_the_pipeline_as_it_is() -> None:
    sources = taught()
    deals = sources.outlook.deals.with_columns(
        win_probability=pl.Series(sources.outlook.probability),
        **{
            name: pl.Series(
                [AS_OF + timedelta(days=7 * int(week)) for week in sources.outlook.close_week(share)]
            )
            for name, share in (("close_earliest", 0.1), ("close_on", 0.5), ("close_latest", 0.9))
        },
    )
    only = revenue.only(sources, deals)
    assert (revenue.deal_months(only)[2] == revenue.deal_months(sources)[2]).all()
