"""Debian's Dovecot on this machine, with a configuration, a certificate and a mailbox of the test's own."""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

USER, PASSWORD = "hello@firm.example", "correct-horse"
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 1
auth_mechanisms = plain
auth_failure_delay = 0 secs
disable_plaintext_auth = yes
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class Server:
    """Where it listens on 127.0.0.1, and the certificate it shows."""

    plain: int
    tls: int
    certificate: Path

    def client(self) -> imaplib.IMAP4_SSL:
        """Somebody at the mailbox, as a mail program is."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        client = imaplib.IMAP4_SSL("localhost", self.tls, ssl_context=trusted)
        client.login(USER, PASSWORD)
        return client

    def deliver(self, *mails: bytes, folder: str = "INBOX") -> None:
        client = self.client()
        for mail in mails:
            assert client.append(folder, "", '"14-Nov-2026 06:00:00 +0000"', mail)[0] == "OK"
        client.logout()


@contextmanager
def running() -> Iterator[Server]:
    """A server that runs as nobody in particular; ended and removed afterwards."""
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.fail("Dovecot is not installed; `make test` installs Debian's `dovecot-imapd`")
    folder = Path(tempfile.mkdtemp(prefix="opslayer-imap-"))
    owner = pwd.getpwnam("dovecot") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    group = subprocess.run(
        ["id", "-gn", owner.pw_name], check=True, capture_output=True, text=True
    ).stdout.strip()
    plain, tls = free_port(), free_port()
    certify(folder)
    configuration = folder / "dovecot.conf"
    values = {
        "folder": folder,
        "user": owner.pw_name,
        "group": group,
        "uid": owner.pw_uid,
        "gid": owner.pw_gid,
    }
    configuration.write_text(CONFIGURATION.format(**values, password=PASSWORD, plain=plain, tls=tls))
    identity: dict[str, int] = {}
    if os.geteuid() == 0:
        identity = {"user": owner.pw_uid, "group": owner.pw_gid}
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    process = subprocess.Popen(
        [program, "-F", "-c", str(configuration)],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **identity,
    )  # fmt: skip
    try:
        answer_on(tls, process, folder)
        yield Server(plain, tls, folder / "cert.pem")
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def certify(folder: Path) -> None:
    """A certificate for localhost that nobody but itself vouches for."""
    made = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"))
    named = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "3650")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *named, *made]
    subprocess.run(command, check=True, capture_output=True)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answer_on(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until it listens."""
    for _ in range(100):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    said = (folder / "log").read_text() if (folder / "log").exists() else "nothing in its log"
    pytest.fail(f"Dovecot does not listen on {port}: {said[-1000:]}")
