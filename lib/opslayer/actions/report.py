"""A report by mail to the firm's own people: once a week, on the books of its Monday or not at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer import metrics
from opslayer.actions.guardrails import Case, Hold, plain_addresses
from opslayer.actions.kind import Column, Condition, Kind, Occasion, Wanted
from opslayer.actions.leadership import NUMBERS, Standing, addresses, sheets, subject
from opslayer.actions.mail import attachment, attachments
from opslayer.actions.rendering import pictures, render, typeset
from opslayer.actions.rule import Approval, Rule
from opslayer.config import Firm
from opslayer.errors import ConfigurationError
from opslayer.store import Proposal as Record
from opslayer.store import Store
from opslayer.warehouse import Layer

READS = {
    "pnl": "pnl_comparison",
    "margin_driver": "margin_driver",
    "margin_narrative": "margin_narrative",
    "project_forecast": "project_forecast",
    "utilisation": "utilisation",
    "inquiry": "inquiries",
}
"""What the sheets are made of: part of their standing -> named query."""
MONDAY = 0
SHEETS = 2
KEPT = ("approved", "sending", "uncertain", "sent")


class ReportRule(Rule):
    """Two sheets, to whom, and what they are written with."""

    kind: Literal["report"]
    to: tuple[str, ...] = Field(min_length=1, description="roles of [[people]]; all who have one get it")
    template: str = Field(
        description="templates/<template>.typ, and <template>.txt.j2 and .html.j2 for the mail"
    )
    approval: Approval

    def approval_at(self, level: int) -> Approval | None:
        return self.approval if level == 0 else None

    @property
    def templates(self) -> tuple[tuple[str, str], ...]:
        return tuple(("template", f"{self.template}.{ending}") for ending in ("typ", "txt.j2", "html.j2"))


@dataclass(frozen=True)
class Sheets:
    """What the report says (the values of its templates), its PDF, and each sheet as SVG."""

    values: dict[str, Any]
    pdf: bytes
    pictures: tuple[str, ...]


def write_sheets(firm: Firm, layer: Layer, *, template: str = "leadership") -> Sheets:
    """The report on a snapshot; the same one gives the same bytes on the same machine.

    Raises ConfigurationError for a template that does not work, or does not come to two sheets.
    """
    values, moment = sheets(_standing(firm, layer)), layer.version.published_at
    shown = pictures(firm, f"{template}.typ", values, moment=moment)
    if len(shown) != SHEETS:
        path = firm.files("templates", "*.typ")[f"{template}.typ"]
        raise ConfigurationError(f"{path}\n  expected {SHEETS} sheets; got {len(shown)}")
    return Sheets(values, typeset(firm, f"{template}.typ", values, moment=moment), shown)


def _standing(firm: Firm, layer: Layer) -> Standing:
    return Standing(
        firm=firm.name,
        currency=layer.base_currency,
        as_of=layer.as_of,
        metrics=metrics.measure(layer, metrics.load_metrics(firm)),
        **{name: layer.query(query) for name, query in READS.items()},
    )


def _gather(occasion: Occasion) -> list[str]:
    return addresses(occasion.firm.people, occasion.rule.to)


def _wanted(_: Session, occasion: Occasion, people: list[str]) -> list[Wanted]:
    """The week's report, on the snapshot of its Monday; on another day there is none."""
    if occasion.as_of.weekday() != MONDAY:
        return []
    calendar = occasion.as_of.isocalendar()
    week, count = f"week {calendar.week} of {calendar.year}", len(people)
    return [
        Wanted(
            key=hashlib.sha256(
                f"{occasion.rule.name}|{calendar.year}-W{calendar.week:02}".encode()
            ).hexdigest(),
            subject=occasion.rule.name,
            name="Leadership",
            title=f"Monday briefing, {week}: to {count} {'person' if count == 1 else 'people'}",
            step=week,
            approval=occasion.rule.approval,
            basis={"snapshot": occasion.layer.version.name, "to": people},
        )
    ]


def _asks(_: Session, occasion: Occasion, people: list[str], __: str) -> list[Condition]:
    roles = " or ".join(occasion.rule.to)
    return [
        Condition("the snapshot is of a Monday", occasion.as_of.weekday() == MONDAY),
        Condition(f"somebody has the role {roles}", bool(people)),
    ]


def _evidence(occasion: Occasion, wanted: Wanted) -> dict[str, Any]:
    firm = {person.email: person for person in occasion.firm.people}
    return {
        "to": f"role:{' or '.join(occasion.rule.to)}",
        "rows": [
            {"name": firm[email].name, "email": email, "roles": ", ".join(firm[email].roles)}
            for email in wanted.basis["to"]
        ],
    }


def _content(occasion: Occasion, wanted: Wanted, _: dict[str, Any]) -> dict[str, Any]:
    return _write(occasion, wanted.basis["to"])


def _write(occasion: Occasion, to: list[str]) -> dict[str, Any]:
    firm, template = occasion.firm, occasion.rule.template
    written = write_sheets(firm, occasion.layer, template=template)
    return {
        "recipient": ", ".join(to),
        "sender": None,
        "subject": subject(written.values),
        "text": render(firm, f"{template}.txt.j2", written.values).strip() + "\n",
        "html": render(firm, f"{template}.html.j2", written.values),
        "attachments": [attachment(f"briefing-{occasion.as_of}.pdf", "application/pdf", written.pdf)],
    }


def _draw_again(_: Session, occasion: Occasion, record: Record) -> dict[str, Any]:
    return _write(occasion, record.evidence["basis"]["to"])


def _snapshot(layer: Layer, _: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"snapshot": {"as_of": layer.as_of.isoformat()}}


def _of_its_monday(case: Case) -> Hold | None:
    """What was true on Monday is not sent later as if it were."""
    now = case.situation.documents["snapshot"]["as_of"]
    if now != case.evidence["as_of"]:
        return Hold(f"it is of {case.evidence['as_of']}, and the books are of {now}", "cancelled")
    return None


def _keep_files(firm: Firm, store: Store) -> None:
    """The PDF of each report under var/reports, as it was approved."""
    folder = firm.var / "reports"
    with store.reading() as session:
        query = select(Record).where(Record.kind == "report", Record.state.in_(KEPT)).order_by(Record.id)
        for record in session.scalars(query):
            for file in attachments(record.content):
                _write_once(folder / file.name, file.content)


def _write_once(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.replace(path)


def standing_of_week(layer: Layer) -> str:
    """A sentence: of which Monday the report is, or why there is none."""
    if layer.as_of.weekday() == MONDAY:
        return f"The briefing of Monday, {layer.as_of:%-d %B %Y}."
    monday = layer.as_of - timedelta(days=layer.as_of.weekday())
    return (
        f"No briefing: the books are of {layer.as_of:%A, %-d %B %Y}, and it is written on those of Monday, "
        f"{monday:%-d %B}."
    )


KIND = Kind(
    rule=ReportRule,
    gather=_gather,
    wanted=_wanted,
    evidence=_evidence,
    content=_content,
    columns=(Column("name", "Name"), Column("email", "To"), Column("roles", "Roles")),
    reads=(*READS.values(), *(f"metric_{name}" for name in NUMBERS)),
    standing=_snapshot,
    checks=(_of_its_monday, plain_addresses),
    finish=_keep_files,
    draw_again=_draw_again,
    asks=_asks,
)
