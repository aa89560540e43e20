"""Documents as one table `document`, a row a file: from a folder, or attached to the mail of a mailbox.

Each is read once (`opslayer.documents`); what is refused is a row too, which says why. Its bytes are kept
beside what landed, so that a page can show where something was read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path, PurePath
from typing import Protocol

import pyarrow as pa
import simplejson

from opslayer import documents
from opslayer.config import AttachmentsSource, Firm
from opslayer.documents.kind import LARGEST
from opslayer.errors import UnreadableSource
from opslayer.sources.cursor import parse
from opslayer.sources.imap import ImapFolder
from opslayer.sources.maildir import Maildir
from opslayer.sources.mapping import MappedTable
from opslayer.sources.mime import Mail, attached
from opslayer.sources.parquet import Parts

TABLE = "document"
COLUMNS = (
    "document_key", "position", "name", "origin", "received_at", "sender", "about", "size_bytes", "kind",
    "pages", "read_by", "refused", "why", "lines",
)  # fmt: skip
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])
BATCH = 20
MAIL = (
    LARGEST * 4 // 3 + 2**20
)  # bytes of a mail whose attachment is as large as is read: base64 adds a third
HALF_WRITTEN = (".part", ".tmp", ".crdownload")
SHOWN = frozenset({None, "no words", "no tesseract"})  # refusals of which a person may see the pages
Row = dict[str, str | None]


@dataclass(frozen=True)
class Come:
    """A document as it came."""

    name: str
    content: bytes
    size: int
    position: str
    origin: str
    received_at: str | None
    sender: str | None = None
    about: str | None = None

    @property
    def key(self) -> str:
        return hashlib.sha256(
            self.content + (str(self.size).encode() if self.size > LARGEST else b"")
        ).hexdigest()[:32]


class Place(Protocol):
    """Where documents come from."""

    lag: int

    def come(self, floor: str | None, /) -> Iterator[Come]: ...


class Folder:
    """A folder that people and scanners put files into; read, never touched."""

    lag = 60  # seconds: a file that was being written

    def __init__(self, path: Path) -> None:
        self.path = path

    def come(self, floor: str | None) -> Iterator[Come]:
        """The files that came or changed at `floor` or after, by name. Raises UnreadableSource."""
        if not self.path.is_dir():
            raise UnreadableSource(
                f"there is no folder {self.path}",
                mend="mend `path` in firm.toml; it is relative to that file",
            )
        since = parse(floor) if floor else None
        for path in sorted(self.path.rglob("*")):
            try:
                state = path.stat(follow_symlinks=False)
                moved = datetime.fromtimestamp(state.st_ctime, UTC)
                old = isinstance(since, datetime) and moved < since
                if old or path.is_symlink() or not path.is_file() or _is_half_written(path):
                    continue
                with path.open("rb") as file:
                    content = file.read(LARGEST + 1)
            except (FileNotFoundError, PermissionError):
                continue  # taken away meanwhile
            came = datetime.fromtimestamp(state.st_mtime, UTC).isoformat(timespec="seconds")
            stamp = moved.isoformat(timespec="microseconds")
            yield Come(str(path.relative_to(self.path)), content, state.st_size, stamp, "folder", came)


class Attachments:
    """What is attached to the mails of a folder of mail."""

    def __init__(self, folder: Maildir | ImapFolder) -> None:
        self.folder = folder
        self.lag = folder.lag

    def come(self, floor: str | None) -> Iterator[Come]:
        """The documents among the attachments: files of a kind that is read, and archives."""
        for mail in self.folder.mails(floor, most=MAIL):
            yield from _attached(mail)


class DocumentsReader:
    """Documents that were taken away since they landed stay in the table, until it is read whole."""

    sparse = False

    def __init__(self, place: Place, keep_in: Path) -> None:
        self.place = place
        self.keep_in = keep_in
        self.lag = place.lag

    def present(self, table: str) -> bool:
        return table == TABLE

    def stamp(self, _table: str, /) -> None:
        return None

    def incremental(self, _table: str, spec: MappedTable, /) -> bool:
        return spec.cursor is not None

    def read(self, _table: str, _spec: MappedTable, floor: str | None, parts: Parts, /) -> None:
        parts.write(_batches(self._rows(floor)), SCHEMA)

    def _rows(self, floor: str | None) -> Iterator[Row]:
        """A row a document; of one that came twice, the first."""
        seen: set[str] = set()
        for come in self.place.come(floor):
            if come.key not in seen:
                seen.add(come.key)
                row = document_row(come)
                if row["refused"] in SHOWN:
                    _keep(self.keep_in / f"{come.key}{PurePath(come.name).suffix.lower()}", come.content)
                yield row


@contextmanager
def open_attachments(source: AttachmentsSource, directory: Path) -> Iterator[Attachments]:
    """The mailbox, open for reading. Raises SourceUnavailable where its server does not let us in."""
    if source.path is not None:
        yield Attachments(Maildir((directory / source.path.expanduser()).resolve()))
        return
    with ImapFolder(source, directory) as folder:
        yield Attachments(folder)


def kept(firm: Firm) -> Path:
    """The folder in which the bytes of documents are kept: `<key><suffix>`."""
    return firm.var / "documents"


def kept_document(firm: Firm, key: str, page: int) -> bytes | None:
    """A page of a document as a PNG; none where its bytes are not kept, or it cannot be drawn."""
    path = next((path for path in kept(firm).glob(f"{key}.*") if path.stem == key), None)
    if path is None:
        return None
    try:
        return documents.picture(path.read_bytes(), path.name, page)
    except documents.Refused:
        return None


def document_row(come: Come) -> Row:
    """The row (COLUMNS) of a document: its lines as JSON [page, x0, y0, x1, y1, text], or why it has none."""
    row: Row = {
        "document_key": come.key,
        "position": come.position,
        "name": come.name,
        "origin": come.origin,
        "received_at": come.received_at,
        "sender": come.sender,
        "about": come.about,
        "size_bytes": str(come.size),
        **dict.fromkeys(("kind", "pages", "read_by", "refused", "why", "lines")),
    }
    try:
        found = documents.read(come.content, come.name)
    except documents.Refused as refused:
        return row | {"refused": refused.code, "why": f"{refused.why}; {refused.mend}"}
    lines = simplejson.dumps([astuple(line) for line in found.lines], ensure_ascii=False)
    return row | {"kind": found.kind, "pages": str(found.pages), "read_by": found.by, "lines": lines}


def _attached(mail: Mail) -> Iterator[Come]:
    told, files = attached(mail.head)
    received = (
        mail.received.astimezone(UTC).isoformat(timespec="seconds") if mail.received else told["sent_at"]
    )
    for file in files:
        suffix = PurePath(file.name).suffix.lower()
        if suffix in documents.SUFFIXES or suffix == ".zip":
            yield Come(
                file.name, file.content, len(file.content), mail.position, "mail", received,
                told["from_address"], told["subject"],
            )  # fmt: skip


def _is_half_written(path: Path) -> bool:
    return path.name.startswith((".", "~")) or path.suffix.lower() in HALF_WRITTEN


def _keep(path: Path, content: bytes) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_bytes(content)
        beside.replace(path)


def _batches(rows: Iterator[Row]) -> Iterator[pa.RecordBatch]:
    while batch := list(islice(rows, BATCH)):
        yield pa.RecordBatch.from_pylist(batch, schema=SCHEMA)
