"""The win model: each week an open deal is won, lost, or stays open.

A discrete-time competing-risks hazard (Allison, "Discrete-time methods for the analysis of event histories",
Sociological Methodology 13, 1982; Tutz and Schmid, Modeling Discrete Time-to-Event Data, 2016, chapter 8),
taught by landmarks: a deal is looked at on a day, with what was known then, and followed from there (van
Houwelingen, "Dynamic prediction by landmarking in event history analysis", Scand. J. Statistics 34, 2007).
The hazard is factored, which loses nothing: the chance that a week closes the deal, times the chance that a
close is a win; each is a binomial GLM on the stage at the landmark by weeks since, and on the traits. Deals
still open are censored: they give exposure and no event. Each coefficient gets one trial of its own at the
firm's rate (of a trait: at no effect), so that a cell without wins is unlikely and not impossible: a log-F
prior by data (Greenland and Mansournia, "Penalization, bias reduction, and default priors", Statistics in
Medicine 34, 2015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.special import expit

from opslayer.intelligence.regression import converged
from opslayer.intelligence.win.history import FEWEST_OF_A_KIND, OTHER, TRAITS, traits

Floats = NDArray[np.float64]

EDGES = (0, 1, 2, 4, 6, 9, 13, 20, 104)  # weeks since the landmark
WEEKS = EDGES[-1]  # a deal that is open for longer than that counts as lost
FEWEST = 40  # won deals, and lost ones, below which nothing is fitted: ten for each of the first four effects
PRIOR = 1.0  # trials that speak for each coefficient before the data do


@dataclass(frozen=True)
class Effects:
    """Coefficients of one of the two models, their covariance, and the columns they belong to."""

    columns: tuple[tuple[str, str], ...]
    values: Floats
    covariance: Floats


@dataclass(frozen=True)
class WinModel:
    """`closing`: that a week closes the deal; `winning`: that a close is a win; `levels`: of each trait."""

    levels: dict[str, tuple[str, ...]]
    medians: pl.DataFrame
    closing: Effects
    winning: Effects
    deals: int
    won: int


def fit(rows: pl.DataFrame, medians: pl.DataFrame) -> WinModel | None:
    """The model taught by landmarks; None where too few deals have closed or a fit does not converge."""
    closed = rows.drop_nulls("event").unique("opportunity_id")
    won = int((closed["event"] == "won").sum())
    if won < FEWEST or len(closed) - won < FEWEST:
        return None
    seen = traits(rows, medians)
    levels = {name: _levels(seen, name) for name in ("stage", *TRAITS)}
    cells = _cells(_known_levels(seen, levels))
    # landmarks of one deal say nearly the same: what they say is worth one deal (Kish 1965, design effect)
    repeats = len(rows) / rows["opportunity_id"].n_unique()
    columns = tuple(
        [(s, str(b)) for s in levels["stage"] for b in range(len(EDGES) - 1)]
        + [(name, level) for name in TRAITS for level in levels[name][1:]]
    )
    closing = _regress(cells, columns, "closes", "exposure", repeats)
    winning = _regress(cells.filter(pl.col("closes") > 0), columns, "wins", "closes", repeats)
    if closing is None or winning is None:
        return None
    return WinModel(levels, medians, closing, winning, len(closed), won)


def weekly(model: WinModel, deals: pl.DataFrame) -> tuple[Floats, Floats]:
    """Chance that each of `deals` (columns of `known_on`) is won, and lost, by week: (deals, WEEKS)."""
    spans = _designs(model, deals)
    return _weekly(spans, model.closing.values, model.winning.values, len(deals))


def probability_draws(model: WinModel, deals: pl.DataFrame, *, draws: int, seed: int) -> Floats:
    """Win probabilities under coefficients drawn from their normal approximation; shape (draws, deals)."""
    spans = _designs(model, deals)
    chance = np.random.default_rng(seed)
    drawn = [
        chance.multivariate_normal(part.values, part.covariance, draws, method="eigh")
        for part in (model.closing, model.winning)
    ]
    return np.array(
        [_weekly(spans, one, other, len(deals))[0].sum(axis=1) for one, other in zip(*drawn, strict=True)]
    ).reshape(draws, len(deals))


def effect(model: WinModel, trait: str, level: str) -> float:
    """Log odds that a close is a win, of a trait's level against the first of its levels."""
    values: list[float] = model.winning.values.tolist()
    return dict(zip(model.winning.columns, values, strict=True)).get((trait, level), 0.0)


def _levels(seen: pl.DataFrame, name: str) -> tuple[str, ...]:
    """Levels with deals enough, the most frequent first; the rest is OTHER."""
    column = f"{name}"
    counts = (
        seen.group_by(column)
        .agg(deals=pl.col("opportunity_id").n_unique())
        .sort(["deals", column], descending=[True, False])
    )
    large = counts.filter(pl.col("deals") >= FEWEST_OF_A_KIND)[column].to_list()
    return (*large, OTHER) if len(large) < len(counts) or not large else tuple(large)


def _known_levels(seen: pl.DataFrame, levels: dict[str, tuple[str, ...]]) -> pl.DataFrame:
    """Levels that were not seen in teaching become OTHER, or the most frequent where there is no OTHER."""
    return seen.with_columns(
        pl.when(pl.col(name).is_in(list(known)))
        .then(pl.col(name))
        .otherwise(pl.lit(OTHER if OTHER in known else known[0]))
        .alias(name)
        for name, known in levels.items()
    )


def _cells(seen: pl.DataFrame) -> pl.DataFrame:
    """Weeks at risk, closes and wins by stage, span of weeks since the landmark, and traits."""
    spans = pl.DataFrame({"span": range(len(EDGES) - 1), "low": EDGES[:-1], "high": EDGES[1:]})
    grouped = seen.group_by(
        "stage", *TRAITS, "event", pl.col("weeks").clip(upper_bound=WEEKS + 1), maintain_order=True
    ).agg(deals=pl.len())
    inside = (pl.col("weeks") <= pl.col("high")) & pl.col("event").is_not_null()
    at_risk = pl.min_horizontal("weeks", "high") - pl.col("low")
    return (
        grouped.join_where(spans, pl.col("weeks") > pl.col("low"))
        .group_by("stage", "span", *TRAITS)
        .agg(
            exposure=(at_risk * pl.col("deals")).sum().cast(pl.Float64),
            closes=pl.col("deals").filter(inside).sum().cast(pl.Float64),
            wins=pl.col("deals").filter(inside & (pl.col("event") == "won")).sum().cast(pl.Float64),
        )
        .sort("stage", "span", *TRAITS)
    )


def _regress(
    cells: pl.DataFrame, columns: tuple[tuple[str, str], ...], events: str, trials: str, repeats: float
) -> Effects | None:
    happened, tried = cells[events].to_numpy(), cells[trials].to_numpy()
    rate = float(np.clip(happened.sum() / max(tried.sum(), 1.0), 1e-3, 1 - 1e-3))
    prior = np.array([0.5 if name in TRAITS else rate for name, _ in columns])
    design = np.vstack([_design(cells, columns), np.eye(len(columns))])
    happened = np.append(happened, PRIOR * prior)
    tried = np.append(tried, np.full(len(columns), PRIOR))
    outcome = np.column_stack([happened, tried - happened])
    # the trials of their own give the design full rank and no constant: neither has to be searched for
    model = sm.GLM(outcome, design, family=sm.families.Binomial(), hasconst=False)
    # Newton's steps need no singular values, most of the time of reweighting; rarely they overshoot
    result = converged(model, method="newton", start_params=np.zeros(len(columns)))
    result = converged(model) if result is None else result
    if result is None:
        return None
    values, covariance = np.asarray(result.params), np.asarray(result.cov_params()) * repeats
    return Effects(columns, values, covariance) if np.isfinite(covariance).all() else None


def _design(cells: pl.DataFrame, columns: tuple[tuple[str, str], ...]) -> Floats:
    """One row a cell, ones where it has the column's level; stage columns hold a stage and a span."""
    held = {name: cells[name].to_numpy() for name in ("stage", *TRAITS)}
    span = cells["span"].cast(pl.String).to_numpy()
    return np.column_stack(
        [
            held[name] == level if name in TRAITS else (held["stage"] == name) & (span == level)
            for name, level in columns
        ]
    ).astype(np.float64)


def _designs(model: WinModel, deals: pl.DataFrame) -> list[Floats]:
    """One design a span of weeks, for the deals on their day."""
    seen = _known_levels(traits(deals, model.medians), model.levels)
    columns = model.closing.columns
    held = {name: seen[name].to_numpy() for name in ("stage", *TRAITS)}
    design = np.column_stack(
        [held[name] == level if name in TRAITS else held["stage"] == name for name, level in columns]
    ).astype(np.float64)
    # they differ in one thing: a stage's column counts in its own span alone
    span_of = np.array([-1 if name in TRAITS else int(level) for name, level in columns])
    return [design * ((span_of == -1) | (span_of == span)) for span in range(len(EDGES) - 1)]


def _weekly(spans: list[Floats], closing: Floats, winning: Floats, deals: int) -> tuple[Floats, Floats]:
    won, lost = np.zeros((deals, WEEKS)), np.zeros((deals, WEEKS))
    alive = np.ones(deals)
    for design, low, high in zip(spans, EDGES[:-1], EDGES[1:], strict=True):
        close, win = expit(design @ closing), expit(design @ winning)
        weeks = np.arange(high - low)
        closes = alive[:, None] * close[:, None] * (1.0 - close)[:, None] ** weeks
        won[:, low:high], lost[:, low:high] = closes * win[:, None], closes * (1.0 - win)[:, None]
        alive = alive * (1.0 - close) ** (high - low)
    return won, lost
