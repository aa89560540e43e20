"""One mail as a row of text: headers, what a person would read of it, what is attached; never a script.

Everything a mail holds is data of a stranger. Nothing here raises for what is in it: what cannot be read is
left out and named in `defects`.
"""

from __future__ import annotations

import email
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from itertools import islice
from typing import TypeVar

import simplejson
from inscriptis import get_text
from lxml.etree import LxmlError

READ = 1 << 20  # bytes of a mail that are read; what is after them is left at the source
TEXT = 50_000  # characters of its text that are kept
ATTACHED_TEXT = 20_000
HEADER = 2_000
PARTS = 200
COLUMNS = (
    "message_key", "position", "internet_message_id", "in_reply_to", "thread_references", "from_name",
    "from_address", "reply_to", "to_addresses", "cc_addresses", "subject", "sent_at", "received_at", "body",
    "attachments", "attachment_text", "auto_submitted", "precedence", "list_id", "list_unsubscribe",
    "authentication", "size_bytes", "is_truncated", "defects",
)  # fmt: skip
READABLE = frozenset({"text/plain", "text/html", "text/csv", "text/calendar", "text/markdown"})
Value = TypeVar("Value")
_BLANK_LINES = re.compile(r"\n{3,}")
_SPACES = re.compile(r"[^\S\n]+")


@dataclass(frozen=True)
class Mail:
    """The first bytes of a mail of `size` bytes, its place in its folder, and when it was taken in."""

    head: bytes
    size: int
    position: str
    received: datetime | None


@dataclass(frozen=True)
class Attached:
    """Something attached to a mail, as it was before it was written down as text."""

    name: str
    content: bytes


def attached(head: bytes) -> tuple[dict[str, str | None], list[Attached]]:
    """Who sent a mail, about what and when (from_address, subject, sent_at), and the files attached to it.

    What has no name, or is part of its text, is left out.
    """
    message = _parsed(head, [])
    told = {
        "from_address": _sender(message)["from_address"],
        "subject": _header(message, "Subject"),
        "sent_at": _iso(_moment(message, [])),
    }
    parts = [
        part for part in islice(_leaves(message), PARTS) if part.get_content_disposition() == "attachment"
    ]
    return told, [Attached(name, _bytes(part, [])) for part in parts if (name := _name(part))]


def message_row(head: bytes, *, size: int, position: str, received: datetime | None) -> dict[str, str | None]:
    """The row (COLUMNS) of a mail of `size` bytes whose first READ ones are `head`.

    `message_key` is a digest of what was read and of the size: a mail keeps it in whichever folder it lies,
    and whatever number a server gives it. `received` is when the server took it; without it, its own date.
    """
    defects: list[str] = []
    message = _parsed(head, defects)
    body, listed, attached = _content(message, defects)
    sent = _moment(message, defects)
    row: dict[str, str | None] = {
        "message_key": hashlib.sha256(head + str(size).encode()).hexdigest()[:32],
        "position": position,
        "internet_message_id": _header(message, "Message-ID"),
        "in_reply_to": _header(message, "In-Reply-To"),
        "thread_references": _header(message, "References"),
        **_sender(message),
        "reply_to": _addresses(message, "Reply-To"),
        "to_addresses": _addresses(message, "To"),
        "cc_addresses": _addresses(message, "Cc"),
        "subject": _header(message, "Subject"),
        "sent_at": _iso(sent),
        "received_at": _iso(received or sent),
        "body": body[:TEXT] or None,
        "attachments": simplejson.dumps(listed, ensure_ascii=False) if listed else None,
        "attachment_text": attached[:ATTACHED_TEXT] or None,
        "auto_submitted": _header(message, "Auto-Submitted"),
        "precedence": _header(message, "Precedence"),
        "list_id": _header(message, "List-Id"),
        "list_unsubscribe": _header(message, "List-Unsubscribe"),
        "authentication": _header(message, "Authentication-Results"),
        "size_bytes": str(size),
        "is_truncated": str(size > len(head) or len(body) > TEXT).lower(),
        "defects": "; ".join(dict.fromkeys(defects)) or None,
    }
    return row


def plain(text: str) -> str:
    """Text as a person sees it: no control or invisible characters, at most one blank line on end."""
    normal = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    seen = "".join(
        c for c in normal if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"}
    )
    lines = "\n".join(_SPACES.sub(" ", line).strip() for line in seen.split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip()


def text_of_html(html: str) -> str:
    """What a person would read of it: no script, style or hidden element. Raises ValueError."""
    try:
        return plain(get_text(html)) if html.strip() else ""
    except (LxmlError, ValueError, RecursionError, AttributeError, IndexError, KeyError) as error:
        raise ValueError(f"its HTML cannot be read: {type(error).__name__}") from error


def _parsed(head: bytes, defects: list[str]) -> Message:
    try:
        message = email.message_from_bytes(head)
        defects += [type(defect).__name__ for defect in message.defects]
        for _ in message.walk():
            pass
        return message
    except (RecursionError, ValueError, LookupError, AssertionError, AttributeError, TypeError) as error:
        defects.append(f"only its headers were read: {type(error).__name__}")
        bare = BytesHeaderParser().parsebytes(head.partition(b"\n\n")[0])
        bare.set_payload("")
        return bare


def _content(message: Message, defects: list[str]) -> tuple[str, list[dict[str, object]], str]:
    """Its text, its attachments (name, type, size in bytes), and the text of those that are text."""
    plains: list[str] = []
    htmls: list[str] = []
    listed: list[dict[str, object]] = []
    attached: list[str] = []
    for part in islice(_leaves(message), PARTS):
        kind = part.get_content_type()
        content = _bytes(part, defects)
        if part.get_content_disposition() != "attachment" and kind in ("text/plain", "text/html"):
            (plains if kind == "text/plain" else htmls).append(_text(part, kind, content, defects))
            continue
        listed.append({"name": _name(part), "type": kind, "size": len(content)})
        if kind in READABLE:
            attached.append(_text(part, kind, content, defects))
    body = "\n\n".join(text for text in plains if text) or "\n\n".join(text for text in htmls if text)
    return body, listed, "\n\n".join(attached)


def _leaves(message: Message) -> Iterator[Message]:
    return (part for part in message.walk() if not part.is_multipart())


def _bytes(part: Message, defects: list[str]) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError, AttributeError, TypeError) as error:
        defects.append(f"a part cannot be decoded: {type(error).__name__}")
        return b""
    return content if isinstance(content, bytes) else b""


def _text(part: Message, kind: str, content: bytes, defects: list[str]) -> str:
    text = _decoded(content, str(part.get_content_charset() or "utf-8"), defects)
    if kind != "text/html":
        return plain(text)
    try:
        return text_of_html(text)
    except ValueError as error:
        defects.append(str(error))
        return ""


def _decoded(content: bytes, charset: str, defects: list[str]) -> str:
    try:
        return content.decode(charset)
    except (LookupError, ValueError):
        defects.append("its characters are not of the charset it names")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _header(message: Message, name: str) -> str | None:
    """The header's first value, decoded, on one line, not longer than HEADER."""
    value = _safely(lambda: message.get(name))
    if value is None:
        return None
    raw = str(value)
    try:
        pieces = decode_header(raw)
        words = [
            piece if isinstance(piece, str) else _decoded(piece, charset or "utf-8", [])
            for piece, charset in pieces
        ]
        text = "".join(words)
    except (HeaderParseError, ValueError, LookupError, AssertionError, TypeError):
        text = raw
    return plain(" ".join(text.split()))[:HEADER] or None


def _sender(message: Message) -> dict[str, str | None]:
    name, address = next(iter(_pairs(message, "From")), ("", ""))
    return {"from_name": name or None, "from_address": address or None}


def _addresses(message: Message, name: str) -> str | None:
    return ", ".join(address for _, address in _pairs(message, name) if address)[:HEADER] or None


def _pairs(message: Message, name: str) -> list[tuple[str, str]]:
    """(display name, address in lower case) of the header; what is no address is left out."""
    raw = _safely(lambda: message.get(name))
    found = _safely(lambda: getaddresses([str(raw)[: 4 * HEADER]])) if raw is not None else None
    named = Message()
    pairs = []
    for display, address in found or []:
        named["Subject"] = " ".join(display.split())
        pairs.append((_header(named, "Subject") or "", plain(address).casefold()))
        del named["Subject"]
    return [(display, address) for display, address in pairs if "@" in address]


def _name(part: Message) -> str | None:
    name = _safely(part.get_filename)
    return plain(" ".join(str(name).split()))[:200] if name else None


def _moment(message: Message, defects: list[str]) -> datetime | None:
    written = message.get("Date")
    if written is None:
        return None
    try:
        moment = parsedate_to_datetime(str(written))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        defects.append("its date is none")
        return None


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def _safely(read: Callable[[], Value]) -> Value | None:
    """What the email package gives; None where it trips over a header, as it does over some."""
    try:
        return read()
    except (ValueError, LookupError, AssertionError, AttributeError, TypeError, RecursionError):
        return None
