"""Bank accounts that an action rests on: the client's own, and the firm's that an invoice asks to pay into.

Who changes one unseen has money paid elsewhere, so a change takes a second pair of eyes. Evidence, trail and
pages hold the last four characters and a fingerprint, which tells a change and gives the account to nobody.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum import iban

from opslayer.store import IssuedInvoice, Outbox
from opslayer.store import Proposal as Record
from opslayer.warehouse import Layer

COST = {"n": 1 << 10, "r": 8, "p": 1}  # milliseconds: an account has too few characters for a bare hash
Account = dict[str, Any]
CLIENT = ("accounts", "client", "now", "print")


@lru_cache(maxsize=4096)
def _fingerprint(account: str) -> str:
    return hashlib.scrypt(account.encode(), salt=b"opslayer bank account", dklen=16, **COST).hex()


def masked(account: str | None) -> Account | None:
    """What may be kept of an account: its last four characters, a fingerprint, whether an IBAN is right.

    An IBAN (ISO 13616) begins with a country and two check digits; what does not is taken as it is.
    """
    compact = re.sub(r"[\s.\-]", "", account or "").upper()
    if not compact:
        return None
    is_right = not re.match(r"[A-Z]{2}\d{2}", compact) or iban.is_valid(compact)
    return {"ends": compact[-4:], "print": _fingerprint(compact), "is_right": is_right}


def client_record(layer: Layer, client: str | None) -> dict[str, Any]:
    """`country` and `bank_account` of the client; empty where nobody is known by that key."""
    if client is None:
        return {}
    place = layer.clients["party_id"].index_of(client)
    return {} if place is None else layer.clients.row(place, named=True)


def client_account(layer: Layer, client: str | None) -> Account | None:
    """The account in the client's record."""
    return masked(client_record(layer, client).get("bank_account"))


def accounts_of(
    session: Session, layer: Layer, client: str | None, evidence: dict[str, Any]
) -> dict[str, Any]:
    """By whose: the account now, and that of the last action sent to the client, or invoice issued."""
    own = (evidence.get("seller") or {}).get("iban")
    pairs = {
        "client": (_last_of(session, client), client_account(layer, client)),
        "own": (masked(_last_billed_to(session)) if own else None, masked(own)),
    }
    return {whose: {"before": before, "now": now} for whose, (before, now) in pairs.items() if now}


def changes(evidence: dict[str, Any]) -> list[str]:
    """What is to be looked at twice, in words; nothing where every account is the one that was."""
    said = []
    words = {"client": "The client's bank account", "own": "Our bank account on the invoice"}
    for whose, pair in (evidence.get("accounts") or {}).items():
        before, now = pair["before"], pair["now"]
        if before and before["print"] != now["print"]:
            alike = " (another, all the same)" if before["ends"] == now["ends"] else ""
            wrong = "" if now["is_right"] else "; its check digits are wrong"
            said.append(
                f"{words[whose]} ended in {before['ends']} and ends in {now['ends']} now{alike}{wrong}."
            )
    return said


def _last_of(session: Session, client: str | None) -> Account | None:
    if client is None:
        return None
    sent = (
        select(Record.evidence)
        .join(Record.outbox)
        .where(
            Outbox.state == "sent",
            Record.client_id == client,
            Record.evidence[CLIENT].as_string().is_not(None),
        )
        .order_by(Outbox.sent_at.desc(), Outbox.id.desc())
        .limit(1)
    )
    evidence = session.scalars(sent).first()
    return evidence["accounts"]["client"]["now"] if evidence else None


def _last_billed_to(session: Session) -> str | None:
    issued = (
        select(Record.evidence["seller"]["iban"].as_string())
        .join(IssuedInvoice, IssuedInvoice.proposal_id == Record.id)
        .order_by(IssuedInvoice.id.desc())
        .limit(1)
    )
    return session.scalars(issued).first()
