"""When open invoices will be paid: dates, intervals, the cash they make, and the record of the model."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from opslayer.errors import UsageError
from opslayer.intelligence import cash
from opslayer.intelligence.cash import empirical, hazard, simulation
from opslayer.intelligence.cash.forecast import FALLBACK, LEVELS, MODEL, Prediction
from opslayer.intelligence.cash.history import learnable, open_invoices

AS_OF = date(2026, 6, 30)


def ledger(invoices: int = 600, clients: int = 25, seed: int = 3, never: float = 0.0) -> pl.DataFrame:
    """A payment history with a known law: each client pays around its own lateness, never on a weekend."""
    generator = np.random.default_rng(seed)
    center = generator.normal(8, 15, clients)
    spread = generator.gamma(3, 2, clients) + 1
    client = generator.integers(0, clients, invoices)
    issued = [date(2024, 7, 1) + timedelta(days=int(d)) for d in generator.integers(0, 729, invoices)]
    late = np.round(generator.normal(center[client], spread[client])).astype(int)
    due = [day + timedelta(days=30) for day in issued]
    paid = [max(d + timedelta(days=int(l)), i) for d, l, i in zip(due, late, issued, strict=True)]
    paid = [day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0)) for day in paid]
    forgotten = generator.random(invoices) < never
    return pl.DataFrame(
        {
            "invoice_id": [f"i{n:05d}" for n in range(invoices)],
            "party_id": [f"c{c}" for c in client],
            "issued_on": issued,
            "due_on": due,
            "paid_on": [None if f else day for f, day in zip(forgotten, paid, strict=True)],
            "total_base": [Decimal(int(a)) for a in generator.integers(500, 20_000, invoices)],
        },
        schema_overrides={"paid_on": pl.Date, "total_base": pl.Decimal(18, 2)},
    )


def open_items(history: pl.DataFrame, as_of: date = AS_OF) -> pl.DataFrame:
    unpaid = pl.col("paid_on").is_null() | (pl.col("paid_on") > as_of)
    return history.filter((pl.col("issued_on") <= as_of) & unpaid).select(
        "invoice_id",
        "party_id",
        "issued_on",
        "due_on",
        party_name="party_id",
        open_base="total_base",
        is_disputed=pl.lit(False),
    )


class Snapshot:
    """The two queries a cash run asks, answered from frames."""

    def __init__(self, history: pl.DataFrame, items: pl.DataFrame) -> None:
        self.frames = {"payment_history": history, "open_items": items}

    as_of = AS_OF

    def query(self, query: str, /, **values: object) -> pl.DataFrame:
        return self.frames[query]


@pytest.fixture(scope="module")
def history() -> pl.DataFrame:
    return ledger()


@pytest.fixture(scope="module")
def tables(history: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return cash.run(Snapshot(history, open_items(history)), as_of=AS_OF, seed=1)


def test_every_open_invoice_gets_a_date_after_today_within_ordered_intervals(
    history: pl.DataFrame, tables: dict[str, pl.DataFrame]
) -> None:
    forecast = tables["payment_forecast"]
    assert sorted(forecast["invoice_id"]) == sorted(open_items(history)["invoice_id"])
    assert set(forecast["model"]) == {MODEL}
    order = ["lower_95", "lower_80", "lower_50", "expected_on", "upper_50", "upper_80", "upper_95"]
    assert forecast.select((pl.col("lower_95") > AS_OF).all()).item()
    for earlier, later in pairwise(order):
        assert forecast.select((pl.col(earlier) <= pl.col(later)).all()).item(), (earlier, later)
    late = forecast.filter(pl.col("due_on") <= AS_OF)["probability_late"]
    assert late.len() > 0
    assert (late == 1.0).all()
    assert forecast["probability_late"].is_between(0, 1).all()


def test_no_payment_is_expected_on_a_weekend_where_none_ever_was(tables: dict[str, pl.DataFrame]) -> None:
    assert tables["payment_forecast"]["expected_on"].dt.weekday().max() <= 5  # type: ignore[operator]


def test_same_input_and_day_give_the_same_tables(
    history: pl.DataFrame, tables: dict[str, pl.DataFrame]
) -> None:
    shuffled = history.sample(fraction=1.0, shuffle=True, seed=9)
    again = cash.run(Snapshot(shuffled, open_items(shuffled)), as_of=AS_OF, seed=1)
    for name, table in tables.items():
        assert_frame_equal(table, again[name])
    other = cash.run(Snapshot(history, open_items(history)), as_of=AS_OF, seed=2)
    assert not other["cash_forecast"].equals(tables["cash_forecast"])


def test_the_model_beats_the_baseline_and_its_intervals_hold(tables: dict[str, pl.DataFrame]) -> None:
    summary = {
        row["metric"]: row
        for row in cash.backtest_summary(tables["cash_backtest"]).iter_rows(named=True)
        if row["metric"] != "cash_ape"
    }
    assert summary["mae_days"]["model"] < summary["mae_days"]["baseline"]
    assert summary["pinball"]["model"] < summary["pinball"]["baseline"]
    assert summary["mae_days"]["invoices"] > 300
    for level in ("50", "80", "95"):
        assert summary[f"coverage_{level}"]["model"] == pytest.approx(int(level) / 100, abs=0.08)
    assert "better than the baseline in both" in cash.backtest_verdict(tables["cash_backtest"])


def test_a_forecast_knows_nothing_of_later_days(history: pl.DataFrame) -> None:
    origin = AS_OF - timedelta(days=120)
    items = open_items(history, origin)
    later = pl.col("paid_on") > origin
    blind = history.filter(pl.col("issued_on") <= origin).with_columns(
        paid_on=pl.when(later).then(pl.col("paid_on") + pl.duration(days=200)).otherwise("paid_on")
    )
    assert_frame_equal(
        cash.forecast_payments(history, items, as_of=origin),
        cash.forecast_payments(blind, items, as_of=origin),
    )


def test_open_invoices_that_are_long_overdue_make_their_client_later(history: pl.DataFrame) -> None:
    usual = history.filter((pl.col("party_id") == "c1") & (pl.col("paid_on") <= AS_OF))
    stuck = usual.head(4).with_columns(
        pl.col("invoice_id") + "-open",
        due_on=pl.lit(AS_OF - timedelta(days=80)),
        issued_on=pl.lit(AS_OF - timedelta(days=110)),
        paid_on=pl.lit(None, pl.Date),
    )
    without = learnable(history, AS_OF)
    with_ = learnable(pl.concat([history, stuck]), AS_OF)
    one = without.clients.index("c1")
    assert hazard.client_lateness(with_).center[one] > hazard.client_lateness(without).center[one] + 5


def test_payment_probability_rises_to_what_is_ever_paid() -> None:
    """With a tenth never paid, an old open invoice must keep a probability of never."""
    history = ledger(never=0.1)
    learnt = learnable(history, AS_OF)
    model = hazard.fit(learnt)
    assert model is not None
    items = open_items(history).sort("due_on", "invoice_id")
    share = hazard.payment_probability(model, open_invoices(items, AS_OF, learnt.clients))
    assert (np.diff(share, axis=1) >= 0).all()
    old = (items["due_on"] < AS_OF - timedelta(days=250)).to_numpy()
    fresh = (items["due_on"] > AS_OF).to_numpy()
    assert old.sum() > 10
    assert share[old, -1].mean() < share[fresh, -1].mean() - 0.1


def test_reasons_count_what_a_person_can_count() -> None:
    paid = [(10, "a"), (20, "a"), (30, "a")]
    rows = [
        (f"p{n}", client, date(2026, 1, 1), date(2026, 1, 31), date(2026, 1, 31) + timedelta(days=late))
        for n, (late, client) in enumerate(paid)
    ]
    rows.append(("open", "a", date(2026, 5, 1), date(2026, 5, 27), None))
    rows.append(("new", "b", date(2026, 6, 1), date(2026, 7, 1), None))
    history = pl.DataFrame(
        rows, schema=["invoice_id", "party_id", "issued_on", "due_on", "paid_on"], orient="row"
    ).with_columns(total_base=pl.lit(Decimal(100)))
    forecast = cash.forecast_payments(history, open_items(history), as_of=AS_OF)
    reasons = dict(forecast.select("invoice_id", "reasons").iter_rows())
    assert reasons["open"].startswith(
        "This client's last 3 invoices were paid 20 days late on average; 34 days past due now; "
        "longer than any of its 3 paid invoices took"
    )
    assert reasons["new"].startswith("No paid invoice of this client yet: the firm's habit; due in 1 day;")
    assert all("too little history" in text for text in reasons.values())


@pytest.mark.parametrize("payments", [0, 1, 12, hazard.FEWEST_PAID - 1])
def test_with_little_history_the_declared_fallback_answers_and_says_so(payments: int) -> None:
    history = ledger(invoices=60, clients=4)
    known = history.filter(pl.col("paid_on") <= AS_OF).sort("paid_on").head(payments)
    items = open_items(ledger(invoices=200, seed=8)).head(5)
    forecast = cash.forecast_payments(known, items, as_of=AS_OF)
    assert forecast.height == 5
    assert set(forecast["model"]) == {FALLBACK}
    assert (
        forecast.select((pl.col("lower_95") > AS_OF) & (pl.col("lower_95") < pl.col("upper_95")))
        .to_series()
        .all()
    )
    weekly = cash.forecast_cash(known, items, as_of=AS_OF)
    assert weekly["expected_base"].sum() > 0
    assert cash.backtest(known, as_of=AS_OF).is_empty()
    assert "too little history" in cash.backtest_verdict(cash.backtest(known, as_of=AS_OF))


def test_the_baseline_is_due_date_plus_the_mean_lateness_of_the_client() -> None:
    history = ledger()
    learnt = learnable(history, AS_OF)
    means, firm, _ = empirical.client_means(learnt, shrink=False)
    paid = history.filter(pl.col("paid_on") <= AS_OF)
    late = paid.with_columns(late=(pl.col("paid_on") - pl.col("due_on")).dt.total_days())
    by_hand = dict(late.group_by("party_id").agg(pl.col("late").mean()).iter_rows())
    for client, mean in zip(learnt.clients, means, strict=True):
        assert mean == pytest.approx(by_hand[client], abs=1e-6)
    assert firm == pytest.approx(late["late"].mean())


def test_credits_and_overpayments_bring_no_cash(history: pl.DataFrame) -> None:
    items = open_items(history)
    credit = items.head(1).with_columns(pl.lit("credit").alias("invoice_id"), open_base=pl.lit(Decimal(-500)))
    credit = credit.with_columns(pl.col("open_base").cast(items.schema["open_base"]))
    both = pl.concat([items, credit])
    assert "credit" not in cash.forecast_payments(history, both, as_of=AS_OF)["invoice_id"]
    assert_frame_equal(
        cash.forecast_cash(history, both, as_of=AS_OF, seed=4),
        cash.forecast_cash(history, items, as_of=AS_OF, seed=4),
    )


def test_weekly_cash_is_what_the_invoices_are_expected_to_bring(
    history: pl.DataFrame, tables: dict[str, pl.DataFrame]
) -> None:
    weekly = tables["cash_forecast"]
    assert weekly["week"].to_list() == list(range(1, 14))
    assert weekly["week_start"][0] == AS_OF + timedelta(days=1)
    items = open_items(history).sort("due_on", "invoice_id")
    learnt = learnable(history, AS_OF)
    invoices = open_invoices(items, AS_OF, learnt.clients)
    model = hazard.fit(learnt)
    assert model is not None
    share = hazard.payment_probability(model, invoices)
    exact = float((invoices.amount * share[:, 90]).sum())
    assert float(weekly["expected_base"].sum()) == pytest.approx(exact, rel=0.01)
    for level in LEVELS:
        assert weekly.select((pl.col(f"lower_{level}") <= pl.col(f"upper_{level}")).all()).item()
    assert weekly.select((pl.col("lower_95") <= pl.col("lower_50")).all()).item()


def test_invoices_of_one_client_move_together_as_far_as_they_are_correlated() -> None:
    history = ledger()
    items = open_items(history).with_columns(party_id=pl.lit("c1"))
    learnt = learnable(history, AS_OF)
    invoices = open_invoices(items, AS_OF, learnt.clients)
    share = np.tile(np.linspace(0.01, 0.95, hazard.HORIZON), (len(items), 1))
    spread = [
        simulation.simulate(invoices, Prediction(share, MODEL, correlation), seed=1)[:, :8].sum(axis=1).std()
        for correlation in (0.0, 0.5, 0.95)
    ]
    assert spread[0] * 1.5 < spread[1] < spread[2]


def test_what_is_never_paid_is_in_no_week() -> None:
    history = ledger()
    items = open_items(history)
    invoices = open_invoices(items, AS_OF, learnable(history, AS_OF).clients)
    share = np.full((len(items), hazard.HORIZON), 0.4)
    weekly = simulation.simulate(invoices, Prediction(share, MODEL, 0.0), seed=1)
    assert weekly.sum(axis=1).mean() == pytest.approx(0.4 * invoices.amount.sum(), rel=0.02)
    assert weekly[:, 1:].sum() == 0


def test_correlation_is_found_where_a_client_is_late_with_everything() -> None:
    base = ledger(invoices=800, clients=10)
    generator = np.random.default_rng(1)
    shared = {
        (client, month): int(shift)
        for client in base["party_id"].unique().sort()
        for month, shift in enumerate(generator.normal(0, 12, 12 * 3))
    }
    shift = [
        shared[client, (due.year - 2024) * 12 + due.month - 1]
        for client, due in base.select("party_id", "due_on").iter_rows()
    ]
    moved = base.with_columns(
        paid_on=pl.max_horizontal(
            pl.col("issued_on"), pl.col("paid_on") + pl.duration(days=pl.Series("shift", shift))
        )
    )
    apart, together = (hazard.fit(learnable(frame, AS_OF)) for frame in (base, moved))
    assert apart is not None
    assert together is not None
    assert together.correlation > apart.correlation + 0.15


def test_the_headline_adds_up_and_the_backtest_reads_as_a_table(tables: dict[str, pl.DataFrame]) -> None:
    forecast, weekly = tables["payment_forecast"], tables["cash_forecast"]
    late = cash.expected_late(forecast)
    assert (late["expected_on"] > late["due_on"]).all()
    days = (late["expected_on"] - late["due_on"]).dt.total_days()
    assert (late["open_base"].cast(float) * days).is_sorted(descending=True)
    text = cash.headline(forecast, weekly, currency="EUR")
    assert f"open in {forecast.height} invoices" in text
    assert f"{late.height} invoices worth" in text
    assert cash.headline(forecast.clear(), weekly, currency="EUR") == "No invoice is open."
    table = cash.backtest_table(tables["cash_backtest"])
    assert table.height == 9
    assert table["measure"][0] == "Date off by, on average"
    assert table["model"][0].endswith(" days")
    assert cash.backtest_table(tables["cash_backtest"].clear()).is_empty()


def test_nothing_open_gives_empty_payments_and_weeks_of_zero(history: pl.DataFrame) -> None:
    nothing = open_items(history).clear()
    assert cash.forecast_payments(history, nothing, as_of=AS_OF).is_empty()
    weekly = cash.forecast_cash(history, nothing, as_of=AS_OF)
    assert weekly["upper_95"].to_list() == [Decimal("0.00")] * 13


def test_an_invoice_paid_before_it_was_issued_or_due_at_once_breaks_nothing(history: pl.DataFrame) -> None:
    odd = history.head(40).with_columns(
        pl.col("invoice_id") + "-odd",
        due_on=pl.col("issued_on") - pl.duration(days=3),
        paid_on=pl.col("issued_on") - pl.duration(days=5),
    )
    forecast = cash.forecast_payments(pl.concat([history, odd]), open_items(history), as_of=AS_OF)
    assert set(forecast["model"]) == {MODEL}


def test_a_snapshot_of_another_day_is_refused(history: pl.DataFrame) -> None:
    with pytest.raises(UsageError, match="the snapshot is as of 2026-06-30"):
        cash.run(Snapshot(history, open_items(history)), as_of=AS_OF + timedelta(days=1))


def test_with_enough_history_amount_and_terms_count_too() -> None:
    """Large invoices are paid twenty days later by everyone, which no client mean can see."""
    large = pl.col("total_base") > 13_000
    history = ledger(invoices=3000).with_columns(
        paid_on=pl.when(large).then(pl.col("paid_on") + pl.duration(days=20)).otherwise("paid_on")
    )
    model = hazard.fit(learnable(history, AS_OF))
    assert model is not None
    assert model.amount_effect[-1] < -0.3
    two = open_items(history).filter(pl.col("due_on") > AS_OF).head(1)
    sizes = pl.concat(
        [two.with_columns(open_base=pl.lit(Decimal(a)).cast(pl.Decimal(18, 2))) for a in (900, 18_000)]
    )
    small_first = sizes.with_columns(invoice_id=pl.Series(["small", "large"]))
    dates = dict(
        cash.forecast_payments(history, small_first, as_of=AS_OF)
        .select("invoice_id", "expected_on")
        .iter_rows()
    )
    assert dates["large"] > dates["small"] + timedelta(days=3)


@pytest.mark.real
@pytest.mark.parametrize("as_of", [date(2021, 1, 15), date(2021, 3, 11)])
def test_on_a_real_ledger_the_model_beats_the_baseline(real_data: Path, as_of: date) -> None:
    table = pl.read_csv(real_data / "connectors/xero/xero_invoice_data.csv", infer_schema=False)
    sales = table.filter((pl.col("type") == "ACCREC") & pl.col("status").is_in(["PAID", "AUTHORISED"]))
    history = sales.select(
        "invoice_id",
        party_id="contact_id",
        issued_on=pl.col("date").str.to_date(),
        due_on=pl.col("due_date").str.to_date(),
        paid_on=pl.col("fully_paid_on_date").str.to_date(strict=False),
        total_base=pl.col("total").cast(pl.Float64) / pl.col("currency_rate").cast(pl.Float64),
    )
    summary = {
        row["metric"]: row
        for row in cash.backtest_summary(cash.backtest(history, as_of=as_of)).iter_rows(named=True)
        if row["metric"] != "cash_ape"
    }
    assert summary["mae_days"]["model"] < summary["mae_days"]["baseline"]
    assert summary["pinball"]["model"] < summary["pinball"]["baseline"]
    assert summary["coverage_80"]["model"] == pytest.approx(0.8, abs=0.1)
    forecast = cash.forecast_payments(history, open_items(history, as_of), as_of=as_of)
    assert set(forecast["model"]) == {MODEL}
    if as_of == date(2021, 1, 15):
        assert forecast.height == 11
        assert float(forecast["open_base"].sum()) == pytest.approx(45_368.71, abs=0.06)
