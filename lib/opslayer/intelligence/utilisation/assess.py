"""Each person's last four weeks against their target: the numbers, who is named, and the cause."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from opslayer.intelligence.utilisation.level import judge, learn_noise, learn_others
from opslayer.intelligence.utilisation.since import began, visible
from opslayer.intelligence.utilisation.weeks import WINDOW, Floats, Weeks, read_weeks

MARGIN = 0.1  # of the available hours, half a day in a full week: less is nobody's to mend
NAMED = 0.9  # probability of being more than MARGIN below from which a person is named
LEAST_HOURS = 40.0  # with fewer hours to work in the four weeks, one full week's, nobody is judged
INTERVALS = (80, 95)
MONEY = pl.Decimal(18, 2)


def assess_people(person_week: pl.DataFrame, people: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row a person of `people` (columns of the query person_standing), with what the four weeks say.

    `person_week` has the columns of marts.person_week. A person is named where the probability of being more
    than MARGIN below the target is NAMED or more: of those named no more than 1 - NAMED are expected to be
    named falsely, however many people are looked at (Mueller, Parmigiani and Rice 2006, FDR and Bayesian
    multiple comparisons rules).
    """
    people = people.sort("person_id")
    weeks = read_weeks(person_week, people["person_id"].to_list(), as_of)
    target = people["utilisation_target"].cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
    hours, billable = weeks.window(weeks.available), weeks.window(weeks.billable)
    use = billable / np.where(hours > 0, hours, np.nan)
    noise = learn_noise(weeks, people["practice"].fill_null("").to_list())
    others = learn_others(use, hours, target, noise)
    level = judge(use, hours, target, noise, others)
    monday = weeks.starts[-1] + timedelta(weeks=1)
    first = monday - timedelta(weeks=WINDOW)
    is_new = (people["hired_on"] > first).fill_null(value=False)
    here = (~is_new & (people["left_on"].is_null() | (people["left_on"] > as_of))).to_numpy()
    judged = (hours >= LEAST_HOURS) & ~np.isnan(target) & here
    probability = np.where(judged, level.below(MARGIN), np.nan)
    named = np.where(judged, probability, 0.0) >= NAMED
    seen = visible(weeks, target, noise, others, margin=MARGIN, named=NAMED, least=LEAST_HOURS)
    start = began(weeks, target, MARGIN)
    short_by_week = np.nan_to_num(target)[:, None] * weeks.available - weeks.billable
    since = np.arange(short_by_week.shape[1]) >= start[:, None]
    columns = _hours(weeks) | {
        "utilisation": use,
        "level": np.where(judged, target + level.gap(0.5), np.nan),
        "probability_below": np.where(judged, level.below(), np.nan),
        "probability_short": probability,
        "short_hours": np.where(judged, np.maximum(weeks.window(short_by_week), 0.0), np.nan),
        "short_since_hours": np.where(named, np.maximum((short_by_week * since).sum(axis=1), 0.0), np.nan),
    }
    for interval in INTERVALS:
        for side, quantile in (("lower", 0.5 - interval / 200), ("upper", 0.5 + interval / 200)):
            columns[f"{side}_{interval}"] = np.where(judged, target + level.gap(quantile), np.nan)
    shown = [monday, *(week + timedelta(weeks=1) for week in weeks.starts)]  # a week is known once it is over
    return people.with_columns(
        **{name: pl.Series(values, dtype=pl.Float64).fill_nan(None) for name, values in columns.items()},
        window_start=pl.lit(first),
        is_new=is_new,
        missing_weeks=pl.Series(weeks.missing[:, -WINDOW:].sum(axis=1), dtype=pl.Int64),
        is_judged=pl.Series(judged),
        is_named=pl.Series(named),
        began_on=_days(np.where(named, start, -1), weeks.starts),
        first_visible_on=_days(np.where(named, seen, -1), shown[1:]),
    ).with_columns(
        _worth("short_hours").alias("money_short_base"),
        _worth("short_since_hours").alias("money_since_base"),
        cause=_cause(as_of),
    )


def _hours(weeks: Weeks) -> dict[str, Floats]:
    """Sums of the four weeks; what is booked on nothing is `unbooked`."""
    available, booked = weeks.window(weeks.available), weeks.window(weeks.booked)
    billable, bench = weeks.window(weeks.billable), weeks.window(weeks.bench)
    return {
        "available_hours": available,
        "leave_hours": weeks.window(weeks.leave),
        "billable_hours": billable,
        "bench_hours": bench,
        "internal_hours": np.maximum(booked - billable - bench, 0.0),
        "unbooked_hours": np.maximum(available - booked, 0.0),
        "missing_hours": weeks.window(weeks.unseen),
    }


def _days(places: np.ndarray, days: list[date]) -> pl.Series:
    return pl.Series([days[place] if 0 <= place < len(days) else None for place in places], dtype=pl.Date)


def _worth(hours: str) -> pl.Expr:
    price = pl.col("price_base").cast(pl.Float64)
    return (pl.col(hours) * price).round(2).cast(MONEY, strict=False)


def _cause(as_of: date) -> pl.Expr:
    """Where the hours of a named person went; or why nothing is said of one who is not."""
    share = {kind: pl.col(f"{kind}_hours") / pl.col("available_hours") for kind in KINDS}
    # what a kind usually takes, over everybody who is not named
    usual = {
        kind: (pl.col(f"{kind}_hours").filter(~pl.col("is_named")).sum())
        / pl.col("available_hours").filter(~pl.col("is_named")).sum()
        for kind in KINDS
    }
    excess = {kind: share[kind] - usual[kind].fill_nan(0.0) for kind in KINDS}
    largest = pl.max_horizontal(excess.values())
    whole = pl.col("available_hours") + pl.col("missing_hours") + pl.col("leave_hours")
    return (
        pl.when(pl.col("left_on") <= as_of)
        .then(pl.lit("left"))
        .when("is_named")
        .then(
            pl.when(excess["bench"] == largest)
            .then(pl.lit("bench"))
            .when(excess["internal"] == largest)
            .then(pl.lit("non_billable"))
            .otherwise(pl.lit("unbooked"))
        )
        .when("is_new")
        .then(pl.lit("new"))
        .when(whole == 0)
        .then(pl.lit("no_hours"))
        .when(pl.col("missing_weeks") > 0)
        .then(pl.lit("missing_sheet"))
        .when(pl.col("utilisation_target").is_null())
        .then(pl.lit("no_target"))
        .when((~pl.col("is_judged")) & (pl.col("leave_hours") * 2 >= whole))
        .then(pl.lit("leave"))
        .when(~pl.col("is_judged"))
        .then(pl.lit("few_hours"))
        .otherwise(pl.lit("none"))
    )


KINDS = ("bench", "internal", "unbooked")
