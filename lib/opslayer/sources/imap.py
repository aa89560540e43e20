"""A folder on an IMAP server, opened with EXAMINE and read with BODY.PEEK: nothing is changed there."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from opslayer.config import Mailbox, secret
from opslayer.errors import SourceUnavailable, UnreadableSource, nearest
from opslayer.sources.mime import READ, Mail, message_row

TOGETHER = 16  # mails fetched at once: no more than 16 MiB are held
TIMEOUT = 60.0  # seconds for an answer
_POSITION = re.compile(r"validity-(\d+)-uid-(\d+)")


class ImapFolder:
    """A context manager: it holds the connection.

    Its cursor is UIDVALIDITY and UID (RFC 9051, 2.3.1.1): a server that numbers its mails anew gives the
    first a new value, and then all are read again. They keep their keys, so that none is there twice.
    """

    lag = 0

    def __init__(self, source: Mailbox, directory: Path) -> None:
        self.source = source
        self.directory = directory

    def __enter__(self) -> ImapFolder:
        where = f"{self.source.host}:{self.source.port}"
        try:
            with ExitStack() as stack:
                self._open(stack)
                self._stack = stack.pop_all()
        except LoginError as error:
            raise SourceUnavailable(
                f"{where} refused the login of {self.source.username}: {_words(error)}",
                mend="see that `username` in firm.toml is right, and what `password` there refers to",
            ) from error
        except ssl.SSLError as error:
            raise SourceUnavailable(
                f"{where} could not be trusted: {_words(error)}",
                mend="name the firm's own certificate authority as `ca` in firm.toml, or mend its own",
            ) from error
        except (OSError, IMAPClientError) as error:
            raise SourceUnavailable(
                f"{where} does not answer: {_words(error)}",
                mend="see that the server runs, and that host, port and security in firm.toml are its own",
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def rows(self, floor: str | None) -> Iterator[dict[str, str | None]]:
        """A row a mail, as of `mails`."""
        for mail in self.mails(floor):
            yield message_row(mail.head, size=mail.size, position=mail.position, received=mail.received)

    def mails(self, floor: str | None, *, most: int = READ) -> Iterator[Mail]:
        """The mails from `floor` on, by UID: the first `most` bytes of each.

        Raises SourceUnavailable where the server breaks off.
        """
        found = _POSITION.fullmatch(floor) if floor else None
        same = found is not None and int(found[1]) == self.validity
        first = int(found[2]) if found and same else 1
        try:
            # "n:*" holds the last mail even where its UID is below n
            uids = sorted(uid for uid in self.client.search(["UID", f"{first}:*"]) if uid >= first)
            together = max(1, TOGETHER * READ // most)
            for start in range(0, len(uids), together):
                yield from self._fetched(uids[start : start + together], most)
        except (OSError, IMAPClientError) as error:
            raise SourceUnavailable(
                f"{self.source.host} broke off: {_words(error)}", mend="land again when it is well"
            ) from error

    def reports(self, since: date) -> Iterator[bytes]:
        """Mails that report something of another (RFC 6522), as they lie there, of `since` and later; the
        first READ bytes of each. Raises SourceUnavailable where the server breaks off."""
        try:
            uids = sorted(self.client.search(["SINCE", since, "HEADER", "Content-Type", "multipart/report"]))
            for start in range(0, len(uids), TOGETHER):
                answer = self.client.fetch(uids[start : start + TOGETHER], [f"BODY.PEEK[]<0.{READ}>"])
                yield from (answer[uid].get(b"BODY[]<0>") or b"" for uid in sorted(answer))
        except (OSError, IMAPClientError) as error:
            raise SourceUnavailable(
                f"{self.source.host} broke off: {_words(error)}", mend="it is read again the next time"
            ) from error

    def _fetched(self, uids: list[int], most: int) -> Iterator[Mail]:
        answer = self.client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE", f"BODY.PEEK[]<0.{most}>"])
        for uid in uids:
            if b"BODY[]<0>" not in answer.get(uid, {}):
                continue  # expunged since it was listed
            mail = answer[uid]
            yield Mail(
                mail[b"BODY[]<0>"] or b"",
                size=max(int(mail[b"RFC822.SIZE"]), len(mail[b"BODY[]<0>"] or b"")),
                position=f"validity-{self.validity:010d}-uid-{uid:010d}",
                received=mail[b"INTERNALDATE"],
            )

    def _open(self, stack: ExitStack) -> None:
        source = self.source
        trusted = ssl.create_default_context(cafile=str(self.directory / source.ca) if source.ca else None)
        self.client = IMAPClient(
            source.host,
            port=source.port,
            ssl=source.security == "tls",
            ssl_context=trusted if source.security == "tls" else None,
            timeout=TIMEOUT,
        )
        stack.callback(self._close)
        self.client.normalise_times = False
        if source.security == "starttls":
            self.client.starttls(trusted)
        self.client.login(source.username or "", secret(source.password) if source.password else "")
        self._select()

    def _select(self) -> None:
        names = [str(name) for _, _, name in self.client.list_folders()]
        if self.source.folder not in names and self.source.folder.upper() != "INBOX":
            near = nearest(self.source.folder, names)
            raise UnreadableSource(
                f'{self.source.host} has no folder "{self.source.folder}"; it has: {", ".join(names)[:400]}',
                mend=f'did you mean "{near}"?' if near else "mend `folder` in firm.toml",
            )
        selected = self.client.select_folder(self.source.folder, readonly=True)
        self.validity = int(selected[b"UIDVALIDITY"])

    def _close(self) -> None:
        try:
            self.client.logout()
        except (OSError, IMAPClientError):
            self.client.shutdown()


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:400]
