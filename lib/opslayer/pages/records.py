"""What pages show of the store and of the machine, as frames: one function a record, by name."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from opslayer import actions, modelops, runner, warehouse
from opslayer.config import Firm
from opslayer.pages import alert_records, today_records
from opslayer.store import Run, Store

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


def _run_history(_: Firm, store: Store) -> pl.DataFrame:
    """One row a run of a notebook that the store has, newest first."""
    return pl.DataFrame(
        [
            (
                run.started_at,
                run.job or "",
                run.notebook,
                run.as_of,
                run.state,
                _seconds(run),
                run.cause or "",
            )
            for run in runner.last_runs(store, limit=None)
        ],
        schema={
            "started_at": pl.Datetime(time_zone="UTC"),
            "job": pl.String,
            "notebook": pl.String,
            "as_of": pl.Date,
            "state": pl.String,
            "seconds": pl.Float64,
            "cause": pl.String,
        },
        orient="row",
    )


def _seconds(run: Run) -> float | None:
    return round((run.ended_at - run.started_at).total_seconds(), 1) if run.ended_at else None


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
    """One row a version, the newest first, with its scores on all rows that judged it."""
    registry = modelops.Registry(firm)
    versions = registry.versions(capability)
    scored = [registry.scores(capability, version) for version in versions["version"]]
    return versions.with_columns(
        pl.Series(name, [scores.get(name) for scores in scored], dtype=pl.Float64)
        for name in ("log_loss", "brier", "auc", "accuracy")
    )


SEGMENT_SCORES = pl.Schema(
    {"version": pl.String(), "segment": pl.String(), "metric": pl.String(), "value": pl.Float64()}
)


def _model_segments(firm: Firm, _: Store, *, capability: str) -> pl.DataFrame:
    """One row a version that serves or waits, segment and metric (columns of SEGMENT_SCORES)."""
    registry = modelops.Registry(firm)
    held = registry.versions(capability).filter(pl.col("alias").str.contains("champion|challenger"))[
        "version"
    ]
    rows = [
        (version, name.partition("/")[2], name.partition("/")[0], value)
        for version in held
        for name, value in registry.scores(capability, version).items()
        if "/" in name
    ]
    return pl.DataFrame(rows, schema=SEGMENT_SCORES, orient="row")


def _model_trials(firm: Firm, store: Store, *, capability: str) -> pl.DataFrame:
    live = warehouse.current(firm)
    return modelops.trials(firm, store, as_of=live.as_of, only=capability) if live else pl.DataFrame()


def _model_spending(_: Firm, store: Store, *, capability: str) -> pl.DataFrame:
    return modelops.spending(store, capability)


def _retraining(_: Firm, store: Store, *, capability: str) -> pl.DataFrame:
    return modelops.requests(store, capability)


def _model_answers(_: Firm, store: Store, *, capability: str) -> pl.DataFrame:
    with store.reading() as session:
        return modelops.latest(session, capability)


def _document_overrides(_: Firm, store: Store) -> pl.DataFrame:
    with store.reading() as session:
        return modelops.capture.overrides(session, "document")


RECORDS: dict[str, Callable[..., pl.DataFrame]] = {
    "proposals": _proposals,
    "runs": _runs,
    "run_history": _run_history,
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
    "model_segments": _model_segments,
    "model_spending": _model_spending,
    "model_trials": _model_trials,
    "retraining": _retraining,
    "alerts": alert_records.standing,
    "alert_episodes": alert_records.episodes,
    "alert_changes": alert_records.moves,
    "alert_notices": alert_records.notices,
    "document_overrides": _document_overrides,
    "waiting": today_records.waiting,
    "changes": today_records.changes,
    "approvers": lambda firm, store: actions.approvers(firm, store),
}
