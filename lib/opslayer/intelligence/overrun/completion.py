"""The estimate at completion of one project, from earned value and experience.

Earned value, actual cost and budget are in hours, as in the PMI Standard for Earned Value Management (2019),
section 3: EAC = AC + (BAC - EV) / CPI. Here the cost of what remains is not a point but log-normal: its
logarithm is drawn from this project's own ln(AC / EV), over tasks that are done, and from how ended projects
ended, each weighed by how sure it is (normal prior and likelihood; Gelman, Bayesian Data Analysis, 2.5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from opslayer.intelligence.overrun.experience import Experience

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Standing:
    """Where projects stand; one element a project. Hours, but for the counts of tasks.

    `open` is the part of `spent` that is booked on tasks not done, `open_budget` the budget of those tasks:
    nothing is earned by them yet.
    """

    budget: Floats
    spent: Floats
    earned: Floats
    open: Floats
    open_budget: Floats
    tasks: Floats
    tasks_done: Floats

    @property
    def settled(self) -> Floats:
        """Hours that earned what is earned."""
        return np.maximum(self.spent - self.open, 0.0)


@dataclass(frozen=True)
class Completion:
    """What remains, tasks under way included, will take remaining * exp(N(centre, spread**2)) hours.

    EAC = settled + that, and no less than what is spent. One element a project.
    """

    standing: Standing
    centre: Floats
    spread: Floats

    @property
    def overdone(self) -> NDArray[np.bool_]:
        """Whether tasks under way have taken more than they should in all: they then count as spent."""
        return self.standing.open > self.standing.open_budget * np.exp(self.centre)

    @property
    def settled(self) -> Floats:
        return np.where(self.overdone, self.standing.spent, self.standing.settled)

    @property
    def remaining(self) -> Floats:
        earned = self.standing.earned + np.where(self.overdone, self.standing.open_budget, 0.0)
        return np.maximum(self.standing.budget - earned, 0.0)

    def hours(self, share: float) -> Floats:
        """The hours that the project ends within, with a probability of `share`."""
        quantile = self.centre + self.spread * norm.ppf(share)
        hours: Floats = self.settled + self.remaining * np.exp(quantile)
        return np.maximum(hours, self.standing.spent)

    def probability_over(self) -> Floats:
        """That hours at completion exceed the budget; one where they do already."""
        left = self.standing.budget - self.settled
        remaining = self.remaining
        with np.errstate(divide="ignore", invalid="ignore"):
            exceeds = norm.sf((np.log(left / remaining) - self.centre) / self.spread)
        probability: Floats = np.where(remaining > 0, np.where(left > 0, exceeds, 1.0), 0.0)
        return np.where(self.standing.spent > self.standing.budget, 1.0, probability)

    def expected_over(self) -> Floats:
        """Expected hours over the budget: a log-normal above a strike (Black 1976, without discount)."""
        left = self.standing.budget - self.settled
        remaining = self.remaining
        mean = remaining * np.exp(self.centre + self.spread**2 / 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = (np.log(remaining / left) + self.centre) / self.spread
            above = mean * norm.cdf(depth + self.spread) - left * norm.cdf(depth)
        over: Floats = np.where(left <= 0, mean - left, np.where(remaining > 0, above, 0.0))
        return np.maximum(over, self.standing.spent - self.standing.budget)


def complete(standing: Standing, experience: Experience) -> Completion:
    """Weigh each project's own record against experience."""
    has_record = (standing.earned > 0) & (standing.settled > 0)
    own = np.log(np.where(has_record, standing.settled, 1.0) / np.where(has_record, standing.earned, 1.0))
    done = np.where(has_record, np.maximum(standing.tasks_done, 1.0), 0.0)
    precision = done / experience.task_spread**2
    prior = 1 / experience.spread**2
    centre = (own * precision + experience.centre * prior) / (precision + prior)
    left = np.maximum(standing.tasks - standing.tasks_done, 1.0)
    spread = np.sqrt(1 / (precision + prior) + experience.task_spread**2 / left)
    return Completion(standing, centre, spread)
