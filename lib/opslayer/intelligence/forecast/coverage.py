"""Whether intervals have held what they claim, by the values that came after the forecasts."""

from __future__ import annotations

import polars as pl


def coverage(forecasts: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
    """One row a series with a forecast whose period has come: metric, member, came, inside (its 80 %).

    `forecasts` has as_of, metric, member, period_start, lower_80 and upper_80 of forecasts made before. Each
    period counts once, by the forecast made last before it began, so that no value is counted twice.
    """
    last = (
        forecasts.filter(pl.col("as_of") <= pl.col("period_start"))
        .sort("as_of")
        .unique(["metric", "member", "period_start"], keep="last", maintain_order=True)
    )
    came = last.join(
        history.select("metric", "member", "period_start", actual="value"),
        on=["metric", "member", "period_start"],
    )
    inside = pl.col("actual").is_between("lower_80", "upper_80")
    return (
        came.group_by("metric", "member")
        .agg(came=pl.len().cast(pl.Int64), inside=inside.sum().cast(pl.Int64))
        .sort("metric", "member")
    )
