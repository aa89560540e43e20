"""What price did to the outcome of past deals: a logistic regression on price against list, shrunk.

Maximum a posteriori with normal priors, by Newton's method; its spread is the curvature at the maximum
(Bishop, Pattern Recognition and Machine Learning, 4.4 and 4.5). The prior on price is centred on no effect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

Floats = NDArray[np.float64]

FEWEST = 30  # deals won, and deals lost, from which history is asked
EVIDENCE = 0.9  # probability that a higher price wins less, from which price is said to have moved outcomes
PRICE_SPREAD = 3.0  # prior standard deviation of the effect of ln(price / list) on the log odds
TRAIT_SPREAD = 1.0  # of each practice, channel and of a client won before
EXTREME = 1.0  # ln(price / list) beyond which a price is taken for a slip of the pen, and held there
STEPS = 50


@dataclass(frozen=True)
class PriceEffect:
    """Log odds of winning for one unit of ln(price / list): `slope` +- `spread`; from `won` + `lost` deals.

    `low` and `high` are the levels, price over list, between which nine in ten of the won deals lay; by
    practice, and of the firm under the key "".
    """

    slope: float
    spread: float
    won: int
    lost: int
    low: dict[str, float]
    high: dict[str, float]

    @property
    def certainty(self) -> float:
        """Probability that a higher price wins less; a half where nothing is known."""
        return float(norm.cdf(-self.slope / self.spread)) if self.spread > 0 else 0.5

    @property
    def has_evidence(self) -> bool:
        return min(self.won, self.lost) >= FEWEST and self.certainty >= EVIDENCE

    def band(self, practice: str | None) -> tuple[float, float]:
        key = practice if practice in self.low else ""
        return self.low.get(key or "", 1.0), self.high.get(key or "", 1.0)


def learn(history: pl.DataFrame) -> PriceEffect:
    """From decided deals (columns of the query priced_deals)."""
    deals = history.sort("opportunity_id").with_columns(
        level=pl.col("amount_base").cast(pl.Float64) / pl.col("list_base").cast(pl.Float64),
        is_won=pl.col("outcome") == "won",
    )
    won = deals.filter("is_won")
    bands = won.group_by("practice").agg(
        pl.len(), low=pl.col("level").quantile(0.05), high=pl.col("level").quantile(0.95)
    )
    known = bands.filter(pl.col("len") >= FEWEST, pl.col("practice").is_not_null())
    low = dict(known.select("practice", "low").iter_rows())
    high = dict(known.select("practice", "high").iter_rows())
    if len(won):
        low[""], high[""] = (float(won["level"].quantile(share) or 1.0) for share in (0.05, 0.95))
    if min(len(won), len(deals) - len(won)) < FEWEST:
        return PriceEffect(0.0, PRICE_SPREAD, len(won), len(deals) - len(won), low, high)
    design = _design(deals)
    prior = np.full(design.shape[1], TRAIT_SPREAD**-2)
    prior[0], prior[1] = 1e-4, PRICE_SPREAD**-2
    slope, spread = _fit(design, deals["is_won"].to_numpy().astype(np.float64), prior)
    return PriceEffect(slope, spread, len(won), len(deals) - len(won), low, high)


def _design(deals: pl.DataFrame) -> Floats:
    """Columns: one, ln(price / list), client won before, each practice, each channel."""
    price = deals["level"].log().clip(-EXTREME, EXTREME).to_numpy()
    traits = [deals["known_client"].cast(pl.Float64).to_numpy()]
    for name in ("practice", "channel"):
        values = deals[name].fill_null("")
        traits += [(values == value).cast(pl.Float64).to_numpy() for value in sorted(values.unique())]
    return np.column_stack([np.ones(len(deals)), price, *traits])


def _fit(design: Floats, won: Floats, prior: Floats) -> tuple[float, float]:
    """Mode and standard deviation of the second coefficient."""
    weight = np.zeros(design.shape[1])
    for _ in range(STEPS):
        chance = expit(design @ weight)
        gradient = design.T @ (won - chance) - prior * weight
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(prior)
        step = np.linalg.solve(curvature, gradient)
        weight = weight + step
        if np.abs(step).max() < 1e-9:
            break
    return float(weight[1]), float(np.sqrt(np.linalg.inv(curvature)[1, 1]))
