"""What language models may cost in a month, over all of them and by capability."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import polars as pl
from sqlalchemy import func, select, text

from opslayer.errors import ModelFailed
from opslayer.store import Spending, Store

LOCK = 7012  # PostgreSQL advisory lock: two questions at once must not both take the last of the month


class BudgetSpent(ModelFailed):
    """No question that costs anything is asked until the month is over or the budget is raised."""


@dataclass(frozen=True)
class Purse:
    """`budget` of all capabilities together, `of_capability` of the one that asks; base currency a month."""

    store: Store
    budget: Decimal
    of_capability: Decimal | None = None

    def for_capability(self, budget: Decimal | None) -> Purse:
        return replace(self, of_capability=budget)

    def reserve(self, cost: Decimal, *, endpoint: str, capability: str, moment: datetime) -> int | None:
        """Take `cost` off the month; gives what `settle` is told. What costs nothing needs no budget.

        Raises BudgetSpent where it does not suffice.
        """
        if not cost:
            return None
        month = moment.date().replace(day=1)
        with self.store.session() as session:
            if session.get_bind().dialect.name == "postgresql":
                session.execute(text(f"select pg_advisory_xact_lock({LOCK})"))
            limits = [(self.budget, None), (self.of_capability, capability)]
            for limit, whose in limits:
                if limit is None:
                    continue
                spent = select(func.coalesce(func.sum(Spending.cost), 0)).where(Spending.month == month)
                if whose is not None:
                    spent = spent.where(Spending.capability == whose)
                so_far = Decimal(session.execute(spent).scalar_one())
                if so_far + cost > limit:
                    raise BudgetSpent(
                        f"{so_far:.2f} of the {limit:.2f} a month is spent, and this may cost {cost:.4f}",
                        mend="raise `budget` in [models] or in the capability, or wait for the next month",
                    )
            added = Spending(
                month=month, endpoint=endpoint, capability=capability, spent_at=moment, cost=cost
            )
            session.add(added)
            session.flush()
            return added.id

    def settle(self, reserved: int | None, cost: Decimal) -> None:
        """What it cost in the end, never more than was reserved."""
        if reserved is None:
            return
        with self.store.session() as session:
            found = session.get_one(Spending, reserved)
            found.cost, found.is_settled = min(cost, found.cost), True


def spent_in(store: Store, month: date) -> Decimal:
    """Base currency spent or reserved in the month of a day."""
    with store.reading() as session:
        total = select(func.coalesce(func.sum(Spending.cost), 0)).where(
            Spending.month == month.replace(day=1)
        )
        return Decimal(session.execute(total).scalar_one())


def spending(store: Store, capability: str) -> pl.DataFrame:
    """One row a month and endpoint, the last first: month, endpoint, questions, cost (base currency)."""
    with store.reading() as session:
        rows = session.execute(
            select(Spending.month, Spending.endpoint, func.count(), func.sum(Spending.cost))
            .where(Spending.capability == capability)
            .group_by(Spending.month, Spending.endpoint)
            .order_by(Spending.month.desc(), Spending.endpoint)
        ).all()
    return pl.DataFrame(
        [(month, endpoint, asked, round(Decimal(cost), 2)) for month, endpoint, asked, cost in rows],
        schema={
            "month": pl.Date(),
            "endpoint": pl.String(),
            "questions": pl.Int64(),
            "cost": pl.Decimal(18, 2),
        },
        orient="row",
    )
