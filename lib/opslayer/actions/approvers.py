"""How people decide: how many, how fast, how often they say no; and who says yes to everything."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
from sqlalchemy import select

from opslayer.actions.grant import AUTONOMY
from opslayer.actions.mark import SUBJECT
from opslayer.config import Firm
from opslayer.store import Decision, Store
from opslayer.store import Proposal as Record

QUICK = timedelta(seconds=5)  # after the decision before: nobody has read a message by then
ENOUGH = 20  # decisions, from which never a no is told to the owner
DECISIONS: dict[str, pl.DataType | type[pl.DataType]] = {
    "person": pl.String,
    "verdict": pl.String,
    "waited": pl.Duration("us"),
    "decided_at": pl.Datetime("us", "UTC"),
    "is_probe": pl.Boolean,
}


def approvers(firm: Firm, store: Store) -> pl.DataFrame:
    """One row a person who has decided, most decisions first: see `by_approver`; with name."""
    query = (
        select(Decision.person, Decision.verdict, Decision.decided_at, Record.created_at, Record.subject)
        .join(Decision.proposal)
        .order_by(Decision.id)
    )
    with store.reading() as session:
        rows = [
            (person, verdict, decided_at - created_at, decided_at, subject.startswith(SUBJECT))
            for person, verdict, decided_at, created_at, subject in session.execute(query)
            if not person.startswith((AUTONOMY, "rule "))
        ]
    found = by_approver(pl.DataFrame(rows, schema=DECISIONS, orient="row"))
    names = {person.email: person.name for person in firm.people}
    return found.with_columns(name=pl.col("person").replace_strict(names, default=pl.col("person")))


def by_approver(decisions: pl.DataFrame) -> pl.DataFrame:
    """One row a person: person, decided, rejected, share_rejected, median_hours from proposal to decision,
    share_quick (within five seconds of the decision before), approves_everything (of twenty or more); and
    probes, the planted errors that were decided, and probes_missed, those approved. The others count none.

    `decisions` has the columns of DECISIONS, one row a decision.
    """
    real = ~pl.col("is_probe")
    since = pl.col("decided_at") - pl.col("decided_at").shift(1).over("person", order_by="decided_at")
    return (
        decisions.with_columns(quick=(since < QUICK).fill_null(False))
        .group_by("person")
        .agg(
            decided=real.sum(),
            rejected=(real & (pl.col("verdict") == "rejected")).sum(),
            median_hours=pl.col("waited").filter(real).median().dt.total_seconds() / 3600,
            share_quick=pl.col("quick").filter(real).mean(),
            probes=pl.col("is_probe").sum(),
            probes_missed=(pl.col("is_probe") & (pl.col("verdict") == "approved")).sum(),
        )
        .with_columns(share_rejected=(pl.col("rejected") / pl.col("decided")).fill_nan(None))
        .with_columns(approves_everything=(pl.col("rejected") == 0) & (pl.col("decided") >= ENOUGH))
        .sort("decided", "person", descending=[True, False])
    )
