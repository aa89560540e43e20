"""A mailbox lands: a maildir, and a folder on a real Dovecot over TLS."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opslayer import cli
from opslayer.config import PROJECT, Firm, load_firm
from opslayer.errors import ConfigurationError, SourceUnavailable, UnreadableSource
from tests import dovecot
from tests.landing import visible
from tests.mailing import imap_section, land_mail, mail, mailbox_firm, put

LAND = """
import sys
from pathlib import Path
from opslayer.config import load_firm
from tests.mailing import land_mail
firm = load_firm(Path(sys.argv[1]))
print("ready", flush=True)
land_mail(firm)
"""


def column(firm: Firm, name: str) -> list[object]:
    return [row[0] for row in visible(firm, f"{name} as found", table="message")]


@pytest.fixture(scope="module")
def server() -> Iterator[dovecot.Server]:
    with dovecot.running() as running:
        yield running


class TestMaildir:
    def test_only_new_mail_is_added_and_what_was_moved_stays_one(self, tmp_path: Path) -> None:
        firm = mailbox_firm(tmp_path)
        first, _ = put(firm, mail("one"), mail("two"))
        assert (land_mail(firm).rows_new, column(firm, "body")) == (2, ["one", "two"])
        put(firm, mail("three"), first=2)
        first.rename(tmp_path / "mailbox" / "cur" / f"{first.name}:2,S")  # somebody read it
        assert land_mail(firm).mode == "append"
        assert column(firm, "body") == ["one", "three", "two"]
        (tmp_path / "mailbox" / "cur" / f"{first.name}:2,S").unlink()  # and deleted it
        assert land_mail(firm).rows_new == 0
        assert column(firm, "body") == ["one", "three", "two"]
        assert (land_mail(firm, full=True).rows_deleted, column(firm, "body")) == (1, ["three", "two"])

    def test_one_mail_twice_is_one(self, tmp_path: Path) -> None:
        firm = mailbox_firm(tmp_path)
        put(firm, mail("one"), mail("one"))
        assert land_mail(firm).rows_total == 1

    def test_an_empty_mailbox_has_no_rows(self, tmp_path: Path) -> None:
        firm = mailbox_firm(tmp_path)
        assert land_mail(firm).rows_total == 0
        put(firm, mail("one"))
        assert land_mail(firm).rows_total == 1

    def test_what_is_no_maildir_is_named(self, tmp_path: Path) -> None:
        firm = mailbox_firm(tmp_path)
        shutil.rmtree(tmp_path / "mailbox")
        with pytest.raises(UnreadableSource, match=r"mail: message: .*mailbox is not a maildir"):
            land_mail(firm)

    @pytest.mark.faults
    def test_killed_at_any_moment_no_mail_is_lost_or_doubled(self, tmp_path: Path) -> None:
        firm = mailbox_firm(tmp_path)
        moments = random.Random(3)
        for attempt in range(8):
            put(firm, *(mail(f"{attempt} {n}") for n in range(100)), first=100 * attempt)
            process = subprocess.Popen(
                [sys.executable, "-c", LAND, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
            )
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            try:
                process.wait(moments.uniform(0, 0.3))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.communicate()
            seen = column(firm, "body") if (firm.var / "raw/mail/message/manifest.json").exists() else []
            assert len(seen) == len(set(seen))
            assert len(seen) % 100 == 0  # a landing is seen whole or not at all
        land_mail(firm)
        assert len(column(firm, "body")) == 800

    def test_a_mail_of_30_mb_is_read_in_bounded_memory(self, tmp_path: Path) -> None:
        firm = mailbox_firm(tmp_path)
        part = (
            "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + "QUJD\r\n" * 5_000_000
        )
        put(
            firm,
            b"From: ann@client.example\r\nSubject: Plans\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\nContent-Type: text/plain\r\n\r\nour plans\r\n--b\r\n" + part.encode() + b"\r\n--b--\r\n",
            mail("x" * 30_000_000),
            *(mail(f"small {n}") for n in range(3)),
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        land_mail(firm)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # KiB
        rows = visible(
            firm, "left(body, 9) as body, length(body) as long, is_truncated, size_bytes", "message"
        )
        assert ("our plans", 9, "true") in [row[:3] for row in rows]
        assert sum(int(row[3]) > 30_000_000 for row in rows) == 2
        assert sum(row[2] == "true" for row in rows) == 2
        assert max(row[1] for row in rows) == 50_000
        assert sum(path.stat().st_size for path in (firm.var / "raw/mail").rglob("*.parquet")) < 1_000_000


class TestImap:
    @pytest.fixture
    def firm(self, server: dovecot.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Firm:
        monkeypatch.setenv("IMAP_PASSWORD", dovecot.PASSWORD)
        client = server.client()
        if client.select("INBOX")[1] != [b"0"]:
            client.store("1:*", "+FLAGS", "\\Deleted")
        client.expunge()
        client.logout()
        return mailbox_firm(tmp_path, imap_section(server))

    def test_only_new_mail_is_fetched_and_nothing_changes_there(
        self, firm: Firm, server: dovecot.Server
    ) -> None:
        assert land_mail(firm).rows_total == 0
        server.deliver(mail("one", sender="Jürgen <j@client.example>"), mail("two"))
        assert land_mail(firm).rows_new == 2
        assert land_mail(firm).rows_new == 0
        server.deliver(mail("three"))
        assert (land_mail(firm).rows_new, column(firm, "body")) == (1, ["one", "three", "two"])
        assert set(column(firm, "received_at")) == {"2026-11-14T06:00:00+00:00"}
        client = server.client()
        client.select("INBOX", readonly=True)
        assert b"Seen" not in b"".join(client.fetch("1:*", "(FLAGS)")[1])  # type: ignore[arg-type]
        client.logout()

    def test_a_mail_that_was_moved_or_expunged_stays_as_it_landed(
        self, firm: Firm, server: dovecot.Server
    ) -> None:
        server.deliver(mail("kept"), mail("moved"), mail("expunged"))
        land_mail(firm)
        client = server.client()
        client.create("Archive")
        client.select("INBOX")
        client.copy("2", "Archive")
        client.store("2:3", "+FLAGS", "\\Deleted")
        client.expunge()
        client.logout()
        server.deliver(mail("new"))
        assert land_mail(firm).rows_new == 1
        assert column(firm, "body") == ["expunged", "kept", "moved", "new"]
        archive = mailbox_firm(firm.directory, imap_section(server, folder="Archive"))
        land_mail(archive)  # there it has another UID and UIDVALIDITY, and is the same mail
        assert column(firm, "body") == ["expunged", "kept", "moved", "new"]

    def test_mails_numbered_anew_are_not_doubled(self, firm: Firm, server: dovecot.Server) -> None:
        server.deliver(mail("one"), mail("two"))
        land_mail(firm)
        client = server.client()
        client.delete("INBOX2")
        client.rename("INBOX", "INBOX2")  # what is delivered after this lies in a folder of a new UIDVALIDITY
        client.logout()
        server.deliver(mail("one"), mail("two"), mail("three"))
        land_mail(firm)
        assert column(firm, "body") == ["one", "three", "two"]

    def test_a_mail_of_30_mb_is_not_fetched_whole(self, firm: Firm, server: dovecot.Server) -> None:
        server.deliver(mail("start " + "x" * 76 + "\r\n" + ("y" * 76 + "\r\n") * 400_000))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        land_mail(firm)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # KiB
        assert visible(firm, "length(body) as long, is_truncated", "message") == [(50_000, "true")]

    def test_a_wrong_password_is_named_and_what_landed_stands(
        self, firm: Firm, server: dovecot.Server, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        server.deliver(mail("one"))
        land_mail(firm)
        monkeypatch.setenv("IMAP_PASSWORD", "wrong")
        monkeypatch.setattr(
            sys, "argv", ["opslayer", "--firm", str(firm.directory), "refresh", "--as-of", "2026-11-16"]
        )
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr().err
        assert ended.value.code == 1
        assert "refused the login of hello@firm.example" in said
        assert "password" in said
        assert "wrong" not in said
        assert column(firm, "body") == ["one"]

    def test_a_server_nobody_vouches_for_is_not_read(self, server: dovecot.Server, firm: Firm) -> None:
        stranger = mailbox_firm(firm.directory, imap_section(server).replace("ca =", "# ca ="))
        with pytest.raises(SourceUnavailable, match="could not be trusted"):
            land_mail(stranger)

    def test_starttls_and_a_folder_that_is_not_there(self, server: dovecot.Server, firm: Firm) -> None:
        plain = imap_section(server).replace(
            f"port = {server.tls}", f'port = {server.plain}\nsecurity = "starttls"'
        )
        server.deliver(mail("one"))
        assert land_mail(mailbox_firm(firm.directory, plain)).rows_new == 1
        with pytest.raises(UnreadableSource, match=r'no folder "Inboxx"; it has: .*INBOX'):
            land_mail(mailbox_firm(firm.directory, imap_section(server, folder="Inboxx")))

    def test_a_server_that_is_down(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("IMAP_PASSWORD", "x")
        account = 'host = "localhost"\nusername = "x"\npassword = "env:IMAP_PASSWORD"'
        firm = mailbox_firm(tmp_path, f"{account}\nport = {dovecot.free_port()}")
        with pytest.raises(SourceUnavailable, match=r"does not answer: .*refused"):
            land_mail(firm)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "either `path`, a maildir, or `host`"),
        ('path = "m"\nhost = "h"', "either `path`, a maildir, or `host`"),
        ('host = "h"', "`username` and `password` beside `host`"),
        ('host = "h"\nusername = "u"\npassword = "p"', "never the password itself"),
    ],
)
def test_a_mailbox_is_one_place_and_holds_no_password(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_firm(mailbox_firm(tmp_path, lines).directory)
