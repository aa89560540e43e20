"""Which models and endpoints are left alone because they failed, and which is the quickest of the others.

A circuit breaker (Nygard, Release It!, 2nd ed., ch. 5): after so many failures in a row it is open, and
nobody asks; after a rest it is asked again, and what comes of that closes it, or opens it at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from opslayer.modelops.capability import Breaker
from opslayer.store import Circuit, Store

SMOOTH = 0.3  # weight of the last answer in the latency that is remembered


@dataclass(frozen=True)
class Circuits:
    """Remembered in the store, so that all processes leave alone what one of them found failing."""

    store: Store
    breaker: Breaker

    def healthiest(self, names: Iterable[str], moment: datetime) -> list[str]:
        """Those that may be asked, in the order in which to: fewest failures in a row, then the quickest."""
        known = self._known(list(names))
        free = [name for name in names if not _is_open(known.get(name), moment)]
        return sorted(free, key=lambda name: (*_standing(known.get(name)), name))

    def open_because(self, name: str, moment: datetime) -> str | None:
        """Why it may not be asked now; None where it may."""
        found = self._known([name]).get(name)
        if found is None or not _is_open(found, moment):
            return None
        return f"left alone until {found.open_until:%H:%M:%S} after {found.failures} failures: {found.why}"

    def failed(self, name: str, why: str, moment: datetime) -> None:
        with self.store.session() as session:
            found = _held(session, name)
            found.failures += 1
            found.why = why[:2_000]
            if found.failures >= self.breaker.failures:
                found.open_until = moment + timedelta(seconds=self.breaker.rest_seconds)

    def answered(self, name: str, *, latency_ms: float) -> None:
        with self.store.session() as session:
            found = _held(session, name)
            before = found.latency_ms
            found.latency_ms = latency_ms if before is None else before + SMOOTH * (latency_ms - before)
            found.failures, found.open_until, found.why = 0, None, None

    def shaky(self, names: Iterable[str]) -> frozenset[str]:
        """Those whose last answer was a failure."""
        return frozenset(name for name, found in self._known(list(names)).items() if found.failures)

    def close(self, name: str) -> None:
        """A person says that it is mended."""
        with self.store.session() as session:
            session.execute(update(Circuit).where(Circuit.name == name).values(failures=0, open_until=None))

    def _known(self, names: list[str]) -> dict[str, Circuit]:
        with self.store.reading() as session:
            found = session.scalars(select(Circuit).where(Circuit.name.in_(names))).all()
            return {one.name: one for one in found}


def _held(session: Session, name: str) -> Circuit:
    """Its row, made where it is new, and nobody else's until the end of the transaction."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Circuit).values(name=name, failures=0).on_conflict_do_nothing())
    return session.get_one(Circuit, name, with_for_update=True)


def _is_open(found: Circuit | None, moment: datetime) -> bool:
    return found is not None and found.open_until is not None and moment < found.open_until


def _standing(found: Circuit | None) -> tuple[int, float]:
    return (0, 0.0) if found is None else (found.failures, found.latency_ms or 0.0)
