"""What people ask for: that a model is taught anew. The request is a row; whoever has the time works on it.

A page writes the request at once and begins the work beside itself; what a crash left, the next one who asks
or the scheduler takes up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from opslayer.config import Firm
from opslayer.errors import OpslayerError, UsageError
from opslayer.modelops.capability import capability_named
from opslayer.modelops.operations import entitled, teach_anew
from opslayer.store import Retraining, Store, append, open_store
from opslayer.warehouse import open_layer

CLICK = timedelta(seconds=10)  # within which two requests are one, were the first ended already
LEFT = timedelta(minutes=30)  # after which work that was begun is taken to have died
REQUESTS = pl.Schema(
    {
        "id": pl.Int64(),
        "capability": pl.String(),
        "asked_at": pl.Datetime("us", "UTC"),
        "asked_by": pl.String(),
        "reason": pl.String(),
        "state": pl.String(),
        "did": pl.String(),
        "version": pl.String(),
        "reasons": pl.String(),
    }
)


def ask_retraining(
    firm: Firm, store: Store, capability: str, *, by: str, reason: str, moment: datetime
) -> bool:
    """A person asks for a model to be taught anew; False where somebody has, and it is not done yet.

    Raises GuardrailHeld for who may not, UsageError without a reason or for what learns nothing.
    """
    entitled(firm, store, by, moment=moment)
    if capability_named(firm, capability).learning is None:
        raise UsageError(f"{capability} learns nothing", mend="`opslayer models list` shows those that do")
    if not reason.strip():
        raise UsageError("a reason is asked for", mend="say why, in a few words")
    with store.session() as session:
        last = session.scalar(
            select(func.max(Retraining.asked_at)).where(Retraining.capability == capability)
        )
        if last is not None and moment - last < CLICK:
            return False
        ended = session.scalar(
            select(func.count()).where(Retraining.capability == capability, Retraining.ended_at.is_not(None))
        )
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        made = session.execute(
            insert(Retraining)
            .values(
                key=f"{capability}:{ended}",
                capability=capability,
                asked_at=moment,
                asked_by=by,
                reason=reason,
            )
            .on_conflict_do_nothing(index_elements=["key"])
            .returning(Retraining.id)
        ).all()
        if made:
            append(
                session,
                moment=moment,
                actor=by,
                event="retraining asked for",
                detail={"capability": capability, "reason": reason},
            )
    return bool(made)


def retrain_asked(firm: Firm, *, moment: datetime) -> int:
    """Teach what people asked for and nobody works on; gives how many. Opens a store and snapshot itself."""
    done = 0
    with open_store(firm) as store:
        while (request := _claim(store, moment)) is not None:
            _work(firm, store, request, moment)
            done += 1
    return done


def requests(store: Store, capability: str) -> pl.DataFrame:
    """One row a request for a capability, the last first; state is waiting, at work or ended."""
    with store.reading() as session:
        found = session.scalars(
            select(Retraining).where(Retraining.capability == capability).order_by(Retraining.id.desc())
        ).all()
    return pl.DataFrame(
        [
            {**{name: getattr(one, name, None) for name in REQUESTS.names()}, "state": _state(one)}
            for one in found
        ],
        schema=REQUESTS,
    )


def _state(one: Retraining) -> str:
    if one.ended_at is not None:
        return "ended"
    return "waiting" if one.begun_at is None else "at work"


def _claim(store: Store, moment: datetime) -> Retraining | None:
    """The oldest that nobody works on, now ours; two who ask at once get two."""
    open_still = (Retraining.ended_at.is_(None)) & or_(
        Retraining.begun_at.is_(None), Retraining.begun_at < moment - LEFT
    )
    with store.session() as session:
        for number in session.scalars(select(Retraining.id).where(open_still).order_by(Retraining.id)).all():
            ours = session.execute(
                update(Retraining).where(Retraining.id == number, open_still).values(begun_at=moment)
                .returning(Retraining.id)
            ).all()  # fmt: skip
            if ours:
                session.expire_all()
                found = session.get_one(Retraining, number)
                session.expunge(found)
                return found
    return None


def _work(firm: Firm, store: Store, request: Retraining, moment: datetime) -> None:
    """Whatever becomes of it, the request ends and says so."""
    told: dict[str, Any]
    try:
        capability = capability_named(firm, request.capability)
        assert capability.learning is not None
        with open_layer(firm) as layer:
            history = layer.query(capability.learning.history)
            because = f"{request.asked_by} asked for it: {request.reason}"
            taught = teach_anew(firm, store, layer, capability, history, moment, because=because)
        told = {"did": taught.did, "version": taught.version, "reasons": taught.reasons}
    except Exception as error:  # a learner's failure of any sort ends the request, and is said
        why = error.message if isinstance(error, OpslayerError) else f"{type(error).__name__}: {error}"
        told = {"did": "failed", "version": None, "reasons": why}
    with store.session() as session:
        session.execute(update(Retraining).where(Retraining.id == request.id).values(ended_at=moment, **told))
