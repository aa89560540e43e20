"""The pages of a link, without scripts and without anything from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from opslayer import actions
from opslayer.actions import Proposal, Shown
from opslayer.config import Firm

STYLE = (files("opslayer.links") / "style.css").read_text("utf-8")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGES = Environment(
    loader=PackageLoader("opslayer.links", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def asked(firm: Firm, shown: Shown, person: str, token: str) -> str:
    """A proposal, with the form that decides it."""
    columns = actions.KINDS[shown.proposal.kind].columns
    return PAGES.get_template("proposal.html.j2").render(
        firm=firm.name,
        style=STYLE,
        person=person,
        shown=shown,
        proposal=shown.proposal,
        expires=shown.proposal.expires_at.astimezone(firm.zone),
        titles=[column.title for column in columns],
        rows=[[_cell(value) for value in row] for row in shown.rows.iter_rows()],
        numeric=[column.type in ("number", "quantity", "amount") for column in columns],
        token=token,
    )


def _cell(value: Any) -> str:
    """A value as people write it."""
    match value:
        case None:
            return ""
        case date():
            return f"{value.day} {value:%b %Y}"
        case Decimal() | float():
            return f"{value:,.2f}"
        case _:
            return str(value)


def decided(firm: Firm, proposal: Proposal) -> str:
    """What became of it."""
    match proposal.state:
        case "proposed":
            return told(firm.name, "Your yes is kept", "Another person must approve it too.")
        case "cancelled":
            return told(firm.name, "Nothing is sent", f"{proposal.title}: {proposal.reason}.")
        case "rejected":
            return told(firm.name, "Rejected", f"{proposal.title}. Nothing is sent.")
        case _:
            return told(firm.name, "Approved", f"{proposal.title}.{_way_back(firm, proposal)}")


def _way_back(firm: Firm, proposal: Proposal) -> str:
    if proposal.leaves_at is None or not (firm.mail and firm.mail.hold_minutes):
        return ""
    at = proposal.leaves_at.astimezone(firm.zone)
    return f" It leaves at {at:%H:%M}; until then the page Actions pulls it back."


def told(firm: str, title: str, text: str, mend: str | None = None) -> str:
    """A page that says one thing."""
    return PAGES.get_template("said.html.j2").render(
        firm=firm, style=STYLE, title=title, text=text, mend=mend
    )
