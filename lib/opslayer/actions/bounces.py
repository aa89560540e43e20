"""Mail that came back: delivery status notifications (RFC 3464) in a maildir, matched by Message-ID.

Anybody may write a mail that looks like one. It counts only where it names a message of ours, whose id nobody
guesses, and an address that message went to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import compat32, default
from email.utils import getaddresses
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions.transition import end_autonomy, whom
from opslayer.config import Firm
from opslayer.errors import ConfigurationError
from opslayer.store import Bounce, Outbox, Store, append, emit, lock
from opslayer.store import Proposal as Record

READ = 1_000_000  # bytes of a mail: a notification gives back the text it is about
AGE = timedelta(days=30)  # what lies there longer was read long ago


@dataclass(frozen=True)
class Returned:
    """One address that a notification gives up on."""

    message_id: str
    address: str
    status: str
    diagnostic: str


def record_bounces(firm: Firm, store: Store, *, moment: datetime) -> list[int]:
    """Keep, once, what came back; the numbers of the proposals whose message it was."""
    returned = list(_unread(firm, moment))
    if not returned:
        return []
    with store.session() as session:
        lock(session)
        return [number for one in returned if (number := _record(session, one, moment)) is not None]


def last_bounce(session: Session, recipients: str | None) -> Bounce | None:
    """The latest of any of the addresses that a message is to go to."""
    if not recipients:
        return None
    known = select(Bounce).where(Bounce.address.in_(_addresses(recipients)))
    return session.scalars(known.order_by(Bounce.id.desc())).first()


def returned(content: bytes) -> list[Returned]:
    """What a mail says could not be delivered; nothing where it is no notification, or of a delay."""
    mail = message_from_bytes(content, policy=default)
    if mail.get_content_type() != "multipart/report" or not isinstance(mail, EmailMessage):
        return []
    parts = list(mail.walk())
    message_id = next(filter(None, map(_original, parts)), None) or str(mail["In-Reply-To"] or "").strip()
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    if status is None or not message_id:
        return []
    fields = [block for block in status.get_payload() if isinstance(block, Message)]
    return [
        Returned(
            message_id, address, str(block["Status"] or "5.0.0").split()[0], _value(block, "Diagnostic-Code")
        )
        for block in fields
        if str(block["Action"] or "").strip().lower() == "failed"
        and (address := _value(block, "Original-Recipient") or _value(block, "Final-Recipient"))
    ]


def _original(part: Message) -> str | None:
    """The Message-ID of what is given back, whole or its headers alone."""
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload(0)
        return str(inner["Message-ID"] or "").strip() if isinstance(inner, Message) else None
    if part.get_content_type() == "text/rfc822-headers":
        text = part.get_payload(decode=True)
        head = message_from_bytes(text if isinstance(text, bytes) else b"", policy=compat32)
        return str(head["Message-ID"] or "").strip()
    return None


def _value(block: Message, name: str) -> str:
    """Of "rfc822; ada@client.example" what stands behind the type."""
    return " ".join(str(block[name] or "").partition(";")[2].split())[:500]


def _unread(firm: Firm, moment: datetime) -> Iterator[Returned]:
    for path in sorted(_files(firm), key=lambda one: one.name):
        try:
            if path.stat().st_mtime < (moment - AGE).timestamp():
                continue
            with path.open("rb") as file:
                content = file.read(READ)
        except OSError:
            continue  # another program moved it meanwhile: its new place is read the next time
        yield from returned(content)


def _files(firm: Firm) -> Iterator[Path]:
    if firm.mail is None or firm.mail.bounces is None:
        return
    kind, _, place = firm.mail.bounces.partition(":")
    if kind != "maildir" or not place:
        raise ConfigurationError(
            f"{firm.directory / 'firm.toml'}\n  at mail\n  at key: bounces\n"
            f'    expected "maildir:PATH"; got {firm.mail.bounces!r}'
        )
    for name in ("new", "cur"):
        folder = firm.directory / place / name
        if folder.is_dir():
            yield from (path for path in folder.iterdir() if path.is_file())


def _record(session: Session, one: Returned, moment: datetime) -> int | None:
    """The number of the proposal, where this is new and was sent to that address."""
    record = session.scalar(select(Record).join(Record.outbox).where(Outbox.message_id == one.message_id))
    address = one.address.casefold()
    if record is None or address not in _addresses(record.content.get("recipient")):
        return None
    known = select(Bounce).where(Bounce.proposal_id == record.id, Bounce.address == address)
    if session.scalar(known) is not None:
        return None
    detail = {"recipient": address, "status": one.status, "diagnostic": one.diagnostic}
    session.add(
        Bounce(
            proposal_id=record.id,
            address=address,
            status=one.status,
            diagnostic=one.diagnostic,
            bounced_at=moment,
        )
    )
    record.reason = f"{address} bounced: {one.status} {one.diagnostic}".strip()
    append(session, moment=moment, actor="opslayer", event="bounced", proposal_id=record.id, detail=detail)
    emit(session, "message_bounced", subject=whom(record), key=f"{record.id}:{address}"[-200:], moment=moment)
    end_autonomy(session, record.rule, f"proposal {record.id} bounced", moment=moment)
    return record.id


def _addresses(recipients: str | None) -> list[str]:
    return [address.casefold() for _, address in getaddresses([recipients or ""])]
