"""What the page Runs shows."""

from __future__ import annotations

from sqlalchemy import func, select

from opslayer import figures
from opslayer.pages.shown import Meeting, Page, table
from opslayer.store import Run

RUNS = Page(
    "runs",
    "What ran, how did it end, and what did it show?",
    shows=(
        table(
            "run_history",
            lambda read, **_: figures.in_words(read.record("run_history")),
            {
                "started_at": "Started",
                "job": "Job",
                "notebook": "Notebook",
                "as_of": "As of",
                "state": "State",
                "seconds": "Seconds",
                "cause": "Cause",
            },
            empty="No notebook has run yet; `opslayer run morning` runs the morning's.",
            meets=(
                Meeting(
                    "as many as the store has that failed",
                    lambda drawn: (
                        float((drawn.frame["state"] == "failed").sum()) if drawn.frame.height else 0.0
                    ),
                    records=select(func.count()).select_from(Run).where(Run.state == "failed"),
                ),
            ),
            live=True,
        ),
    ),
)
