"""The change of staffing: a project's part goes to who leads it, once approved, with the hours as a file.

Nothing is written into the planning system: its owner enters what was approved.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy.orm import Session

from opslayer.actions.evidence import written_day
from opslayer.actions.guardrails import Case, Hold, plain_addresses
from opslayer.actions.kind import Column, Condition, Kind, Occasion, Wanted, as_letter
from opslayer.actions.mail import attachment
from opslayer.actions.rendering import Words, letter, paragraphs, render
from opslayer.actions.rule import Approval, Rule
from opslayer.actions.spreadsheet import plain
from opslayer.store import Proposal as Record
from opslayer.warehouse import Layer

Row = dict[str, Any]
FREE_TIME = "free time"
FILE = ("person", "role", "week_start", "hours", "taken_from")


class StaffingRule(Rule):
    """Changes to who works on what, a message a project."""

    kind: Literal["staffing"]
    who: str
    approval: Approval

    def approval_at(self, level: int) -> Approval | None:  # noqa: ARG002  a change has one level
        return self.approval

    @property
    def queries(self) -> tuple[tuple[str, str], ...]:
        return (("who", self.who),)

    @property
    def templates(self) -> tuple[tuple[str, str], ...]:
        return (("rule", "staffing.txt.j2"),)


def _gather(occasion: Occasion) -> list[Row]:
    return occasion.layer.query(occasion.rule.who).to_dicts()


def _wanted(_: Session, occasion: Occasion, rows: list[Row]) -> list[Wanted]:
    """One a project and week of the proposal; its cost is what must be approved."""
    projects: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        projects[row["project_id"]].append(row)
    monday = occasion.as_of - timedelta(days=occasion.as_of.weekday())
    return [_as_wanted(occasion, project, given, monday) for project, given in sorted(projects.items())]


def _asks(_: Session, __: Occasion, rows: list[Row], subject: str) -> list[Condition]:
    hours = sum(row["hours"] for row in rows if row["project_id"] == subject)
    said = f" (by {hours:g} hours)" if hours else ""
    return [Condition(f"the best change of staffing that was found puts people on it{said}", bool(hours))]


def _as_wanted(occasion: Occasion, project: str, rows: list[Row], monday: date) -> Wanted:
    first, hours = rows[0], sum(row["hours"] for row in rows)
    costs = ("dearer_base", "above_target_base", "switching_base")
    basis = {
        "project_name": first["project_name"],
        "manager_name": first["manager_name"],
        "manager_email": first["manager_email"],
        "hours": f"{hours:g}",
        "value": str(sum((row["value_base"] for row in rows), Decimal(0))),
        "rows": [
            {
                "person_id": row["person_id"],
                "person": row["person_name"],
                "role": row["role"],
                "week_start": row["week_start"].isoformat(),
                "hours": f"{row['hours']:g}",
                "taken_from": row["taken_from_name"],
                "is_free": row["taken_from"] == FREE_TIME,
                "why": row["reasons"],
            }
            for row in rows
        ],
    }
    return Wanted(
        key=hashlib.sha256(json.dumps(["staffing", project, str(monday)]).encode()).hexdigest(),
        subject=project,
        name=first["project_name"],
        title=f"{first['project_name'][:200]}: {hours:g} hours more",
        step="Staffing",
        approval=occasion.rule.approval,
        amount=sum((row[name] for row in rows for name in costs), Decimal(0)),
        basis=basis,
    )


def _evidence(_: Occasion, wanted: Wanted) -> dict[str, Any]:
    return {**wanted.basis, "to": "project's manager"}


def _by_person(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What each person is asked for: who, as what and from where; and the hours of each week."""
    people: dict[str, list[str]] = {}
    for row in rows:
        who = f"{row['person']}, as {row['role']}, from {row['taken_from']}"
        week = written_day(date.fromisoformat(row["week_start"]))
        people.setdefault(who, []).append(f"{row['hours']} hours in the week of {week}")
    return people


def _content(occasion: Occasion, wanted: Wanted, evidence: dict[str, Any]) -> dict[str, Any]:
    mail = occasion.firm.mail
    values = {**evidence, "cost": f"{wanted.amount:,.0f} {occasion.firm.base_currency}"}
    values["manager_name"] = evidence["manager_name"] or "colleague"
    values["people"] = _by_person(evidence["rows"])
    text = render(occasion.firm, "staffing.txt.j2", values).strip() + "\n"
    subject, _, body = text.partition("\n")
    words = Words(subject.removeprefix("Subject:").strip(), "\n\n".join(paragraphs(body)) + "\n")
    file = io.StringIO()
    writer = csv.DictWriter(file, FILE, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: plain(value) for name, value in row.items()} for row in evidence["rows"])
    return {
        "recipient": evidence["manager_email"],
        "sender": mail.sender if mail else None,
        "subject": words.subject,
        "text": words.text,
        "html": letter(occasion.firm, words),
        "attachments": [attachment("staffing.csv", "text/csv", file.getvalue().encode())],
    }


def _draw_again(session: Session, occasion: Occasion, record: Record) -> dict[str, Any] | None:
    """What was done since does not matter: the changes are those that the snapshot recommends."""
    wanted = _wanted(session, occasion, _gather(occasion))
    found = next((one for one in wanted if one.key == record.idempotency_key), None)
    return _content(occasion, found, _evidence(occasion, found)) if found else None


def _standing(layer: Layer, evidence: dict[str, Any]) -> dict[str, Row]:
    """What each person has free in each of the weeks now, by "person_id week_start"."""
    asked = json.dumps(sorted({row["person_id"] for row in evidence["rows"]}))
    rows = layer.query("hours_free_of", person_ids=asked).to_dicts()
    return {f"{row['person_id']} {row['week_start']}": {"free": float(row["free_hours"])} for row in rows}


def _still_free(case: Case) -> Hold | None:
    """Somebody was planned elsewhere, went on leave or left since; hours freed elsewhere are not asked."""
    wanted: dict[str, float] = defaultdict(float)
    names = {}
    for row in case.evidence["rows"]:
        if row["is_free"]:
            key = f"{row['person_id']} {row['week_start']}"
            wanted[key] += float(row["hours"])
            names[key] = f"{row['person']} in the week of {row['week_start']}"
    for key, hours in wanted.items():
        free = case.situation.documents.get(key, {"free": 0.0})["free"]
        if free < hours:
            return Hold(f"{names[key]} has {max(free, 0):g} hours free, not {hours:g}", "cancelled")
    return None


KIND = Kind(
    rule=StaffingRule,
    gather=_gather,
    wanted=_wanted,
    evidence=_evidence,
    content=_content,
    columns=(
        Column("person", "Person"),
        Column("role", "As"),
        Column("week_start", "Week of", "day"),
        Column("hours", "Hours", "quantity"),
        Column("taken_from", "Taken from"),
    ),
    standing=_standing,
    draw_again=_draw_again,
    asks=_asks,
    checks=(_still_free, plain_addresses),
    lay_out=as_letter,
)
