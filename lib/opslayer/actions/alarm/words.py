"""What a mail about alerts says: one list of alerts of one state, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opslayer.actions.alarm.routing import Due, What
from opslayer.actions.rendering import render
from opslayer.alerts import Alert, Definition
from opslayer.config import Firm, Person
from opslayer.metrics import Unit, written


@dataclass(frozen=True)
class Item:
    """An alert as one line of a mail: whose, the value against its limits, since when."""

    alert: Alert
    definition: Definition | None
    unit: Unit
    due: Due


def limits(alert: Alert, unit: Unit, currency: str) -> str:
    """The range in words: "at least 60.0%", "at most 55 days"."""
    ends = (("at least", alert.low), ("at most", alert.high))
    return ", ".join(f"{word} {written(end, unit, currency)}" for word, end in ends if end is not None)


def write(
    firm: Firm, person: Person, what: What, owner: str, items: Sequence[Item], *, page: str | None
) -> dict[str, Any]:
    """The mail: recipient, subject, text and html. Raises ConfigurationError for a template that fails."""
    lines = [_line(firm, item) for item in items]
    notes = ["", *(line["note"] for line in lines)]
    for line, before in zip(lines, notes, strict=False):
        line["note"] = "" if line["note"] == before else line["note"]  # said once for those it is of
    late = max(item.due.late for item in items)
    turn = max(item.due.turn for item in items)
    values = {
        "firm": firm.name, "person": person.name, "what": what, "owner": owner, "items": lines,
        "late": round(late), "again": turn > 0, "page": page,
    }  # fmt: skip
    subject, _, text = render(firm, "alerts.txt.j2", values).strip().partition("\n")
    subject = " ".join(subject.removeprefix("Subject:").split())
    html = render(firm, "alerts.html.j2", {**values, "subject": subject})
    return {"recipient": person.email, "subject": subject, "text": text.strip() + "\n", "html": html}


def _line(firm: Firm, item: Item) -> dict[str, str]:
    alert, definition = item.alert, item.definition
    title = definition.title if definition else alert.definition
    return {
        "key": alert.key,
        "title": f"{title}: {alert.name}" if alert.name else title,
        "value": written(alert.value, item.unit, firm.base_currency),
        "limits": limits(alert, item.unit, firm.base_currency),
        "since": _day(firm, item.due.begun),
        "message": alert.message or "",
        "note": definition.note if definition else "",
    }


def _day(firm: Firm, moment: datetime) -> str:
    there = moment.astimezone(firm.zone)
    return f"{there.day} {there:%B, %H:%M}"
