"""How good the payment model has been: trained at past days on what was known then, against the baseline.

Rolling origin (Tashman, "Out-of-sample tests of forecasting accuracy", Int. J. Forecasting 16, 2000). At each
origin every invoice then open is forecast by the model and by due date plus the client's mean lateness. Times
are cut at WINDOW days after the origin, forecast and actual alike, so that invoices still unpaid count too:
quantiles keep their meaning under such a cut, and dropping the unpaid would flatter every model.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from opslayer.intelligence.cash import empirical
from opslayer.intelligence.cash.forecast import LEVELS, MODEL, MODEL_VERSION, Prediction, predict
from opslayer.intelligence.cash.history import (
    Floats,
    Integers,
    day_number,
    known_on,
    learnable,
    open_invoices,
)
from opslayer.intelligence.tables import typed

BASELINE = "due_date_and_mean_lateness"
WINDOW = 91
STEP = 14
ORIGINS = 13
QUANTILES = (0.025, 0.10, 0.25, 0.50, 0.75, 0.90, 0.975)
HORIZON_WEEKS = (1, 4, 8, 13)
NAMES = {
    ("mae_days", WINDOW // 7): "Date off by, on average",
    ("pinball", WINDOW // 7): "Pinball loss over seven quantiles (lower is better)",
    **{
        (f"coverage_{level}", WINDOW // 7): f"Outcomes within the {level}% interval (right is {level}%)"
        for level in LEVELS
    },
    **{
        ("cash_ape", weeks): f"Cash within {weeks} week{'s' if weeks > 1 else ''} off by, in the middle case"
        for weeks in HORIZON_WEEKS
    },
}
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "origin": pl.Date(),
        "model": pl.String(),
        "horizon_weeks": pl.Int32(),
        "metric": pl.String(),
        "value": pl.Float64(),
        "invoices": pl.Int32(),
        "model_version": pl.String(),
    }
)


def backtest(history: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row an origin, model, metric and horizon (columns of intelligence.cash_backtest).

    Origins lie STEP days apart and end WINDOW days before `as_of`, so every outcome is known. Empty where
    no origin has enough history for the model. Of a cash_ape, `horizon_weeks` is the window whose cash is
    compared; of the others it is the window that times are cut at.
    """
    rows: list[tuple[date, str, int, str, float, int]] = []
    for step in range(ORIGINS):
        origin = as_of - timedelta(days=WINDOW + STEP * step)
        rows += _judge(history, origin)
    frame = pl.DataFrame(
        rows, schema=["origin", "model", "horizon_weeks", "metric", "value", "invoices"], orient="row"
    )
    frame = frame.with_columns(as_of=pl.lit(as_of), model_version=pl.lit(MODEL_VERSION))
    return typed(frame, SCHEMA)


def backtest_summary(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a metric and horizon: `model`, `baseline`, `invoices`. Means, weighted by invoices;
    of cash_ape the median."""
    mean = (pl.col("value") * pl.col("invoices")).sum() / pl.col("invoices").sum()
    value = pl.when(pl.col("metric").first() == "cash_ape").then(pl.col("value").median()).otherwise(mean)
    long = frame.group_by("metric", "horizon_weeks", "model").agg(
        value=value, invoices=pl.col("invoices").sum()
    )
    names = {MODEL: "model", BASELINE: "baseline"}
    sides = [
        long.filter(pl.col("model") == name).select(
            "metric", "horizon_weeks", "invoices", pl.col("value").alias(side)
        )
        for name, side in names.items()
    ]
    joined = sides[0].join(sides[1].drop("invoices"), on=["metric", "horizon_weeks"], how="left")
    return joined.select("metric", "horizon_weeks", "model", "baseline", "invoices").sort(
        "metric", "horizon_weeks"
    )


def backtest_verdict(frame: pl.DataFrame) -> str:
    """One sentence on whether the model has been worth having."""
    if frame.is_empty():
        return "There is too little history to test the payment model; its dates have no record yet."
    table = {
        row["metric"]: row
        for row in backtest_summary(frame).iter_rows(named=True)
        if row["metric"] != "cash_ape"
    }
    days, loss = table["mae_days"], table["pinball"]
    wins = [name for name, row in (("date", days), ("interval", loss)) if row["model"] < row["baseline"]]
    judgement = {
        2: "The model has been better than the baseline in both dates and intervals",
        1: f"The model has been better than the baseline in its {''.join(wins)}s only",
        0: "The model has NOT been better than due date plus mean lateness; read its dates with that in mind",
    }[len(wins)]
    return (
        f"{judgement}: dates were {days['model']:.1f} days off on average against {days['baseline']:.1f}, "
        f"and {table['coverage_80']['model']:.0%} of outcomes fell in its 80% intervals "
        f"({days['invoices']:,} forecasts of open invoices at {frame['origin'].n_unique()} past days). "
        f"{_cash_words(frame)}"
    )


def backtest_table(frame: pl.DataFrame) -> pl.DataFrame:
    """The summary as a person reads it: columns measure, model, baseline (text), in the order of NAMES."""
    rows = {
        (row["metric"], row["horizon_weeks"]): row for row in backtest_summary(frame).iter_rows(named=True)
    }
    written = {
        "mae_days": "{:.1f} days".format,
        "pinball": "{:.2f} days".format,
    }
    lines = [
        (words, *(written.get(key[0], "{:.0%}".format)(rows[key][side]) for side in ("model", "baseline")))
        for key, words in NAMES.items()
        if key in rows
    ]
    return pl.DataFrame(
        lines, schema=dict.fromkeys(("measure", "model", "baseline"), pl.String), orient="row"
    )


def _cash_words(frame: pl.DataFrame) -> str:
    """Where the model's cash was closer than the baseline's, and where it was not."""
    rows = backtest_summary(frame).filter(pl.col("metric") == "cash_ape").iter_rows(named=True)
    told: dict[str, list[str]] = {"closer": [], "as close": [], "further off": []}
    for row in rows:
        weeks = "1 week" if row["horizon_weeks"] == 1 else f"{row['horizon_weeks']} weeks"
        words = f"{weeks} ({row['model']:.0%} off, against {row['baseline']:.0%})"
        model, baseline = round(row["model"], 2), round(row["baseline"], 2)
        how = "closer" if model < baseline else "as close" if model == baseline else "further off"
        told[how].append(words)
    parts = [f"{how} within {', '.join(which)}" for how, which in told.items() if which]
    return f"Its cash was {'; '.join(parts)}." if parts else ""


def _judge(history: pl.DataFrame, origin: date) -> list[tuple[date, str, int, str, float, int]]:
    items = known_on(history, origin).filter(pl.col("paid_on").is_null() & (pl.col("total_base") > 0))
    items = items.with_columns(open_base="total_base").sort("due_on", "invoice_id")
    learnt = learnable(history, origin)
    if items.is_empty():
        return []
    invoices = open_invoices(items, origin, learnt.clients)
    prediction = predict(learnt, invoices)
    if prediction.model != MODEL:
        return []
    paid = items.select("invoice_id").join(history, on="invoice_id", how="left", maintain_order="left")[
        "paid_on"
    ]
    today = day_number(origin)
    actual = paid.to_physical().fill_null(today + WINDOW).cast(pl.Int64).to_numpy() - today
    actual = np.minimum(actual, WINDOW).astype(np.int64)
    unpaid = paid.is_null().to_numpy() | (paid.to_physical().fill_null(0).to_numpy() > today + WINDOW)
    when = np.where(unpaid, WINDOW + 1, actual)
    expected, share = empirical.payment_probability(learnt, invoices, shrink=False)
    baseline = Prediction(share, BASELINE, 0.0)
    return [
        (origin, model.model, horizon, metric, value, len(items))
        for model, point in ((prediction, prediction.days(0.5)), (baseline, expected))
        for metric, horizon, value in _metrics(model, point, actual, when, invoices.amount)
    ]


def _metrics(
    prediction: Prediction, point: Floats, actual: Integers, when: Integers, amount: Floats
) -> list[tuple[str, int, float]]:
    weeks = WINDOW // 7
    quantile = {p: np.minimum(prediction.days(p), WINDOW) for p in QUANTILES}
    losses = [
        np.where(actual >= days, p * (actual - days), (1 - p) * (days - actual))
        for p, days in quantile.items()
    ]
    found = [
        ("mae_days", weeks, float(np.abs(np.minimum(point, WINDOW) - actual).mean())),
        ("pinball", weeks, float(np.mean(losses))),
    ]
    for level, (low, high) in LEVELS.items():
        inside = (quantile[low] <= actual) & (actual <= quantile[high])
        found.append((f"coverage_{level}", weeks, float(inside.mean())))
    for horizon in HORIZON_WEEKS:
        received = float(amount[when <= 7 * horizon].sum())
        if received > 0:
            forecast = float((amount * prediction.paid_within[:, 7 * horizon - 1]).sum())
            found.append(("cash_ape", horizon, abs(forecast - received) / received))
    return found
