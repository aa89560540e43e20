"""Forecasts and anomalies through the one way to ask: who answers, what stands in for them, and why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from opslayer.config import Firm
from opslayer.intelligence import anomaly, forecast
from opslayer.intelligence.forecast import asked as of_forecasts
from opslayer.modelops import Models, latest
from opslayer.store import open_store
from tests.talking import AS_OF, MOMENT, write_firm

NONE = pl.DataFrame(schema={"metric": pl.String, "member": pl.String, "came": pl.Int64, "inside": pl.Int64})


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    return write_firm(tmp_path_factory.mktemp("firm"))


def history(days: int = 140) -> pl.DataFrame:
    """Calls a day, by the weekday, of two teams and the firm."""
    week = np.tile([50.0, 48, 52, 49, 40, 5, 5], days // 7 + 1)[:days]
    parts = {
        name: week * share + np.random.default_rng(seed).normal(0, 1, days)
        for seed, (name, share) in enumerate({"north": 0.4, "south": 0.6}.items())
    }
    return pl.concat(
        [
            pl.DataFrame({"value": values}).with_columns(
                metric=pl.lit("calls"), member=pl.lit(member), frequency=pl.lit("day"), unit=pl.lit("rows"),
                is_part=pl.lit(member != "firm"),
                period_start=pl.date_range(AS_OF - timedelta(days=days), AS_OF, closed="left", eager=True),
            )
            for member, values in {**parts, "firm": parts["north"] + parts["south"]}.items()
        ]
    )  # fmt: skip


def ask(firm: Firm, capability: str, rows: pl.DataFrame) -> pl.DataFrame:
    with open_store(firm) as store:
        return Models(firm, store).ask(capability, rows, as_of=AS_OF, moment=MOMENT)


def test_a_forecast_that_no_longer_covers_gives_way_and_what_is_told_still_adds_up(firm: Firm) -> None:
    narrow = pl.DataFrame({"metric": "calls", "member": ["north", "south"], "came": 40, "inside": [20, 33]})
    rows = of_forecasts.series(history(), set(), narrow)
    answers = ask(firm, "forecast", rows)
    stands = dict(zip(rows["member"], answers["is_fallback"], strict=True))
    assert stands == {"firm": False, "north": True, "south": False}
    why = answers.filter(pl.col("is_fallback"))["why_fallback"][0]
    assert "of 40 values that came after a forecast, 20 were within its 80% interval" in why
    table = forecast.forecast_table(history(), rows, answers, set(), as_of=AS_OF)
    told = table.filter(member="north")
    assert told["model"].unique().to_list() == ["seasonal naive"]
    assert "20 were within" in told["reasons"][0]
    by_day = table.pivot("member", index="period_start", values="value")
    assert (by_day["firm"] - by_day["north"] - by_day["south"]).abs().max() < 0.001  # type: ignore[operator]
    with open_store(firm) as store, store.reading() as session:
        kept = latest(session, "forecast")
    assert kept.height == 3


def test_what_has_a_hole_or_takes_too_long_is_answered_by_what_stands_in(firm: Firm) -> None:
    rows = of_forecasts.series(history(), set(), NONE)
    holed = rows.with_columns(
        series=pl.when(pl.col("member") == "north").then(pl.lit([1.0, None])).otherwise("series")
    )
    answers = ask(firm, "forecast", holed)
    assert answers.filter(subject="calls:north")["why_fallback"][0].endswith("none may be missing")
    assert answers["answer"].null_count() == 0
    shipped = Path(of_forecasts.__file__).parents[2] / "modelops" / "capabilities" / "forecast.yaml"
    (firm.directory / "capabilities").mkdir(exist_ok=True)
    quick = shipped.read_text().replace("timeout_seconds: 900", "timeout_seconds: 2")
    (firm.directory / "capabilities" / "forecast.yaml").write_text(quick)
    many = pl.concat([rows.with_columns(subject=pl.lit(str(n))) for n in range(6)])
    late = ask(firm, "forecast", many)
    assert late["is_fallback"].all()
    assert "no answer within" in late["why_fallback"][0]
    assert late["answer"].null_count() == 0


def test_an_anomaly_is_named_by_either(firm: Firm) -> None:
    past = history().with_columns(
        value=pl.when(pl.col("period_start") >= AS_OF - timedelta(days=5)).then(0.0).otherwise("value")
    )
    rows = anomaly.series(past, set())
    answers = ask(firm, "anomaly", rows)
    assert not answers["is_fallback"].any()
    stands_in = anomaly.asked.seasonal_naive(rows).with_columns(
        rows["subject"], as_of=pl.lit(AS_OF), model_version=pl.lit("1")
    )
    for one in (answers, stands_in):
        found = anomaly.anomaly_table(past, rows, one, as_of=AS_OF)
        assert found.filter(member="firm")["since"][0] == AS_OF - timedelta(days=5)
