"""Price: what history says of it, and that a recommendation never goes further than that."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from opslayer.intelligence import demand, price
from opslayer.intelligence.price.recommend import MOST
from tests.unit.test_demand import AS_OF, deals, known, need, people, roles, work

RATES = pl.DataFrame(
    {
        "practice": ["Data"],
        "role": ["Consultant"],
        "people": [5],
        "cost_rate_base": [60.0],
        "bill_rate_base": [150.0],
    }
)
NO_ONE_SHORT = demand.capacity_balance(
    people(available_hours=1e6), need().clear(), work().clear(), known(deals().clear(), roles()), as_of=AS_OF
)


def history(slope: float, *, count: int = 800, seed: int = 3) -> pl.DataFrame:
    """Decided deals whose log odds of being won fall by `slope` for one unit of ln(price / list)."""
    chance = np.random.default_rng(seed)
    level = np.exp(chance.normal(0, 0.25, count))
    won = chance.random(count) < 1 / (1 + np.exp(slope * np.log(level)))
    return pl.DataFrame(
        {
            "opportunity_id": [f"h{n:04d}" for n in range(count)],
            "party_id": ["c1"] * count,
            "practice": chance.choice(["Data", "Strategy"], count).tolist(),
            "channel": chance.choice(["tender", "referral"], count).tolist(),
            "outcome": np.where(won, "won", "lost").tolist(),
            "closed_on": [date(2026, 1, 5)] * count,
            "amount_base": (level * 1000).tolist(),
            "hours": [10.0] * count,
            "list_base": [1000.0] * count,
            "known_client": (chance.random(count) < 0.5).tolist(),
        }
    )


def recommended(effect: price.PriceEffect, *rows: dict[str, Any], balance: pl.DataFrame | None = None) -> Any:
    changes = rows or ({},)
    open_deals = deals(*changes)
    needed = roles(*((row, "Consultant", 400.0) for row in open_deals["opportunity_id"]))
    found = known(open_deals, needed)
    held = NO_ONE_SHORT if balance is None else balance
    return price.recommend(found, held, RATES, needed, effect, as_of=AS_OF)


@pytest.mark.parametrize("slope", [2.0, 6.0])
def test_what_price_did_is_found_again(slope: float) -> None:
    effect = price.learn(history(slope))
    assert effect.slope == pytest.approx(-slope, abs=3 * effect.spread)
    assert effect.has_evidence


def test_where_price_did_nothing_that_is_said_and_the_price_kept() -> None:
    effect = price.learn(history(0.0))
    assert not effect.has_evidence
    row = recommended(effect).row(0, named=True)
    assert (row["is_moved"], row["recommended_base"]) == (False, row["amount_base"])
    assert "no evidence that price moved the outcome" in row["reasons"]


def test_too_few_deals_say_nothing() -> None:
    effect = price.learn(history(6.0, count=20))
    assert effect.slope == 0
    assert not effect.has_evidence
    assert "too few to tell" in recommended(effect)["reasons"][0]
    assert price.learn(history(6.0).clear()).certainty == 0.5


def test_where_price_matters_much_a_dear_deal_gets_cheaper_and_a_cheap_one_dearer() -> None:
    found = recommended(
        price.learn(history(6.0)),
        {"opportunity_id": "dear", "amount_base": 84000.0},
        {"opportunity_id": "cheap", "amount_base": 36000.0},
    )
    rows = {row["opportunity_id"]: row for row in found.to_dicts()}
    assert rows["dear"]["recommended_base"] < rows["dear"]["amount_base"]
    assert rows["cheap"]["recommended_base"] > rows["cheap"]["amount_base"]
    for row in rows.values():
        assert row["is_moved"]
        assert row["recommended_expected_base"] > row["expected_base"]
        assert row["lower_base"] <= row["recommended_base"] <= row["upper_base"]
        assert abs(float(row["recommended_base"] / row["amount_base"]) - 1) <= MOST + 0.005


def test_it_is_the_best_of_all_prices_it_may_choose() -> None:
    effect = price.learn(history(4.0))
    row = recommended(effect, {"amount_base": 66000.0}).row(0, named=True)
    asked = 66000.0 * (1 + np.arange(-15, 16) / 100)
    chance = 1 / (1 + np.exp(-effect.slope * np.log(asked / 66000.0)))  # even odds at its own price
    low, high = effect.band("Data")
    inside = (asked / 60000.0 >= min(low, 1.1)) & (asked / 60000.0 <= max(high, 1.1))
    worth = np.where(inside, chance * (asked - 24000.0), -np.inf)
    assert float(row["recommended_expected_base"]) == pytest.approx(worth.max(), rel=1e-4)
    assert float(row["recommended_base"]) == pytest.approx(asked[worth.argmax()], rel=0.005)


def test_work_that_displaces_other_work_asks_for_more() -> None:
    short = NO_ONE_SHORT.with_columns(probability_short=pl.lit(1.0))
    effect = price.learn(history(4.0))
    free, taken = recommended(effect), recommended(effect, balance=short)
    assert float(taken["displaced_base"][0]) == pytest.approx(400 * 90)
    assert taken["recommended_base"][0] > free["recommended_base"][0]
    assert "displaces margin of 36,000" in taken["reasons"][0]


def test_a_deal_that_has_not_said_what_it_needs_keeps_its_price() -> None:
    effect = price.learn(history(4.0))
    found = price.recommend(known(deals({}), roles()), NO_ONE_SHORT, RATES, roles(), effect, as_of=AS_OF)
    assert found["list_base"].to_list() == [None]
    assert "does not say what it needs" in found["reasons"][0]


def test_no_open_deal_is_said() -> None:
    found = recommended(price.learn(history(4.0)), {"amount_base": None})
    assert found.is_empty()
    assert price.headline(found) == "No open deal has an amount."
