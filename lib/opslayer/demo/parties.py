"""Clients and suppliers: who they are, and how each pays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.demo import facts
from opslayer.demo.calendar import Month

TURNED_LATE = 6  # clients who paid on time and do so no longer
TURNED_LATE_BY = 1.5  # standard deviations of lateness
TURNED_LATE_MONTHS = 8
STOPPED = 8  # clients of regular work who called no more
STOPPED_MONTHS = 4  # the last of them in part: more than 90 days


@dataclass(frozen=True)
class Clients:
    """Arrays by client: currency, habit of lateness (standard scores), discount, share of the work."""

    currency: NDArray[np.str_]
    habit: NDArray[np.float64]
    discount: NDArray[np.float64]
    weight: NDArray[np.float64]
    turned_late: NDArray[np.int64]
    stopped: NDArray[np.int64]

    @property
    def count(self) -> int:
        return len(self.currency)

    def share_in(self, month: Month) -> NDArray[np.float64]:
        """Each client's share of a month's work: none of those who had stopped by then."""
        share = self.weight.copy()
        if month.index >= facts.MONTHS - STOPPED_MONTHS:
            share[self.stopped] = 0
        whole: NDArray[np.float64] = share / share.sum()
        return whole


def clients(seed: int, scale: float) -> Clients:
    chance = np.random.default_rng([seed, 2])
    count = max(40, round(facts.CLIENTS * scale))
    weight = chance.lognormal(0, 0.8, count)
    weight /= weight.sum()
    turned = np.argsort(-weight)[5 : 5 + TURNED_LATE]
    others = np.argsort(-weight)[5 + TURNED_LATE :]
    stopped = others[others < count - 12][:STOPPED]  # the last clients stand at the reminders' rungs
    return Clients(
        currency=chance.choice(list(facts.CURRENCIES), count, p=list(facts.CURRENCIES.values())),
        habit=_habit(chance.normal(0, 1, count), weight, turned),
        discount=chance.uniform(*facts.DISCOUNT, count),
        weight=weight,
        turned_late=turned,
        stopped=stopped,
    )


def _habit(
    score: NDArray[np.float64], weight: NDArray[np.float64], turned: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Those who will turn late begin early; over the work done, mean 0 and standard deviation 1."""
    score[turned] = -np.abs(score[turned])
    score -= np.average(score, weights=weight)
    scaled: NDArray[np.float64] = score / np.sqrt(np.average(score**2, weights=weight))
    return scaled


def supplier_count(scale: float) -> int:
    return max(15, round(facts.SUPPLIERS * scale))


def client_id(index: int) -> str:
    return f"C{index + 1:05d}"


def party_table(known: Clients, scale: float) -> pl.DataFrame:
    """The template table `party`."""
    rows = []
    for index in range(known.count):
        name = client_name(index)
        domain = name.lower().replace(" ", "-")
        rows.append(
            (
                client_id(index),
                name,
                f"accounts@{domain}.example",
                "client",
                str(known.currency[index]),
                30,
                "true",
            )
        )
    for index in range(supplier_count(scale)):
        name = f"{client_name(index * 7 + 3)} Supplies"
        domain = name.lower().replace(" ", "-")
        rows.append(
            (f"S{index + 1:05d}", name, f"billing@{domain}.example", "supplier", facts.BASE, 30, "true")
        )
    columns = ["party_id", "name", "email", "kind", "currency", "payment_terms_days", "is_active"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def client_name(index: int) -> str:
    """The name of a client in the books; later ones are numbered."""
    stems, trades = facts.NAME_STEMS, facts.NAME_TRADES
    stem, trade = stems[index % len(stems)], trades[(index // len(stems) + index) % len(trades)]
    turn = index // (len(stems) * len(trades))
    return f"{stem} {trade}" + (f" {turn + 1}" if turn else "")
