"""A price for each open deal: where chance times margin is greatest, as far as history supports it."""

from __future__ import annotations

import polars as pl

from opslayer.intelligence.price.effect import PriceEffect, learn
from opslayer.intelligence.price.recommend import recommend

__all__ = ["PriceEffect", "headline", "learn", "recommend"]


def headline(prices: pl.DataFrame) -> str:
    """One sentence: how many open deals would be worth more at another price, and whether history says so."""
    if prices.is_empty():
        return "No open deal has an amount."
    moved = prices.filter("is_moved")
    if moved.is_empty():
        return f"No other price is recommended for any of {len(prices)} open deals."
    gain = float((moved["recommended_expected_base"] - moved["expected_base"]).sum())
    higher = moved.filter(pl.col("recommended_base") > pl.col("amount_base")).height
    return (
        f"**{len(moved)} of {len(prices)}** open deals would be worth more at another price: {higher} "
        f"higher, {len(moved) - higher} lower; **{gain:,.0f}** more expected margin in all."
    )
