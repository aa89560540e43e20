"""The price of an open deal at which chance times margin is greatest, within what history supports.

Margin counts what the work costs and what it would displace: an hour in a role and week that is short takes
the margin of another hour with it (the shadow price of capacity; Talluri and van Ryzin, The Theory and
Practice of Revenue Management, 2004, 2.1).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from scipy.special import expit, logit

from opslayer.intelligence.demand import WEIGHTS, Deals, hourly, weeks_from
from opslayer.intelligence.price.effect import EVIDENCE, FEWEST, Floats, PriceEffect
from opslayer.intelligence.tables import MONEY, typed

MODEL, VERSION = "chance times margin", "1"
MOST = 0.15  # of the price, up or down, in one recommendation
STEP = 0.01
NEAR = 0.99  # of the greatest worth: prices that reach it make the band
SMALL = 0.015  # a move of less is none
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "opportunity_id": pl.String(),
        "name": pl.String(),
        "party_name": pl.String(),
        "practice": pl.String(),
        "stage": pl.String(),
        "hours": pl.Float64(),
        "amount_base": MONEY,
        "list_base": MONEY,
        "price_level": pl.Float64(),
        "cost_base": MONEY,
        "displaced_base": MONEY,
        "margin_base": MONEY,
        "win_probability": pl.Float64(),
        "expected_base": MONEY,
        "recommended_base": MONEY,
        "lower_base": MONEY,
        "upper_base": MONEY,
        "recommended_rate_base": MONEY,
        "recommended_probability": pl.Float64(),
        "recommended_expected_base": MONEY,
        "price_effect": pl.Float64(),
        "price_certainty": pl.Float64(),
        "is_moved": pl.Boolean(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def recommend(
    deals: Deals, balance: pl.DataFrame, rates: pl.DataFrame, listed: pl.DataFrame, effect: PriceEffect,
    *, as_of: date,
) -> pl.DataFrame:  # fmt: skip
    """One row an open deal with an amount (columns of intelligence.price_recommendation), most worth first.

    `balance` has the columns of intelligence.capacity_balance, `rates` those of the query practice_rates, and
    `listed` those of deal_roles. A deal that has not said what it needs has no list price, and keeps its own;
    one whose outcome is taken as known has no price to recommend.
    """
    asked = deals.frame["amount_base"].cast(pl.Float64).fill_null(0.0).to_numpy()
    deals = deals.keep((asked > 0) & (deals.probability > 0) & (deals.probability < 1))
    costs = _costs(deals, rates)
    displaced = _displaced(deals, balance, rates)
    price_list = _list(deals, rates, listed)
    amounts = deals.frame["amount_base"].cast(pl.Float64).to_numpy()
    practices = deals.frame["practice"].to_list()
    rows = [
        _row(amounts[n], price_list[n], costs[n], displaced[n], deals.probability[n], practices[n], effect)
        for n in range(len(amounts))
    ]
    found = pl.DataFrame(rows, schema=NUMBERS, orient="row")
    frame = pl.concat([deals.frame, found], how="horizontal").with_columns(
        hours=pl.Series(deals.hours.sum(axis=1).round(2))
    )
    rate = pl.when(pl.col("hours") > 0).then(pl.col("recommended_base") / pl.col("hours"))
    frame = frame.with_columns(
        as_of=pl.lit(as_of),
        recommended_rate_base=rate.round(2),
        price_effect=pl.lit(round(effect.slope, 4)),
        price_certainty=pl.lit(round(effect.certainty, 4)),
        model=pl.lit(MODEL),
        model_version=pl.lit(VERSION),
    )
    money = [name for name, kind in SCHEMA.items() if kind == MONEY and frame.schema[name] == pl.Float64]
    return typed(frame.with_columns(pl.col(money).round(2)), SCHEMA).sort(
        "expected_base", "opportunity_id", descending=[True, False], nulls_last=True
    )


def _row(
    amount: float, listed: float, cost: float, displaced: float, chance: float, practice: str | None,
    effect: PriceEffect,
) -> tuple[object, ...]:  # fmt: skip
    margin = amount - cost
    now = chance * (margin - displaced)
    level = amount / listed if listed > 0 else None
    kept = (amount, amount, amount, chance, now, False)
    told = [_standing(amount, level, cost, displaced, chance)]
    if level is None:
        told.append("It does not say what it needs, so its price cannot be set against the list: kept.")
    elif not effect.has_evidence:
        told.append(_no_evidence(effect))
    else:
        low, high = effect.band(practice)
        steps = np.arange(-round(MOST / STEP), round(MOST / STEP) + 1) * STEP
        prices = amount * (1 + steps)
        inside = (prices / listed >= min(low, level) - 1e-9) & (prices / listed <= max(high, level) + 1e-9)
        prices = prices[inside]
        chances = expit(logit(chance) + effect.slope * np.log(prices / amount))
        worth = chances * (prices - cost - displaced)
        best = int(worth.argmax())
        near = prices[worth >= worth[best] - (1 - NEAR) * abs(worth[best])]
        move = prices[best] / amount - 1
        told.append(
            f"In {effect.won + effect.lost:,} decided deals a price 10% higher took the odds of winning down "
            f"by {1 - np.exp(effect.slope * np.log(1.1)):.0%}; nine in ten won ones lay between {low:.0%} "
            f"and {high:.0%} of list."
        )
        if abs(move) < SMALL or worth[best] <= now:
            told.append("No other price within reach is worth more: kept.")
        else:
            asked = float(f"{prices[best]:.3g}")  # a price has three figures
            kept = (
                asked,
                min(asked, float(near.min())),
                max(asked, float(near.max())),
                float(chances[best]),
                float(worth[best]),
                True,
            )
            told.append(
                f"{abs(move):.0%} {'higher' if move > 0 else 'lower'}, its chance is {chances[best]:.0%} "
                f"and chance times margin {worth[best]:,.0f} instead of {now:,.0f}."
            )
    if margin < displaced:
        told.append("At this price it costs more than it brings, with what it would displace.")
    return (
        listed if listed > 0 else None,
        None if level is None else round(level, 4),
        cost,
        displaced,
        margin,
        now,
        *kept,
        " ".join(told),
    )


def _standing(amount: float, level: float | None, cost: float, displaced: float, chance: float) -> str:
    told = (
        f"{amount:,.0f}"
        + ("" if level is None else f" is {level:.0%} of list")
        + f"; the work costs {cost:,.0f}"
    )
    if displaced >= 1:
        told += f" and displaces margin of {displaced:,.0f} where people are short"
    return f"{told}. Chance of winning {chance:.0%}."


def _no_evidence(effect: PriceEffect) -> str:
    if min(effect.won, effect.lost) < FEWEST:
        return (
            f"Only {effect.won} won and {effect.lost} lost deals say what they needed: too few to tell what "
            "price does. The price is kept."
        )
    return (
        f"There is no evidence that price moved the outcome of {effect.won + effect.lost:,} deals (the "
        f"probability that a higher one wins less is {effect.certainty:.0%}, {EVIDENCE:.0%} is asked): kept."
    )


def _costs(deals: Deals, rates: pl.DataFrame) -> Floats:
    cost: Floats = (deals.hours * hourly(deals, rates, "cost_rate_base")).sum(axis=1)
    return cost


def _list(deals: Deals, rates: pl.DataFrame, listed: pl.DataFrame) -> Floats:
    """The hours sold at the practice's prices; zero where a deal has not said what it needs."""
    sold = set(listed.filter(pl.col("basis") == "sold")["opportunity_id"])
    is_sold = np.array([key in sold for key in deals.frame["opportunity_id"]], dtype=bool)
    return np.where(is_sold, (deals.hours * hourly(deals, rates, "bill_rate_base")).sum(axis=1), 0.0)


def _displaced(deals: Deals, balance: pl.DataFrame, rates: pl.DataFrame) -> Floats:
    """Margin of other work that a deal would take the people of, were it won; one element a deal."""
    if balance.is_empty() or deals.frame.is_empty():
        return np.zeros(len(deals.frame))
    days = sorted(balance["week_start"].unique())
    short = {
        (practice, role, day): value
        for practice, role, day, value in balance.select(
            "practice", "role", "week_start", "probability_short"
        ).iter_rows()
    }
    share = np.einsum("dsw,s->dw", deals.spread(weeks_from(days[0], len(days))), WEIGHTS)
    chance = np.array(
        [
            [[short.get((practice, role, day), 0.0) for day in days] for role in deals.roles]
            for practice in deals.frame["practice"]
        ]
    ).reshape(len(deals.frame), len(deals.roles), len(days))
    margin = np.maximum(hourly(deals, rates, "bill_rate_base") - hourly(deals, rates, "cost_rate_base"), 0.0)
    displaced: Floats = np.einsum("dr,dw,drw,dr->d", deals.hours, share[:, : len(days)], chance, margin)
    return displaced


NUMBERS = {
    "list_base": pl.Float64,
    "price_level": pl.Float64,
    "cost_base": pl.Float64,
    "displaced_base": pl.Float64,
    "margin_base": pl.Float64,
    "expected_base": pl.Float64,
    "recommended_base": pl.Float64,
    "lower_base": pl.Float64,
    "upper_base": pl.Float64,
    "recommended_probability": pl.Float64,
    "recommended_expected_base": pl.Float64,
    "is_moved": pl.Boolean,
    "reasons": pl.String,
}
