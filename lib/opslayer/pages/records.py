"""What pages show of the store and of the machine, as frames: one function a record, by name."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from opslayer import actions, modelops, runner, warehouse
from opslayer.config import Firm
from opslayer.store import Store

PROPOSAL: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.Int64,
    "title": pl.String,
    "kind": pl.String,
    "party_name": pl.String,
    "rung": pl.String,
    "level": pl.Int64,
    "amount": pl.Decimal(18, 2),
    "state": pl.String,
    "is_lost": pl.Boolean,
    "by": pl.String,
    "sent_at": pl.Datetime(time_zone="UTC"),
    "reason": pl.String,
}


def _proposals(_: Firm, store: Store) -> pl.DataFrame:
    """One row a proposal; `is_lost` says of what was sent that it came back or was undone."""
    lost = actions.without_effect(store)
    return pl.DataFrame(
        [
            (p.id, p.title, p.kind, p.party_name, p.rung, p.level, p.amount, p.state, p.id in lost,
             _approved_by(p), p.sent_at, p.reason or "")
            for p in actions.list_proposals(store)
        ],
        schema=PROPOSAL,
        orient="row",
    )  # fmt: skip


def _approved_by(proposal: actions.Proposal) -> str:
    """The people; or that its rule lets it go by itself."""
    return ", ".join("by its rule" if name.startswith("rule ") else name for name in proposal.approvals)


def _runs(_: Firm, store: Store) -> pl.DataFrame:
    """One row a run of a notebook, newest first."""
    return pl.DataFrame(
        [(run.started_at, run.notebook, run.state, run.cause or "") for run in runner.last_runs(store)],
        schema={
            "started_at": pl.Datetime(time_zone="UTC"),
            "notebook": pl.String,
            "state": pl.String,
            "cause": pl.String,
        },
        orient="row",
    )


def _versions(firm: Firm, _: Store) -> pl.DataFrame:
    """One row a version that is kept, newest first."""
    kept = reversed(warehouse.versions(firm))
    return pl.DataFrame(
        [(v.name, v.published_at, v.contracts_green, v.contracts_red) for v in kept],
        schema=["name", "published_at", "green", "red"],
        orient="row",
    )


def _trail(_: Firm, store: Store) -> pl.DataFrame:
    found = actions.verify(store)
    return pl.DataFrame({"events": [found.events], "holds": [found.holds], "why": [found.why or ""]})


def _autonomy(firm: Firm, store: Store) -> pl.DataFrame:
    return pl.DataFrame(actions.list_autonomy(firm, store), infer_schema_length=None)


def _replay_months(_: Firm, store: Store, *, rule: str) -> pl.DataFrame:
    return actions.replay_months(store, rule)


def _models(firm: Firm, store: Store) -> pl.DataFrame:
    """One row a capability; the month of the current snapshot counts for its cost."""
    live = warehouse.current(firm)
    return modelops.standing(firm, store, as_of=live.as_of) if live else pl.DataFrame()


def _model_versions(firm: Firm, _: Store, *, capability: str) -> pl.DataFrame:
    return modelops.Registry(firm).versions(capability)


def _model_answers(_: Firm, store: Store, *, capability: str) -> pl.DataFrame:
    with store.reading() as session:
        return modelops.latest(session, capability)


RECORDS: dict[str, Callable[..., pl.DataFrame]] = {
    "proposals": _proposals,
    "runs": _runs,
    "versions": _versions,
    "trail": _trail,
    "rule_effects": lambda firm, store: actions.rule_effects(firm, store),
    "replays": lambda firm, store: actions.list_replays(firm, store),
    "replay_months": _replay_months,
    "autonomy": _autonomy,
    "trials": lambda firm, store: actions.trials(firm, store),
    "models": _models,
    "model_versions": _model_versions,
    "model_answers": _model_answers,
    "approvers": lambda firm, store: actions.approvers(firm, store),
}
