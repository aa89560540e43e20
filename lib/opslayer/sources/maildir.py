"""A maildir: a file a mail in `new` and `cur` (cr.yp.to/proto/maildir.html); read, never touched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from opslayer.errors import UnreadableSource
from opslayer.sources.cursor import parse
from opslayer.sources.mime import READ, Mail, message_row

_DELIVERED = re.compile(r"(\d{9,10})\.")  # seconds since 1970, which begin a name as the standard asks


class Maildir:
    """Its cursor is when a file last came or was moved, which no copy and no clock of a sender sets back."""

    lag = 60  # seconds: a file that was being delivered

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rows(self, floor: str | None) -> Iterator[dict[str, str | None]]:
        """A row a mail, as of `mails`."""
        for mail in self.mails(floor):
            yield message_row(mail.head, size=mail.size, position=mail.position, received=mail.received)

    def mails(self, floor: str | None, *, most: int = READ) -> Iterator[Mail]:
        """The mails that came or were moved at `floor` or after, in the order of their files' names: the
        first `most` bytes of each.

        Raises UnreadableSource where the folder is no maildir.
        """
        places = [place for name in ("new", "cur") if (place := self.folder / name).is_dir()]
        if not places:
            raise UnreadableSource(
                f"{self.folder} is not a maildir: it holds neither `new` nor `cur`",
                mend="mend `path` in firm.toml; it is relative to that file",
            )
        since = parse(floor) if floor else None
        for path in sorted((path for place in places for path in place.iterdir()), key=lambda p: p.name):
            try:
                state = path.stat()
                moved = datetime.fromtimestamp(state.st_ctime, UTC)
                if path.name.startswith(".") or (isinstance(since, datetime) and moved < since):
                    continue
                with path.open("rb") as file:
                    head = file.read(most)
            except (FileNotFoundError, IsADirectoryError):
                continue  # another program moved it meanwhile: its new place is read the next time
            delivered = _DELIVERED.match(path.name)
            yield Mail(
                head,
                size=state.st_size,
                position=moved.isoformat(timespec="microseconds"),
                received=datetime.fromtimestamp(int(delivered[1]), UTC) if delivered else None,
            )
