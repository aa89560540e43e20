"""A mailbox, as one table `message`: an IMAP folder or a maildir."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from opslayer.config import MailboxSource
from opslayer.sources.imap import ImapFolder
from opslayer.sources.maildir import Maildir
from opslayer.sources.mapping import MappedTable
from opslayer.sources.mime import COLUMNS
from opslayer.sources.parquet import Parts

TABLE = "message"
BATCH = 200  # rows: a mail's text is 70,000 characters at most
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])


class Folder(Protocol):
    """Where mails lie."""

    lag: int

    def rows(self, floor: str | None, /) -> Iterator[dict[str, str | None]]: ...


class MailboxReader:
    """Mails that left the folder since they landed stay in the table, until it is read whole."""

    sparse = False

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.lag = folder.lag

    def present(self, table: str) -> bool:
        return table == TABLE

    def stamp(self, _table: str, /) -> None:
        return None

    def incremental(self, _table: str, spec: MappedTable, /) -> bool:
        return spec.cursor is not None

    def read(self, _table: str, _spec: MappedTable, floor: str | None, parts: Parts, /) -> None:
        parts.write(_batches(_distinct(self.folder.rows(floor))), SCHEMA)


@contextmanager
def open_mailbox(source: MailboxSource, directory: Path) -> Iterator[MailboxReader]:
    """The mailbox, open for reading. Raises SourceUnavailable where its server does not let us in."""
    if source.path is not None:
        yield MailboxReader(Maildir((directory / source.path.expanduser()).resolve()))
        return
    with ImapFolder(source, directory) as folder:
        yield MailboxReader(folder)


def _distinct(rows: Iterator[dict[str, str | None]]) -> Iterator[dict[str, str | None]]:
    """Of a mail that lies there twice, the first."""
    seen: set[str | None] = set()
    for row in rows:
        if row["message_key"] not in seen:
            seen.add(row["message_key"])
            yield row


def _batches(rows: Iterator[dict[str, str | None]]) -> Iterator[pa.RecordBatch]:
    while batch := list(islice(rows, BATCH)):
        yield pa.RecordBatch.from_pylist(batch, schema=SCHEMA)
