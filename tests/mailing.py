"""A firm with one mailbox, and mails to put into it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from opslayer.config import Firm, load_firm
from opslayer.sources import Landed, land
from tests import dovecot
from tests.landing import AS_OF, MOMENT

SATURDAY = 1794636000  # 2026-11-14 06:00 UTC, as maildirs name their files


def mail(
    text: str, *, subject: str = "Hello", sender: str = "Ann <ann@client.example>", more: str = ""
) -> bytes:
    """A plain mail; `more` are whole header lines."""
    head = f"From: {sender}\r\nTo: hello@firm.example\r\nSubject: {subject}\r\n{more}"
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


def mailbox_firm(folder: Path, section: str = 'path = "mailbox"') -> Firm:
    for name in ("new", "cur", "tmp"):
        (folder / "mailbox" / name).mkdir(parents=True, exist_ok=True)
    (folder / "firm.toml").write_text(
        f'[firm]\nname = "Test"\nbase_currency = "EUR"\n[sources.mail]\nkind = "mailbox"\n{section}\n',
        encoding="utf-8",
    )
    return load_firm(folder)


def imap_section(server: dovecot.Server, folder: str = "INBOX") -> str:
    """The lines of a source that reads a folder there, with the password in IMAP_PASSWORD."""
    return (
        f'host = "localhost"\nport = {server.tls}\nusername = "{dovecot.USER}"\nfolder = "{folder}"\n'
        f'password = "env:IMAP_PASSWORD"\nca = "{server.certificate}"'
    )


def put(firm: Firm, *mails: bytes, first: int = 0) -> list[Path]:
    """Deliver them, one every hundred seconds."""
    paths = []
    for number, content in enumerate(mails, start=first):
        path = firm.directory / "mailbox" / "new" / f"{SATURDAY + 100 * number}.{number}.test"
        path.write_bytes(content)
        paths.append(path)
    return paths


def land_mail(firm: Firm, **how: Any) -> Landed:
    (landed,) = land(firm, as_of=AS_OF, moment=MOMENT + timedelta(days=3650), **how)
    return landed
