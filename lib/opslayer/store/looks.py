"""When each person last looked, so that a page can say what has changed since."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from opslayer.store.database import Store
from opslayer.store.models import Base

SAME_LOOK = timedelta(minutes=30)


class Look(Base):
    """One row a person: their last look, and the moment that counts as the one before it."""

    __tablename__ = "look"

    person: Mapped[str] = mapped_column(String(320), primary_key=True)
    looked_at: Mapped[datetime]
    since: Mapped[datetime | None]


def look(store: Store, person: str, *, moment: datetime) -> datetime | None:
    """Keep that `person` looks now; the moment they looked before, None for the first time.

    Looks that follow each other within SAME_LOOK are one: a page that is opened again says the same. It is no
    change that open pages would have to show.
    """
    is_theirs = Look.person == person
    with store.engine.begin() as connection:  # beneath the sessions, which count what changes
        kept = connection.execute(select(Look.looked_at, Look.since).where(is_theirs)).one_or_none()
        if kept is None:
            connection.execute(insert(Look).values(person=person, looked_at=moment, since=None))
            return None
        since: datetime | None = kept.looked_at if moment - kept.looked_at >= SAME_LOOK else kept.since
        connection.execute(update(Look).where(is_theirs).values(looked_at=moment, since=since))
        return since
