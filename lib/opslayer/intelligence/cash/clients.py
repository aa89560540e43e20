"""How late each client pays: location and spread, shrunk towards the firm's, with open invoices counted.

Method: empirical-Bayes credibility of a one-way random-effects model (Buhlmann & Straub 1970; Efron & Morris,
"Data analysis using Stein's estimator", JASA 70, 1975). An open invoice already later than its client's mean
enters with its expected final lateness, the mean residual of the paid ones beyond it (Buckley & James,
"Linear regression with censored data", Biometrika 66, 1979, one step).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opslayer.intelligence.cash.history import Floats, Integers, Invoices

HALF_LIFE = 365.0
"""Days after which an invoice counts half. Backtests on a real ledger were flat between 90 and none."""
SPREAD_PRIOR = 10.0
"""Invoices that the firm's spread counts for in a client's spread."""
TAILS = (0.02, 0.98)
"""Lateness is pulled in to these quantiles before means are taken: one forgotten invoice is not a habit."""


@dataclass(frozen=True)
class Lateness:
    """`center` and `spread` in days by client; `without_center`, `without_spread` by invoice leave it out
    itself."""

    firm_center: float
    firm_spread: float
    center: Floats
    spread: Floats
    without_center: Floats
    without_spread: Floats


def client_lateness(invoices: Invoices) -> Lateness:
    """Shrunk mean and spread of days late, by client and, leaving each invoice out of its own, by invoice."""
    clients, client, paid = len(invoices.clients), invoices.client, invoices.paid
    low, high = np.quantile(invoices.late[paid], TAILS)
    late = np.clip(invoices.late, low, high)
    weight = 0.5 ** ((invoices.today - invoices.end) / HALF_LIFE)
    firm = float(np.average(late[paid], weights=weight[paid]))
    within, between = _variances(late[paid], client[paid], clients)
    strength = float(np.clip(within / max(between, 1e-9), 0.3, 50.0))

    def totals(values: Floats, chosen: Floats) -> Floats:
        return np.bincount(client, values * chosen, clients).astype(np.float64)

    counted = weight * paid
    center = (totals(late, counted) + strength * firm) / (totals(np.ones_like(late), counted) + strength)
    spread = max(float(np.sqrt(within)), 1.0)
    overdue = ~paid & (invoices.late > center[client] + spread / 2)
    late = np.where(overdue, _expected_final(invoices, spread), late)
    counted = weight * (paid | overdue)

    mass, first, second = (totals(late**power, counted) for power in (0, 1, 2))
    own = [counted * late**power for power in (0, 1, 2)]

    def shrunk(m0: Floats, m1: Floats, m2: Floats) -> tuple[Floats, Floats]:
        mean = (m1 + strength * firm) / (m0 + strength)
        squares = np.maximum(m2 - 2 * mean * m1 + mean**2 * m0, 0.0)
        variance = (squares + SPREAD_PRIOR * spread**2) / (m0 + SPREAD_PRIOR)
        return mean, np.maximum(np.sqrt(variance), 1.0)

    center, by_client = shrunk(mass, first, second)
    others = [total[client] - part for total, part in zip((mass, first, second), own, strict=True)]
    without_center, without_spread = shrunk(*others)
    return Lateness(firm, spread, center, by_client, without_center, without_spread)


def _expected_final(invoices: Invoices, spread: float) -> Floats:
    """Days late that an open invoice will have had: now plus the mean excess of the paid ones beyond now."""
    paid = np.sort(invoices.late[invoices.paid])
    place = np.searchsorted(paid, invoices.late, side="right")
    beyond = len(paid) - place
    suffix = np.append(np.cumsum(paid[::-1])[::-1], 0.0)[place]
    excess = np.where(beyond > 0, suffix / np.maximum(beyond, 1) - invoices.late, spread)
    # capped near what was seen: an invoice that may never be paid must not carry its client off
    return np.asarray(np.minimum(invoices.late + excess, paid[-1] + spread))


def _variances(late: Floats, client: Integers, clients: int) -> tuple[float, float]:
    """Within- and between-client variance, by moments (one-way analysis of variance, unequal groups)."""
    count = np.bincount(client, minlength=clients).astype(np.float64)
    mean = np.bincount(client, late, clients) / np.maximum(count, 1)
    groups = int((count > 0).sum())
    within = float(((late - mean[client]) ** 2).sum() / max(len(late) - groups, 1))
    if groups < 2:
        return within, 0.0
    size = (len(late) - (count**2).sum() / len(late)) / (groups - 1)
    among = float((count * (mean - late.mean()) ** 2).sum() / (groups - 1))
    return within, max((among - within) / max(float(size), 1e-9), 0.0)
