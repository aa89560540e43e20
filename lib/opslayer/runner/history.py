"""Runs in the operational store: what ran, how it ended, where what it left lies."""

from __future__ import annotations

from sqlalchemy import select

from opslayer.runner.record import RunRecord
from opslayer.store import Run, Store


def keep_run(store: Store, record: RunRecord, *, job: str | None) -> None:
    """Write the run, or what has become of it since it began."""
    with store.session() as session:
        run = session.scalar(select(Run).where(Run.run_id == record.run_id)) or Run(run_id=record.run_id)
        run.job = job
        run.notebook = record.notebook
        run.as_of = record.as_of
        run.started_at = record.started_at
        run.ended_at = record.finished_at
        run.state = record.state
        run.cell = record.cell
        run.cause = f"{record.error}: {record.cause}" if record.error else None
        run.output = str(record.executed) if record.executed else None
        run.page = str(record.page) if record.page else None
        session.add(run)


def last_runs(store: Store, limit: int | None = 10) -> list[Run]:
    """The newest runs, or all, newest first."""
    with store.session() as session:
        return list(session.scalars(select(Run).order_by(Run.started_at.desc(), Run.id.desc()).limit(limit)))


def rendered_runs(store: Store) -> dict[str, list[Run]]:
    """Notebook -> its runs that have a page, newest first; the notebook that ran last comes first."""
    found: dict[str, list[Run]] = {}
    for run in last_runs(store, limit=None):
        if run.page:
            found.setdefault(run.notebook, []).append(run)
    return found
