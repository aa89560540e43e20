"""What people and the scheduler do with a firm's models: see how they stand, promote, roll back, tend."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import func, select

from opslayer.access import admit, audited
from opslayer.config import Firm
from opslayer.contracts import load_contracts
from opslayer.errors import AccessDenied, ModelFailed, OpslayerError, UsageError
from opslayer.modelops import capture
from opslayer.modelops.capability import Capability, capability_named, load_capabilities
from opslayer.modelops.learn import Taught, advance, monitor, teach, watch
from opslayer.modelops.monitoring import DRIFT
from opslayer.modelops.registry import CHALLENGER, CHAMPION, Registry
from opslayer.store import Correction, Prediction, Spending, Store, append
from opslayer.warehouse import Layer, tables_read

SCHEDULER = "scheduler"
STANDING: dict[str, Any] = {
    "capability": pl.String,
    "title": pl.String,
    "question": pl.String,
    "inputs": pl.String,
    "kind": pl.String,
    "champion": pl.String,
    "challenger": pl.String,
    "share": pl.Float64,
    "answers": pl.Int64,
    "fallbacks": pl.Int64,
    "overrides": pl.Int64,
    "cost": pl.Float64,
    "last_asked": pl.Datetime("us", "UTC"),
    "note": pl.String,
}


TENDED = {
    "capability": pl.String,
    "outcomes": pl.Int64,
    "did": pl.String,
    "version": pl.String,
    "reasons": pl.String,
}
AGAIN_DAYS = 28  # in which what was not promoted is not taught once more: it would learn the same


def standing(firm: Firm, store: Store, *, as_of: date) -> pl.DataFrame:
    """One row a capability: who is served, who waits, how often the fallback answered, overrides, cost.

    `cost` is of the month of `as_of`, in base currency. A registry that does not answer is said in `note`.
    """
    registry = Registry(firm)
    with store.reading() as session:
        asked = {
            row.capability: row
            for row in session.execute(
                select(
                    Prediction.capability,
                    func.count().label("answers"),
                    func.count().filter(Prediction.is_fallback).label("fallbacks"),
                    func.max(Prediction.asked_at).label("last"),
                )
                .where(Prediction.role == "served")
                .group_by(Prediction.capability)
            )
        }
        corrected: dict[str, int] = dict(
            session.execute(
                select(Prediction.capability, func.count())
                .join(Correction, Correction.prediction_id == Prediction.id)
                .group_by(Prediction.capability)
            ).all()
        )
        costs: dict[str, Any] = dict(
            session.execute(
                select(Spending.capability, func.sum(Spending.cost))
                .where(Spending.month == as_of.replace(day=1))
                .group_by(Spending.capability)
            ).all()
        )
    rows = []
    for name, capability in sorted(load_capabilities(firm).items()):
        held, share, note = _registered(registry, capability)
        row = asked.get(name)
        rows.append(
            {
                "capability": name,
                "title": capability.title,
                "question": capability.question,
                "inputs": ", ".join(one.name.replace("_", " ") for one in capability.inputs),
                "kind": capability.answer.kind,
                "champion": held.get(CHAMPION),
                "challenger": held.get(CHALLENGER),
                "share": share,
                "answers": row.answers if row else 0,
                "fallbacks": row.fallbacks if row else 0,
                "overrides": corrected.get(name, 0),
                "cost": float(costs.get(name, 0)),
                "last_asked": row.last if row else None,
                "note": note,
            }
        )
    return pl.DataFrame(rows, schema=STANDING)


def _registered(registry: Registry, capability: Capability) -> tuple[dict[str, str], float, str]:
    if capability.learnt is None:
        writes = any(one.kind == "written" for one in capability.candidates)
        return {}, 0.0, "A language model, or the draft." if writes else "A formula: it keeps no version."
    try:
        held, share = registry.aliases(capability.name), registry.share(capability.name)
    except OpslayerError as error:
        return {}, 0.0, error.message
    return held, share, "" if CHAMPION in held else "Nothing is served yet: the fallback answers."


def promote(
    firm: Firm, store: Store, capability: str, version: str, *, by: str, reason: str, moment: datetime
) -> None:
    """A person serves a version to all. Raises GuardrailHeld for who may not, ModelFailed for no version."""

    def change(registry: Registry) -> str:
        registry.promote(capability, version)
        return version

    _change(firm, store, capability, "model promoted", change, by=by, reason=reason, moment=moment)


def roll_back(firm: Firm, store: Store, capability: str, *, by: str, reason: str, moment: datetime) -> str:
    """A person returns to the version before; gives it."""

    def change(registry: Registry) -> str:
        return registry.roll_back(capability)

    return _change(firm, store, capability, "model rolled back", change, by=by, reason=reason, moment=moment)


def _change(
    firm: Firm,
    store: Store,
    capability: str,
    event: str,
    change: Callable[[Registry], str],
    *,
    by: str,
    reason: str,
    moment: datetime,
) -> str:
    entitled(firm, store, by, moment=moment)
    capability_named(firm, capability)
    if not reason.strip():
        raise UsageError("a reason is asked for", mend="say why, in a few words")
    registry = Registry(firm)
    with store.session() as session:
        before = registry.aliases(capability).get(CHAMPION)
        version = change(registry)
        if version == before:  # a second click changes nothing and tells of nothing
            return version
        append(
            session,
            moment=moment,
            actor=by,
            event=event,
            detail={"capability": capability, "from": before, "to": version, "reason": reason},
        )
    return version


def entitled(firm: Firm, store: Store, by: str, *, moment: datetime) -> None:
    """Raises AccessDenied for somebody who has none of the roles of [models], or whose role may not."""
    person = firm.person(by)
    with audited(store, by, moment):
        if person is None or not set(person.roles) & set(firm.models.roles):
            raise AccessDenied(
                f"{by} may not change which model serves",
                what="serve",
                mend=f"somebody under [[people]] with one of the roles {', '.join(firm.models.roles)} may",
            )
    admit(firm, store, by, "serve", moment=moment)


def tend(
    firm: Firm, store: Store, layer: Layer, *, moment: datetime, only: str | None = None, anew: bool = False
) -> pl.DataFrame:
    """What the scheduler does for learnt models: outcomes, canary, decay, teaching, pruning.

    Each is taught where nothing is served or decay is proven, not more often than every AGAIN_DAYS; or
    `anew`. One row a capability: capability, outcomes (new ones), did, version, reasons.
    """
    registry = Registry(firm)
    chosen = [capability_named(firm, only)] if only else list(load_capabilities(firm).values())
    rows = [
        _tended(firm, store, layer, registry, capability, moment, anew=anew)
        for capability in chosen
        if capability.learnt is not None and capability.learning is not None
    ]
    with store.session() as session:
        capture.prune(session, keep_days=firm.models.keep_days, moment=moment)
    return pl.DataFrame(rows, schema=TENDED)


def _tended(
    firm: Firm,
    store: Store,
    layer: Layer,
    registry: Registry,
    capability: Capability,
    moment: datetime,
    *,
    anew: bool,
) -> dict[str, Any]:
    assert capability.learning is not None  # of others nothing is tended here
    name, as_of = capability.name, layer.as_of
    try:
        history = layer.query(capability.learning.history)
    except UsageError as error:  # one history that cannot be read keeps no other model from being tended
        return {"capability": name, "outcomes": 0, "version": None, "did": "failed", "reasons": error.message}
    with store.session() as session:
        known = history.filter(pl.col("label").is_not_null()).select(
            pl.col(capability.subject).alias("subject"),
            pl.col("label").cast(pl.Float64),
            pl.col("known_at").cast(pl.Date).alias("known_on"),
        )
        outcomes = capture.observe(session, name, known)
        judged = capture.judged(session, name, as_of=as_of)
    told = {"capability": name, "outcomes": outcomes, "version": registry.aliases(name).get(CHAMPION)}
    broken = _broken(registry, name)
    step = None if broken else advance(capability, registry, judged)
    if step is not None:
        _note(store, moment, f"model {step.verdict}", {"capability": name, "reasons": step.reasons})
        return {**told, "did": step.verdict, "reasons": step.reasons}
    decay = None if broken else watch(capability, registry, judged, as_of=as_of)
    if decay is not None and not decay.fires and not anew:
        return {**told, "did": "watched", "reasons": decay.reasons}
    newest = registry.versions(name)
    if (
        not anew
        and not broken
        and not newest.is_empty()
        and newest["as_of"][0] > str(as_of - timedelta(days=AGAIN_DAYS))
    ):
        why = f"Version {newest['version'][0]} was taught on {newest['as_of'][0]}: {newest['note'][0]}"
        return {**told, "did": "waits", "reasons": why}
    because = decay.reasons if decay is not None and decay.fires else "asked for" if decay else "never before"
    because = broken or because
    taught = teach_anew(firm, store, layer, capability, history, moment, because=because)
    return {
        **told,
        "did": taught.did,
        "version": taught.version or told["version"],
        "reasons": taught.reasons,
    }


def _broken(registry: Registry, capability: str) -> str:
    """Why the version that serves cannot be read: it is taught anew; empty where it can, or none serves."""
    if CHAMPION not in registry.aliases(capability):
        return ""
    try:
        registry.load(capability, CHAMPION)
    except ModelFailed as error:
        return error.message
    return ""


def teach_anew(
    firm: Firm,
    store: Store,
    layer: Layer,
    capability: Capability,
    history: pl.DataFrame,
    moment: datetime,
    *,
    because: str,
) -> Taught:
    """Teach a capability by its history as of the snapshot; the trail has the version, and why it was."""
    taught = _teach(firm, layer, Registry(firm), capability, history, moment)
    if taught.version is not None:
        detail = {"capability": capability.name, "version": taught.version, "reasons": taught.reasons}
        _note(store, moment, "model taught", {**detail, "because": because})
    return taught


def examine(firm: Firm, store: Store, layer: Layer) -> dict[str, pl.DataFrame]:
    """The table of how what is served stands, by name: model_drift; one row a capability, aspect and name.

    What cannot be read is left out here: the capability's own answers say so.
    """
    registry = Registry(firm)
    parts = [pl.DataFrame(schema=DRIFT)]
    for name, capability in sorted(load_capabilities(firm).items()):
        if capability.learnt is None or capability.learning is None:
            continue
        with store.reading() as session:
            judged = capture.judged(session, name, as_of=layer.as_of)
        try:
            history = layer.query(capability.learning.history)
            found = monitor(capability, registry, history, judged, as_of=layer.as_of)
        except (UsageError, ModelFailed):
            continue
        if found is not None:
            parts.append(found)
    return {"model_drift": pl.concat(parts)}


def _teach(
    firm: Firm,
    layer: Layer,
    registry: Registry,
    capability: Capability,
    history: pl.DataFrame,
    moment: datetime,
) -> Taught:
    assert capability.learning is not None
    read = tables_read(layer.sql(capability.learning.history))
    contracts = {
        f"{contract.name} {contract.version}"
        for contract in load_contracts(firm)
        if read & {table.name for table in contract.tables}
    }
    return teach(
        capability,
        history,
        registry,
        as_of=layer.as_of,
        snapshot=layer.version.name,
        contract_version=", ".join(sorted(contracts)),
        moment=moment,
    )


def _note(store: Store, moment: datetime, event: str, detail: dict[str, Any]) -> None:
    with store.session() as session:
        append(session, moment=moment, actor=SCHEDULER, event=event, detail=detail)
