"""Leases: of several workers, in one process or many, each looks at messages of its own.

A lease says who looks at a waiting message, not what became of it; it is no event. It is taken without the
trail's lock and never waits for another worker: on PostgreSQL what somebody else is taking is passed over
(SKIP LOCKED), on SQLite a writer is alone for the millisecond it takes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from opslayer.store import Outbox, Store

LOOKING = timedelta(minutes=5)  # after which what a worker did not come to, another may take


def take(store: Store, worker: str, *, after: int, most: int, moment: datetime) -> list[tuple[int, int]]:
    """The next messages that are due and nobody's, now the worker's: numbers in the outbox and of proposals.

    At most `most`, in the order of the outbox, from behind its number `after`.
    """
    due = (
        select(Outbox.id, Outbox.proposal_id)
        .where(
            Outbox.state == "waiting",
            Outbox.id > after,
            Outbox.not_before <= moment,
            Outbox.claimed_until.is_(None) | (Outbox.claimed_until < moment),
        )
        .order_by(Outbox.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    with store.engine.begin() as connection:
        found = [(row.id, row.proposal_id) for row in connection.execute(due)]
        mine = update(Outbox).where(Outbox.id.in_([number for number, _ in found]))
        connection.execute(mine.values(claimed_by=worker, claimed_until=moment + LOOKING))
    return found


def give_back(store: Store, worker: str) -> None:
    """What the worker took and did not send, for others to take."""
    unsent = update(Outbox).where(Outbox.state == "waiting", Outbox.claimed_by == worker)
    with store.engine.begin() as connection:
        connection.execute(unsent.values(claimed_by=None, claimed_until=None))
