"""Win chances: what is known on a day, that nothing of later is seen, and that the chances come true."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from opslayer.intelligence import win
from opslayer.intelligence.win.forecast import SCHEMA
from opslayer.intelligence.win.history import landmarks
from opslayer.intelligence.win.weights import weigh
from opslayer.modelops.scores import brier, log_loss

AS_OF = date(2026, 11, 16)
STAGES = ("qualified", "proposal", "negotiation")
HISTORY = pl.Schema(
    {
        "opportunity_id": pl.String(),
        "known_from": pl.Date(),
        "known_until": pl.Date(),
        "name": pl.String(),
        "party_id": pl.String(),
        "party_name": pl.String(),
        "practice": pl.String(),
        "channel": pl.String(),
        "owner_id": pl.String(),
        "created_on": pl.Date(),
        "is_known_client": pl.Boolean(),
        "stage": pl.String(),
        "stage_entered_on": pl.Date(),
        "amount_base": pl.Decimal(18, 2),
        "expected_close_on": pl.Date(),
        "slips": pl.Int64(),
        "starts_on": pl.Date(),
        "weeks": pl.Int32(),
        "has_history": pl.Boolean(),
        "disagrees": pl.Boolean(),
        "outcome": pl.String(),
        "closed_on": pl.Date(),
    }
)


def span(name: str, start: date, until: date | None, **columns: Any) -> dict[str, Any]:
    return {
        "opportunity_id": name,
        "known_from": start,
        "known_until": until,
        "name": name,
        "practice": "Strategy",
        "channel": "referral",
        "created_on": start,
        "is_known_client": True,
        "stage": "qualified",
        "stage_entered_on": start,
        "amount_base": 100.0,
        "expected_close_on": start + timedelta(days=60),
        "slips": 0,
        "has_history": True,
        "disagrees": False,
        "outcome": "open",
        "closed_on": None,
    } | columns


def history(*spans: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(spans), schema=HISTORY).sort("opportunity_id", "known_from")


def simulated(count: int, seed: int) -> pl.DataFrame:
    """Deals of two years; those by tender are won half as often, and those that reach negotiation mostly."""
    chance = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        start = AS_OF - timedelta(days=int(chance.integers(1, 730)))
        tender = bool(chance.random() < 0.5)
        strength = chance.random() < (0.25 if tender else 0.65)
        reached = 3 if strength else int(chance.integers(1, 4))
        days = np.maximum(1, chance.exponential(18, reached).astype(int))
        entered = start + np.array([timedelta(days=int(d)) for d in np.append(0, np.cumsum(days))])
        closed = entered[-1]
        facts = {
            "created_on": start,
            "channel": "tender" if tender else "referral",
            "expected_close_on": start + timedelta(days=45),
            "amount_base": float(np.exp(chance.normal(4, 0.5))),
        }
        facts |= {"outcome": "won" if strength else "lost", "closed_on": closed} if closed <= AS_OF else {}
        for place in range(reached):
            if entered[place] <= AS_OF:
                until = entered[place + 1] if entered[place + 1] <= AS_OF else None
                stage = {"stage": STAGES[place], "stage_entered_on": entered[place]}
                rows.append(span(f"d{number:04d}", entered[place], until, **(facts | stage)))
    return history(*rows)


def forecast(frame: pl.DataFrame, day: date = AS_OF) -> pl.DataFrame:
    return win.forecast_table(win.outlook(frame, day, win.teach(frame, day)))


def test_a_day_knows_what_was_known_then() -> None:
    frame = history(
        span("a", date(2026, 1, 5), date(2026, 2, 2), outcome="won", closed_on=date(2026, 3, 2)),
        span("a", date(2026, 2, 2), date(2026, 3, 2), stage="proposal", amount_base=150.0, outcome="won",
             closed_on=date(2026, 3, 2)),
    )  # fmt: skip
    early, late = win.known_on(frame, date(2026, 2, 1)), win.known_on(frame, date(2026, 2, 2))
    assert (early["stage"][0], late["stage"][0]) == ("qualified", "proposal")
    assert (float(early["amount_base"][0]), float(late["amount_base"][0])) == (100, 150)
    assert win.known_on(frame, date(2026, 3, 2)).is_empty()
    assert not {"outcome", "closed_on"} & set(late.columns)


def test_landmarks_end_at_the_close_or_on_the_day_that_looks_back() -> None:
    frame = history(
        span("a", date(2026, 8, 3), date(2026, 11, 9), outcome="won", closed_on=date(2026, 11, 9))
    )
    seen = landmarks(frame, AS_OF)
    assert set(seen["event"]) == {"won"}
    assert seen.filter(pl.col("day") == date(2026, 10, 19))["weeks"].to_list() == [3]
    before = landmarks(frame, date(2026, 10, 26))
    assert before["event"].null_count() == len(before) > 0


def test_stage_weights_are_shares_shrunk_to_the_firms() -> None:
    closed = [
        span(f"{n}", date(2026, 1, 5), date(2026, 3, 2), outcome="won" if n < 30 else "lost",
             closed_on=date(2026, 3, 2))
        for n in range(40)
    ]  # fmt: skip
    weights = win.stage_weights(history(*closed), AS_OF)
    firm = (30 + 5) / 50
    assert weights["weight"].to_list() == pytest.approx([(30 + 10 * firm) / 50, firm])
    unseen = weigh(win.known_on(history(span("x", AS_OF, None, stage="new")), AS_OF), weights)
    assert unseen["stage_weight"][0] == pytest.approx(firm)
    assert win.stage_weights(history(), AS_OF)["weight"].to_list() == [0.5]


def test_a_deal_past_its_close_date_gets_a_forecast_from_now_on() -> None:
    frame = pl.concat([simulated(600, 1), history(span("old", date(2026, 3, 2), None))])
    row = forecast(frame).filter(opportunity_id="old").row(0, named=True)
    assert row["expected_close_on"] < AS_OF < row["close_earliest"] <= row["close_on"] <= row["close_latest"]
    assert 0 < row["win_probability"] < 1
    assert "Its expected close passed 199 days ago." in row["reasons"]
    assert not row["is_fallback"]


@pytest.mark.parametrize(
    ("columns", "says", "fallback"),
    [
        ({"has_history": False}, "Its stages were not recorded: its stage's weight stands.", True),
        ({"amount_base": None}, "It has no amount, so it counts for nothing in money.", False),
        ({"expected_close_on": None}, "Nobody has said when it closes.", False),
        ({"disagrees": True}, "Its outcome and its stages disagree; it is taken as open.", False),
        ({"stage": "brand new", "practice": None, "channel": None}, "In brand new: ", False),
    ],
)
def test_what_is_missing_is_said(columns: dict[str, Any], says: str, fallback: bool) -> None:
    frame = pl.concat([simulated(600, 2), history(span("x", date(2026, 10, 5), None, **columns))])
    row = forecast(frame).filter(opportunity_id="x").row(0, named=True)
    assert says in row["reasons"]
    assert row["is_fallback"] is fallback
    assert 0 < row["win_lower"] <= row["win_probability"] <= row["win_upper"] < 1


def test_too_little_history_falls_back_on_stage_weights_and_says_so() -> None:
    frame = forecast(history(span("a", date(2026, 10, 5), None), span("b", date(2026, 11, 2), None)))
    assert frame["is_fallback"].all()
    assert frame["win_probability"].to_list() == pytest.approx([0.5, 0.5])
    assert frame["reasons"].str.contains("Too few deals have closed").all()
    assert (frame["close_earliest"] > AS_OF).all()


def test_no_deals_at_all() -> None:
    frame = forecast(history())
    assert frame.schema == SCHEMA
    assert win.headline(frame, currency="EUR") == "No deal is open."
    measured = win.backtest(win.replay(history(), as_of=AS_OF), as_of=AS_OF)
    assert "Too few" in win.verdict(measured)


def test_a_forecast_of_a_past_day_knows_nothing_of_what_came_later() -> None:
    frame, day = simulated(700, 3), date(2026, 6, 1)
    later = pl.col("closed_on") > day
    bent = frame.filter(pl.col("known_from") <= day).with_columns(
        outcome=pl.when(later).then(pl.lit("open")).otherwise("outcome"),
        known_until=pl.when(pl.col("known_until") > day).then(None).otherwise("known_until"),
        closed_on=pl.when(later).then(None).otherwise("closed_on"),
    )
    assert forecast(frame, day).equals(forecast(bent, day))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_chances_come_true_and_beat_stage_weights(seed: int) -> None:
    frame = simulated(3000, seed)
    replayed = win.replay(frame, as_of=AS_OF)
    won, chance = replayed["won"].to_numpy(), replayed["probability"].to_numpy()
    rival = replayed["stage_weight"].to_numpy()
    assert brier(won, chance) < brier(won, rival)
    assert log_loss(won, chance) < log_loss(won, rival)
    for low, high in ((0.0, 0.4), (0.4, 0.7), (0.7, 1.0)):
        inside = (chance >= low) & (chance < high)
        assert abs(won[inside].mean() - chance[inside].mean()) < 0.12
    measured = win.backtest(replayed, as_of=AS_OF)
    covered = measured.filter(metric="close_coverage")["value"][0]
    assert 0.7 < covered <= 1.0
    assert "better than stage weights" in win.verdict(measured)
