"""The message of a general rule: a template filled with one row; its first line is the subject."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from email.utils import parseaddr
from typing import Any

from opslayer.actions.evidence import written_amount, written_day
from opslayer.actions.message import choose_sender
from opslayer.actions.messaging.rule import Fact, MessageRule
from opslayer.actions.rendering import Words, letter, paragraphs, render
from opslayer.config import Firm
from opslayer.errors import ConfigurationError

GIVEN = (
    "firm",
    "recipient",
    "signatory",
    "currency",
    "today",
)  # to every template, beside the query's columns


def write(
    firm: Firm, rule: MessageRule, template: str, row: Mapping[str, Any], *, recipient: str, as_of: date
) -> dict[str, Any]:
    """Subject, text, html and sender. Text of the row is one line each, so that no name can add a header.

    Raises ConfigurationError for a template that does not work or has no subject.
    """
    sender = choose_sender(firm, rule.what.sender)
    values = {name: flat(value) for name, value in row.items() if not name.startswith("_")}
    values |= {
        "firm": firm.name,
        "recipient": flat(recipient),
        "signatory": parseaddr(sender or "")[0] or firm.name,
        "currency": firm.base_currency,
        "today": as_of,
    }
    name = f"{template}.txt.j2"
    heading, _, body = render(firm, name, values).strip().partition("\n")
    text = "\n\n".join(flat(part) for part in paragraphs(body)) + "\n"
    subject = flat(heading.removeprefix("Subject:"))
    if not heading.startswith("Subject:") or not subject or not text.strip():
        raise ConfigurationError(
            f'{firm.files("templates", "*.j2")[name]}\n  expected a first line "Subject: ...", then the text'
        )
    html = letter(firm, Words(subject, text))
    return {"sender": sender, "subject": subject, "text": text, "html": html}


def in_words(value: Any, fact: Fact) -> str:
    """A value as people read it; of what is not known, nothing."""
    if value is None:
        return ""
    if fact.type == "amount":
        return written_amount(Decimal(str(value)))
    if fact.type == "day":
        return written_day(str(value)[:10])
    if fact.type == "percent":
        return f"{float(value):.0%}"
    if fact.type == "number":
        return f"{float(value):,.2f}".rstrip("0").rstrip(".")
    return str(flat(value))


def flat(value: Any) -> Any:
    """Text on one line, without what cannot be seen; a moment as its day."""
    if isinstance(value, str):
        return " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return value.date() if isinstance(value, datetime) else value


def plain(value: Any) -> Any:
    """A value as programs read it, in what JSON carries: amounts and days as text, text as it is."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
