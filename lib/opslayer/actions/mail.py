"""One message over SMTP: what became of it, never a guess; and the mailbox that proves what left."""

from __future__ import annotations

import base64
import mailbox
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses, parseaddr
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opslayer.actions.channels.channel import Delivery
from opslayer.config import Firm, MailSection, secret
from opslayer.errors import ChannelFailed, ConfigurationError

if TYPE_CHECKING:
    from icalendar import Calendar

TIMEOUT = 30.0  # seconds without a word from the server


def compose(
    content: dict[str, Any],
    *,
    sender: str,
    message_id: str,
    moment: datetime,
    thread: Sequence[str] = (),
    calendar: Calendar | None = None,
) -> EmailMessage:
    """The message as approved: text and HTML, with what is attached to it.

    `thread` are the Message-IDs it follows, first to last (RFC 5322, 3.6.4). `calendar` stands
    beside the text as what a calendar reads (RFC 6047).
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = content["recipient"]
    message["Subject"] = content["subject"]
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = message_id
    if thread:
        message["In-Reply-To"] = thread[-1]
        message["References"] = " ".join(dict.fromkeys(thread))
    message.set_content(content["text"])
    message.add_alternative(content["html"], subtype="html")
    if calendar is not None:
        text = calendar.to_ical().decode()
        message.add_alternative(text, subtype="calendar", params={"method": str(calendar["method"])})
    for attached in attachments(content):
        main, _, sub = attached.type.partition("/")
        message.add_attachment(attached.content, maintype=main, subtype=sub, filename=attached.name)
    return message


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message; `type` is its media type."""

    name: str
    type: str
    content: bytes


def attachment(name: str, type: str, content: bytes) -> dict[str, str]:
    """A file as `content["attachments"]` of a proposal carries it."""
    return {"name": name, "type": type, "content": base64.b64encode(content).decode()}


def attachments(content: dict[str, Any]) -> tuple[Attachment, ...]:
    """The files of a proposal's content; a reminder's is its statement."""
    files = [
        Attachment(file["name"], file["type"], base64.b64decode(file["content"]))
        for file in content.get("attachments", ())
    ]
    if "pdf" in content:
        files.append(Attachment(content["pdf_name"], "application/pdf", base64.b64decode(content["pdf"])))
    return tuple(files)


def deliver(settings: MailSection, message: EmailMessage, *, may_send: Callable[[], bool]) -> Delivery:
    """Hand one message to the firm's mail server, with a blind copy where one is configured.

    It goes to every recipient or to none: the copy proves that the client's went too. `may_send` is asked at
    the last moment before the text is handed over: a process that slept past its claim sends nothing.
    """
    recipients = [address for _, address in getaddresses([message["To"]])]
    recipients += [settings.copy_to] if settings.copy_to else []
    try:
        server = _connect(settings)
    except (OSError, smtplib.SMTPException) as error:
        return Delivery("unreachable", f"{settings.host}:{settings.port} did not let us in: {error}")
    try:
        return _hand_over(server, parseaddr(message["From"])[1], recipients, message.as_bytes(), may_send)
    finally:
        server.close()


def greet(settings: MailSection) -> str:
    """Connect, log in where a name is given, and go. Raises ChannelFailed where that does not work."""
    try:
        server = _connect(settings)
    except (OSError, smtplib.SMTPException) as error:
        raise ChannelFailed(f"{settings.host}:{settings.port} did not let us in: {error}") from error
    server.quit()
    who = f" as {settings.username}" if settings.username else ""
    return f"{settings.host}:{settings.port} let us in{who} ({settings.security})"


@cache
def _trusted() -> ssl.SSLContext:
    """The machine's certificates; to read them takes longer than to send a message."""
    return ssl.create_default_context()


def _connect(settings: MailSection) -> smtplib.SMTP:
    server: smtplib.SMTP
    if settings.security == "tls":
        server = smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT, context=_trusted())
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT)
    try:
        if settings.security == "starttls":
            server.starttls(context=_trusted())
        server.ehlo_or_helo_if_needed()
        if settings.username:
            server.login(settings.username, secret(settings.password) if settings.password else "")
    except BaseException:
        server.close()
        raise
    return server


def _hand_over(
    server: smtplib.SMTP,
    sender: str,
    recipients: Sequence[str],
    content: bytes,
    may_send: Callable[[], bool],
) -> Delivery:
    try:
        client, *copies = recipients
        code, reply = server.mail(sender)
        if code != 250:
            return Delivery("deferred", f"our sender was declined: {_said(code, reply)}")
        code, reply = server.rcpt(client)
        if code not in (250, 251):
            return _declined(code, reply)
        for address in copies:
            code, reply = server.rcpt(address)
            if code not in (250, 251):
                return Delivery("deferred", f"our copy to {address} was declined: {_said(code, reply)}")
    except (OSError, smtplib.SMTPException) as error:
        return Delivery("deferred", f"the server went away before it had the message: {error}")
    if not may_send():
        return Delivery("deferred", "too much time had passed since it was claimed")
    try:
        code, reply = server.data(content)
    except smtplib.SMTPDataError as error:  # it did not want the text, and was not given it
        return _declined(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Delivery("unclear", f"the server had the message and did not answer: {error}")
    if code != 250:
        return _declined(code, reply)
    return Delivery("accepted", _said(code, reply))


def _declined(code: int, reply: bytes | str) -> Delivery:
    return Delivery("refused" if 500 <= code < 600 else "deferred", _said(code, reply))


def _said(code: int, reply: bytes | str) -> str:
    return f"{code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}"


def open_proof(firm: Firm) -> mailbox.Maildir | None:
    """The mailbox where copies arrive, or None where none is configured or it is not there yet.

    Raises ConfigurationError for a kind that is not known.
    """
    if firm.mail is None or firm.mail.proof is None:
        return None
    kind, _, place = firm.mail.proof.partition(":")
    if kind != "maildir" or not place or not firm.mail.copy_to:
        raise ConfigurationError(
            f"{firm.directory / 'firm.toml'}\n  at mail\n  at key: proof\n"
            f'    expected "maildir:PATH", with copy_to beside it; got {firm.mail.proof!r}'
        )
    path = firm.directory / place
    return mailbox.Maildir(path, create=False) if (Path(path) / "cur").is_dir() else None


def arrived(proof: mailbox.Maildir) -> set[str]:
    """The Message-ID of every copy there is."""
    found = set()
    for key in proof.iterkeys():
        with proof.get_file(key) as file:
            found.add(_message_id(file.read(65536)))
    return found


def _message_id(head: bytes) -> str:
    from email.parser import BytesHeaderParser

    return str(BytesHeaderParser().parsebytes(head)["Message-ID"] or "").strip()
