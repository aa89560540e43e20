"""Documents land from a folder and from mail; what is refused is a row that says why, and stops nobody."""

from __future__ import annotations

import json
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from opslayer.config import Firm, load_firm
from opslayer.demo import paper
from opslayer.sources import Landed, land
from tests import dovecot
from tests.landing import AS_OF, MOMENT, visible
from tests.mailing import imap_section, put

BILL = paper.pdf(
    [(50, 60, 18, "Bracken Office"), (50, 120, 10, "Invoice 88213"), (50, 160, 10, "Total 312.40")]
)


def documents_firm(folder: Path, source: str) -> Firm:
    (folder / "documents" / "scans").mkdir(parents=True)
    for name in ("new", "cur", "tmp"):
        (folder / "mailbox" / name).mkdir(parents=True)
    (folder / "firm.toml").write_text(
        f'[firm]\nname = "Test"\nbase_currency = "EUR"\n[sources.paper]\n{source}\n', encoding="utf-8"
    )
    return load_firm(folder)


def land_all(firm: Firm, *, full: bool = False) -> Landed:
    (landed,) = land(firm, as_of=AS_OF, moment=MOMENT, full=full)
    return landed


def rows(firm: Firm) -> list[tuple[str, str, str | None, str | None]]:
    return visible(firm, "name, origin, read_by, refused", table="document")


def mailed(*files: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"] = "Bracken <billing@bracken.example>"
    message["Subject"] = "Our bill"
    message["Date"] = "Sat, 14 Nov 2026 06:00:00 +0000"
    message.set_content("Please find it attached.")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes(policy=SMTP)


def test_a_folder_is_read_and_each_document_once(tmp_path: Path) -> None:
    firm = documents_firm(tmp_path, 'kind = "documents"\npath = "documents"')
    folder = tmp_path / "documents"
    (folder / "bill.pdf").write_bytes(BILL)
    (folder / "scans" / "again.pdf").write_bytes(BILL)
    (folder / "locked.pdf").write_bytes(paper.pdf([(50, 60, 10, "x")], locked=True))
    (folder / "half.pdf.part").write_bytes(BILL[:100])
    (folder / "link.txt").symlink_to("/etc/passwd")
    assert land_all(firm).rows_total == 2
    assert rows(firm) == [
        ("bill.pdf", "folder", "text layer", None),
        ("locked.pdf", "folder", None, "encrypted"),
    ]
    ((lines, why),) = visible(firm, "max(lines), max(why)", table="document")
    assert [line[5] for line in json.loads(lines)] == ["Bracken Office", "Invoice 88213", "Total 312.40"]
    assert "save it without one" in why
    assert [path.read_bytes() for path in (firm.var / "documents").iterdir()] == [BILL]
    (folder / "bill.pdf").unlink()  # put away by a person: it stays on record
    (folder / "scans" / "again.pdf").unlink()
    assert land_all(firm).rows_total == 2
    assert land_all(firm, full=True).rows_total == 1


def test_attachments_of_a_maildir(tmp_path: Path) -> None:
    firm = documents_firm(tmp_path, 'kind = "attachments"\npath = "mailbox"')
    large = paper.pdf([(50, 60, 10, "Large one")]).replace(b"%%EOF", b"%" + b"x" * 3_000_000 + b"\n%%EOF")
    put(
        firm,
        mailed(("bill.pdf", BILL), ("logo.svg", b"<svg/>"), ("all.zip", b"PK\x03\x04")),
        mailed(("large.pdf", large)),
    )
    land_all(firm)
    assert rows(firm) == [
        ("all.zip", "mail", None, "archive"),
        ("bill.pdf", "mail", "text layer", None),
        ("large.pdf", "mail", "text layer", None),
    ]
    assert visible(firm, "distinct sender, about", table="document") == [
        ("billing@bracken.example", "Our bill")
    ]


def test_attachments_of_an_imap_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with dovecot.running() as server:
        monkeypatch.setenv("IMAP_PASSWORD", dovecot.PASSWORD)
        firm = documents_firm(tmp_path, f'kind = "attachments"\n{imap_section(server, "INBOX")}')
        server.deliver(mailed(("bill.pdf", BILL)))
        land_all(firm)
        assert rows(firm) == [("bill.pdf", "mail", "text layer", None)]
