"""Tables that a named query does not give as they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import snapshot

from opslayer import actions, runner, warehouse

RECONCILIATION = {
    "control_balance": "Receivables account",
    "open_base": "Open invoices",
    "unapplied_base": "Unapplied receipts",
    "quarantined_base": "In quarantine",
    "difference": "Difference",
    "tolerance": "Allowed for rounding",
}


def reconciliation() -> str:
    """The receivables account against open invoices, to the cent, as a Markdown table."""
    row = snapshot.rows("reconciliation").row(0, named=True)
    lines = [f"| {title} | {row[name]:,.2f} |" for name, title in RECONCILIATION.items()]
    return "\n".join([f"| | {snapshot.firm().base_currency} |", "|:--|--:|", *lines])


def versions() -> pl.DataFrame:
    """One row a version that is kept, newest first."""
    kept = reversed(warehouse.versions(snapshot.firm()))
    return pl.DataFrame(
        [(v.name, v.published_at, v.contracts_green, v.contracts_red) for v in kept],
        schema=["name", "published_at", "green", "red"],
        orient="row",
    )


def runs() -> pl.DataFrame:
    """One row a run of a notebook, newest first."""
    found = runner.last_runs(snapshot.store())
    return pl.DataFrame(
        [(run.started_at, run.notebook, run.state, run.cause or "") for run in found],
        schema=["started_at", "notebook", "state", "cause"],
        orient="row",
    )


def scope_documents(scopes: pl.DataFrame) -> dict[str, Path]:
    """The Word documents that lie in var/scopes, by subject; the second of two alike is numbered."""
    found: dict[str, Path] = {}
    for as_of, name, subject in scopes.select("as_of", "document", "subject").iter_rows():
        path = snapshot.firm().var / "scopes" / f"{as_of}" / f"{name}.docx"
        if path.is_file():
            title = subject or "(no subject)"
            found[f"{title} ({len(found) + 1})" if title in found else title] = path
    return found


def decided(proposals: Iterable[actions.Proposal]) -> pl.DataFrame:
    """One row a proposal that waits for nobody."""
    return pl.DataFrame(
        [
            (p.party_name, p.rung, p.amount or None, p.state, _approved_by(p), p.sent_at, p.reason or "")
            for p in proposals
            if p.state not in ("proposed", "uncertain")
        ],
        schema={
            "party_name": pl.String,
            "rung": pl.String,
            "amount": pl.Decimal(18, 2),
            "state": pl.String,
            "by": pl.String,
            "sent_at": pl.Datetime(time_zone="UTC"),
            "reason": pl.String,
        },
        orient="row",
    )


def _approved_by(proposal: actions.Proposal) -> str:
    """The people; or that its rule lets it go by itself."""
    return ", ".join("by its rule" if name.startswith("rule ") else name for name in proposal.approvals)
