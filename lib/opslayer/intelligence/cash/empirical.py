"""Due date plus the client's mean lateness: the baseline of the backtest, and, shrunk, the declared fallback.

Intervals are the residuals of what was paid, around each client's mean, cut to what is still possible today.
"""

from __future__ import annotations

import numpy as np

from opslayer.intelligence.cash.hazard import HORIZON
from opslayer.intelligence.cash.history import Floats, Invoices

PRIOR_LATENESS = np.array([-25.0, -12.0, -7.0, -3.0, -1.0, 2.0, 4.0, 11.0, 30.0])
"""Where a firm has little history: deciles of days late of the 103 paid sales invoices of a real
ledger (the masked books of a consulting firm published in fivetran/dbt_xero, Oct 2019 to Mar 2021)."""
STILL_POSSIBLE = 5
"""Residuals that must lie beyond today; with fewer the tail is exponential at the firm's mean excess."""


def client_means(invoices: Invoices, *, shrink: bool) -> tuple[Floats, float, Floats]:
    """Mean days late by client, of the firm, and the residuals. With `shrink`, a client's mean gets two
    invoices' worth of the firm's, and the prior deciles count as nine invoices more."""
    client, late = invoices.client[invoices.paid], invoices.late[invoices.paid]
    count = np.bincount(client, minlength=len(invoices.clients)).astype(np.float64)
    total = np.bincount(client, late, len(invoices.clients))
    pooled = np.append(late, PRIOR_LATENESS) if shrink or len(late) == 0 else late
    firm = float(pooled.mean())
    strength = 2.0 if shrink else 1e-9
    means = (total + strength * firm) / (count + strength)
    residuals = late - means[client]
    return means, firm, np.append(residuals, PRIOR_LATENESS - firm) if len(pooled) > len(late) else residuals


def payment_probability(history: Invoices, invoices: Invoices, *, shrink: bool) -> tuple[Floats, Floats]:
    """(expected days ahead, P(paid within u days) for u = 1..HORIZON) of open `invoices`, at least one
    day."""
    means, firm, residuals = client_means(history, shrink=shrink)
    strangers = len(invoices.clients) - len(means)
    mean = np.append(means, np.full(strangers, firm))[invoices.client]
    elapsed = invoices.late - mean
    residuals = np.sort(residuals)
    ahead = np.arange(1, HORIZON + 1)
    passed = np.searchsorted(residuals, elapsed, side="right")
    left = len(residuals) - passed
    within = np.searchsorted(residuals, elapsed[:, None] + ahead[None, :], side="right") - passed[:, None]
    scale = max(float(np.abs(residuals).mean()), 1.0)
    tail = 1.0 - np.exp(-ahead / scale)
    share = np.where((left < STILL_POSSIBLE)[:, None], tail[None, :], within / np.maximum(left, 1)[:, None])
    return np.maximum(np.round(-elapsed), 1.0), share
