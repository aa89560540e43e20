"""Who writes: a client by the address or its domain, or somebody new. A shown name proves nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

# where anybody has an address: a domain of these says nothing of a firm
ANYBODYS = frozenset(
    {
        "aol.com", "gmail.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com", "icloud.com",
        "live.com", "mail.com", "me.com", "msn.com", "orange.fr", "outlook.com", "proton.me",
        "protonmail.com", "t-online.de", "wanadoo.fr", "web.de", "yahoo.com", "yahoo.de", "yahoo.fr",
    }
)  # fmt: skip
_FAILED = re.compile(r"\b(?:dmarc|spf|dkim)=(?:hard)?fail", re.IGNORECASE)
_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Sender:
    """`match` is "client" or "new lead"; `doubt` says why a client that shows is not taken for one."""

    match: str
    reason: str
    party_id: str | None = None
    party_name: str | None = None
    practice: str | None = None
    doubt: str | None = None


def domain_of(address: str | None) -> str:
    """What follows the @, in lower case; empty without one."""
    return (address or "").rpartition("@")[2].strip().casefold()


def who_writes(message: dict[str, Any], clients: Sequence[dict[str, Any]]) -> Sender:
    """The client (party_id, name, email, practice) whose address or domain the sender's is, else a new lead.

    Where the receiving server found that the mail does not come from that domain (RFC 8601), it is not.
    """
    address = str(message["from_address"] or "").casefold()
    domain = domain_of(address)
    same = [c for c in clients if address and str(c["email"] or "").casefold() == address]
    if not same and domain and domain not in ANYBODYS:
        same = [c for c in clients if domain_of(c["email"]) == domain]
    if same and _FAILED.search(str(message["authentication"] or "")):
        doubt = f"It says it is from {domain}, and the mail server found that it is not."
        return Sender("new lead", "its sender is not proven", doubt=doubt)
    if same:
        client = min(same, key=lambda one: str(one["party_id"]))
        how = "the address" if str(client["email"] or "").casefold() == address else "the domain"
        return Sender(
            "client",
            f"{how} is that of {client['name']}",
            client["party_id"],
            client["name"],
            client["practice"],
        )
    shown = _plain(str(message["from_name"] or ""))
    looks = next((c for c in clients if len(_plain(c["name"])) >= 5 and _plain(c["name"]) in shown), None)
    spoofed = (
        f"It shows the name of {looks['name']} and comes from {domain or 'no address'}: not taken for them."
        if looks
        else None
    )
    return Sender("new lead", f"nobody of {domain or 'that address'} is a client", doubt=spoofed)


def open_deal(party_id: str | None, practice: str | None, open_opportunities: pl.DataFrame) -> str | None:
    """The client's open opportunity of the practice that closes next; None where there is none."""
    if party_id is None or practice is None:
        return None
    found = open_opportunities.filter(party_id=party_id, practice=practice)
    ranked = found.sort("expected_close_on", "opportunity_id", nulls_last=True)
    return str(ranked["opportunity_id"][0]) if len(ranked) else None


def _plain(text: str) -> str:
    return _LETTERS.sub("", text.casefold())
