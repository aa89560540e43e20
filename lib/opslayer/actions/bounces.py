"""Mail that came back: delivery status notifications (RFC 3464) in a mailbox, matched by Message-ID.

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

from opslayer.actions.transition import SYSTEM, end_autonomy, whom
from opslayer.config import Firm, Mailbox
from opslayer.errors import ConfigurationError, SourceError
from opslayer.sources import ImapFolder
from opslayer.store import AuditEvent, Bounce, Outbox, Store, append, emit, lock
from opslayer.store import Proposal as Record

READ = 1_000_000  # bytes of a mail: a notification gives back the text it is about
UNREAD = "bounces unread"
AGE = timedelta(days=30)  # what lies there longer was read long ago


@dataclass(frozen=True)
class Returned:
    """One address that a notification gives up on."""

    message_id: str
    address: str
    status: str
    diagnostic: str


def record_bounces(firm: Firm, store: Store, *, moment: datetime) -> list[int]:
    """Keep, once, what came back; the numbers of the proposals whose message it was.

    A server that does not answer stops nothing from leaving: the trail says so, once a day, and it is read
    again the next time.
    """
    unread = None
    found: list[Returned] = []
    try:
        for content in _notices(firm, moment):
            found += returned(content)
    except SourceError as error:
        unread = error.message
    if not found and unread is None:
        return []
    with store.session() as session:
        lock(session)
        if unread is not None and not _was_told(session, moment):
            append(session, moment=moment, actor=SYSTEM, event=UNREAD, detail={"reason": unread})
        return [number for one in found if (number := _record(session, one, moment)) is not None]


def _was_told(session: Session, moment: datetime) -> bool:
    last = select(AuditEvent.happened_at).where(AuditEvent.event == UNREAD).order_by(AuditEvent.id.desc())
    told = session.scalars(last.limit(1)).first()
    return told is not None and moment - told < timedelta(days=1)


def last_bounce(session: Session, recipients: str | None) -> Bounce | None:
    """The latest of any of the addresses that a message is to go to."""
    if not recipients:
        return None
    known = select(Bounce).where(Bounce.address.in_(addresses(recipients)))
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


def _notices(firm: Firm, moment: datetime) -> Iterator[bytes]:
    """The mails of the last AGE, from wherever the firm says that what comes back arrives."""
    place = firm.mail.bounces if firm.mail is not None else None
    if isinstance(place, Mailbox) and place.host is not None:
        with ImapFolder(place, firm.directory) as folder:
            yield from folder.reports((moment - AGE).date())
        return
    for path in sorted(_files(firm, place), key=lambda one: one.name):
        try:
            if path.stat().st_mtime < (moment - AGE).timestamp():
                continue
            with path.open("rb") as file:
                yield file.read(READ)
        except OSError:
            continue  # another program moved it meanwhile: its new place is read the next time


def _files(firm: Firm, place: str | Mailbox | None) -> Iterator[Path]:
    if place is None:
        return
    if isinstance(place, Mailbox):
        maildir = str(place.path)
    else:
        kind, _, maildir = place.partition(":")
        if kind != "maildir" or not maildir:
            raise ConfigurationError(
                f"{firm.directory / 'firm.toml'}\n  at mail\n  at key: bounces\n"
                f'    expected "maildir:PATH", or [mail.bounces] with host, username, password; got {place!r}'
            )
    for name in ("new", "cur"):
        folder = firm.directory / maildir / name
        if folder.is_dir():
            yield from (path for path in folder.iterdir() if path.is_file())


def _record(session: Session, one: Returned, moment: datetime) -> int | None:
    """The number of the proposal, where this is new and was sent to that address."""
    record = session.scalar(select(Record).join(Record.outbox).where(Outbox.message_id == one.message_id))
    address = one.address.casefold()
    if record is None or address not in addresses(record.content.get("recipient")):
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


def addresses(recipients: str | None) -> list[str]:
    """The bare addresses of a message's recipients, as they are compared."""
    return [address.casefold() for _, address in getaddresses([recipients or ""])]
