"""The message of a reminder: its words once, in a template a level; laid out as text, HTML and PDF."""

from __future__ import annotations

import base64
from datetime import date, datetime, timedelta
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any

from opslayer.actions.evidence import statement, written_day
from opslayer.actions.ladder import Rung
from opslayer.actions.rendering import Words, paragraphs, render, typeset
from opslayer.config import Firm
from opslayer.errors import ConfigurationError, UsageError

ANSWER_DAYS = 7  # what a message asks for, it asks for within a week
STATEMENT = "[statement]"
PLACE = "\x00"  # where a paragraph would stand


def write(firm: Firm, rung: Rung, evidence: dict[str, Any], *, moment: datetime) -> dict[str, Any]:
    """What would be sent: recipient, sender, subject, text, html, and the statement as base64 of its PDF.

    Raises ConfigurationError for a template that does not work.
    """
    sender = choose_sender(firm, rung.sender)
    name, address = parseaddr(sender or "")
    table = _statement(firm, evidence, address)
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
        "text": render(firm, "reminder.txt.j2", values).strip() + "\n",
        "html": render(firm, "reminder.html.j2", values),
        "pdf": base64.b64encode(typeset(firm, "statement.typ", table, moment=moment)).decode(),
        "pdf_name": f"statement-{evidence['as_of']}.pdf",
    }


def lay_out(firm: Firm, evidence: dict[str, Any], content: dict[str, Any], words: Words) -> str:
    """The HTML of edited words: paragraphs before the statement and after it, as in a draft.

    Raises UsageError where the statement of account or the signature is not as it was drafted.
    """
    name, address = parseaddr(content["sender"] or "")
    values = {"statement": _statement(firm, evidence, address), "signatory": name or firm.name}
    frame = render(firm, "reminder.txt.j2", values | {"before": [PLACE], "after": [PLACE]})
    _, table, signature = (part.strip() for part in frame.split(PLACE))
    before, found, after = words.text.strip().partition(table)
    if not found:
        raise UsageError(f"the statement of account must stay as it is:\n{table}")
    if not after.endswith(signature):
        raise UsageError(f"the signature must stay as it is:\n{signature}")
    told = {"before": paragraphs(before), "after": paragraphs(after.removesuffix(signature))}
    return render(firm, "reminder.html.j2", values | told | {"subject": words.subject})


def _statement(firm: Firm, evidence: dict[str, Any], contact: str | None) -> dict[str, Any]:
    table = statement(evidence, firm=firm.name, contact=contact)
    for row in table["invoices"]:
        row["standing"] = _standing(row["days_overdue"])
    return table


def choose_sender(firm: Firm, sender: str) -> str | None:
    """Who a message is from; None while the firm has no [mail] and the rule names nobody."""
    if sender.startswith("role:"):
        role = sender.removeprefix("role:")
        person = next((person for person in firm.people if role in person.roles), None)
        if person is not None:
            return str(Address(display_name=person.name, addr_spec=person.email))
    elif sender != "firm":
        return sender
    return firm.mail.sender if firm.mail else None


def _words(
    firm: Firm, rung: Rung, evidence: dict[str, Any], table: dict[str, Any]
) -> tuple[list[str], list[str], str]:
    """A level's paragraphs before and after the statement, and its subject: the first line."""
    rows = table["invoices"]
    name = f"{rung.template}.txt.j2"
    text = render(
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
    parts = [_one_line(part) for part in paragraphs(body)]
    if not heading.startswith("Subject:") or STATEMENT not in parts:
        raise ConfigurationError(
            f"{firm.files('templates', '*.j2')[name]}\n"
            f'  expected a first line "Subject: ..." and a paragraph {STATEMENT}'
        )
    place = parts.index(STATEMENT)
    return parts[:place], parts[place + 1 :], _one_line(heading.removeprefix("Subject:"))


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
