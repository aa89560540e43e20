"""The message of a reminder: its words once, in a template a level; laid out as text, HTML and PDF."""

from __future__ import annotations

import base64
import json
import re
from datetime import date, datetime, timedelta
from email.headerregistry import Address
from email.utils import parseaddr
from functools import cache
from typing import Any

import typst
from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateError

from opslayer.actions.evidence import statement, written_day
from opslayer.actions.ladder import Rung
from opslayer.config import Firm
from opslayer.errors import ConfigurationError

ANSWER_DAYS = 7  # what a message asks for, it asks for within a week
STATEMENT = "[statement]"


def write(firm: Firm, rung: Rung, evidence: dict[str, Any], *, moment: datetime) -> dict[str, Any]:
    """What would be sent: recipient, sender, subject, text, html, and the statement as base64 of its PDF.

    Raises ConfigurationError for a template that does not work.
    """
    sender = choose_sender(firm, rung)
    name, address = parseaddr(sender or "")
    table = statement(evidence, firm=firm.name, contact=address)
    for row in table["invoices"]:
        row["standing"] = _standing(row["days_overdue"])
    before, after, subject = _words(firm, rung, evidence, table)
    values = {
        "subject": subject,
        "before": before,
        "after": after,
        "statement": table,
        "signatory": name or firm.name,
    }
    return {
        "recipient": evidence["party_email"],
        "sender": sender,
        "subject": subject,
        "text": _render(firm, "reminder.txt.j2", values).strip() + "\n",
        "html": _render(firm, "reminder.html.j2", values),
        "pdf": base64.b64encode(write_statement(firm, table, moment=moment)).decode(),
        "pdf_name": f"statement-{evidence['as_of']}.pdf",
    }


def choose_sender(firm: Firm, rung: Rung) -> str | None:
    """Who the message is from; None while the firm has no [mail] and the rung names nobody."""
    if rung.sender.startswith("role:"):
        role = rung.sender.removeprefix("role:")
        person = next((person for person in firm.people if role in person.roles), None)
        if person is not None:
            return str(Address(display_name=person.name, addr_spec=person.email))
    elif rung.sender != "firm":
        return rung.sender
    return firm.mail.sender if firm.mail else None


def write_statement(firm: Firm, table: dict[str, Any], *, moment: datetime) -> bytes:
    """The statement as PDF; the same values and moment give the same bytes on the same machine."""
    path = firm.files("templates", "*.typ")["statement.typ"]
    try:
        pdf = typst.compile(
            path.read_bytes(),
            format="pdf",
            font_paths=_fonts(),
            sys_inputs={"statement": json.dumps(table)},
            timestamp=moment.replace(microsecond=0),  # typst takes whole seconds
        )
    except typst.TypstError as error:
        raise ConfigurationError(f"{path}\n  {error.message}") from error
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _fonts() -> typst.Fonts:
    """Typst's own fonts, and the machine's for letters they lack; looked for once a process."""
    return typst.Fonts()


def _words(
    firm: Firm, rung: Rung, evidence: dict[str, Any], table: dict[str, Any]
) -> tuple[list[str], list[str], str]:
    """A level's paragraphs before and after the statement, and its subject: the first line."""
    rows = table["invoices"]
    name = f"{rung.template}.txt.j2"
    text = _render(
        firm,
        name,
        {
            "firm": firm.name,
            "client": _one_line(table["client"]),
            "overdue": [row for row in rows if row["days_overdue"] > 0],
            "soon": [row for row in rows if row["days_overdue"] <= 0],
            "oldest": max(row["days_overdue"] for row in rows),
            "owed": " and ".join(
                f"{total['overdue']} {total['currency']}"
                for total in table["totals"]
                if total["overdue"] != "0.00"
            ),
            "answer_by": written_day(date.fromisoformat(evidence["as_of"]) + timedelta(days=ANSWER_DAYS)),
        },
    )
    heading, _, body = text.strip().partition("\n")
    paragraphs = [_one_line(part) for part in re.split(r"\n\s*\n", body) if part.strip()]
    if not heading.startswith("Subject:") or STATEMENT not in paragraphs:
        raise ConfigurationError(
            f"{firm.files('templates', '*.j2')[name]}\n"
            f'  expected a first line "Subject: ..." and a paragraph {STATEMENT}'
        )
    place = paragraphs.index(STATEMENT)
    return paragraphs[:place], paragraphs[place + 1 :], _one_line(heading.removeprefix("Subject:"))


def _render(firm: Firm, name: str, values: dict[str, Any]) -> str:
    files = firm.files("templates", "*.j2")
    environment = Environment(
        loader=FunctionLoader(lambda wanted: files[wanted].read_text("utf-8") if wanted in files else None),
        autoescape=lambda wanted: wanted is not None and ".html" in wanted,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    try:
        return environment.get_template(name).render(values)
    except TemplateError as error:
        raise ConfigurationError(f"{files.get(name, name)}\n  {error}") from error


def _standing(days_overdue: int) -> str:
    if days_overdue > 0:
        return f"{days_overdue} {'day' if days_overdue == 1 else 'days'} overdue"
    return (
        "due today"
        if days_overdue == 0
        else f"due in {-days_overdue} {'day' if days_overdue == -1 else 'days'}"
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
