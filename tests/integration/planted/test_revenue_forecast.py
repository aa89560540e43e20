"""The demo firm's revenue: tied to its books, held against past quarters; clients who stopped are named."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from opslayer import demo
from opslayer.intelligence import revenue
from opslayer.intelligence.revenue.backtest import LAST_YEAR, WEIGHTS
from opslayer.intelligence.revenue.forecast import MODEL
from opslayer.warehouse import open_layer
from tests.planted import Planted, bare


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_clients_who_stopped_are_named(planted: Callable[[int], Planted], seed: int) -> None:
    """Each of them; of five that are named, at most one had not stopped."""
    firm = planted(seed)
    with open_layer(firm.firm) as layer:
        table = revenue.silences(revenue.gather(layer), as_of=demo.AS_OF)
    stopped = {bare(key) for key in firm.answers["clients_who_stopped"]}
    named = {bare(key) for key in table.filter("is_named")["party_id"]}
    assert stopped
    assert stopped <= named
    assert len(named - stopped) <= len(named) / 5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_past_quarters_were_near_and_within_their_intervals(
    planted: Callable[[int], Planted], seed: int
) -> None:
    with open_layer(planted(seed).firm) as layer:
        inputs = revenue.gather(layer)
        books = layer.query(
            "select month, sum(amount_base) as amount from marts.pnl_month where section = 'revenue' "
            "group by month order by month"
        )
    by_month = inputs.revenue.group_by(month=pl.col("day").dt.truncate("1mo")).agg(
        pl.col("amount_base").sum()
    )
    tied = books.join(by_month, on="month", how="left")
    gap = (tied["amount"] - tied["amount_base"]).cast(pl.Float64).abs() / tied["amount"].cast(pl.Float64)
    assert gap.max() < 0.01, "revenue is that of the profit and loss"  # type: ignore[operator]
    measured = revenue.backtest(inputs, as_of=demo.AS_OF)
    own = measured.filter(model=MODEL)
    inside = own.select(pl.col("actual_base").is_between("lower_80", "upper_80").mean()).item()
    assert 0.65 <= inside <= 1.0
    rows = {
        (row["horizon_weeks"], row["model"]): row for row in revenue.backtest_summary(measured).to_dicts()
    }
    for weeks in (4, 8, 13):
        assert rows[weeks, MODEL]["mape"] < rows[weeks, WEIGHTS]["mape"]
        assert rows[weeks, MODEL]["mape"] < rows[weeks, LAST_YEAR]["mape"]
        assert rows[weeks, MODEL]["mape"] < 0.07
