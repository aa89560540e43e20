"""What a person says of a document: checked, kept beside what was read, and learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from opslayer.access import admit
from opslayer.config import Firm
from opslayer.errors import UsageError
from opslayer.intelligence.document.answer import WANTED, Said, written
from opslayer.intelligence.document.forms import amount, as_day
from opslayer.intelligence.document.teaching import CAPABILITY
from opslayer.modelops import capture
from opslayer.store import Prediction, Store


def put_right(
    firm: Firm,
    store: Store,
    document_id: str,
    values: Mapping[str, str | None],
    *,
    by: str,
    reason: str,
    moment: datetime,
) -> None:
    """Keep what a person says of a document: its class, and the fields of that as they stand there.

    Raises AccessDenied for whose roles decide nothing, UsageError for what cannot be, or was not read yet.
    """
    admit(firm, store, by, "decide", moment=moment)
    said = {field: Said(value) for field, value in _checked(values).items()}
    with store.session() as session:
        asked = session.scalars(
            select(Prediction.id)
            .where(
                Prediction.capability == CAPABILITY,
                Prediction.subject == document_id,
                Prediction.role == "served",
            )
            .order_by(Prediction.id.desc())
        ).first()
        if asked is None:
            raise UsageError(f"{document_id} was not read yet", mend="the job morning reads what came")
        capture.correct(session, asked, written(said), by=by, reason=reason, moment=moment)


def _checked(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """The fields that are wanted of its class. Raises UsageError for what has not the form of its field."""
    kind = values.get("class")
    if kind not in WANTED:
        raise UsageError(f"{kind} is no class of documents", mend=f"one of {', '.join(WANTED)}")
    told = {field: (values.get(field) or "").strip() or None for field in WANTED[kind]}
    day, total = told.get("date"), told.get("total")
    if day is not None and as_day(day) is None:
        raise UsageError(f"{day} is no date", mend="write it as it stands there, 05/11/2026 or 5 Nov 2026")
    if total is not None and amount(total) is None:
        raise UsageError(f"{total} is no amount", mend="write it with its cents: 1,312.40")
    return told
