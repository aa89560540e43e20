"""The fork server's clients: find or start it, hold it, fork a kernel from it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from opslayer.errors import KernelDied

COMMAND: Final = (sys.executable, "-P", "-m", "opslayer.runner.fork_server")
START_SECONDS: Final = 120.0  # seven on a quiet machine
SERVER: Final = "OPSLAYER_KERNEL_SERVER"
PACKAGE: Final = Path(__file__).resolve().parents[1]


def runtime_folder() -> Path:
    """A private folder for sockets: $XDG_RUNTIME_DIR/opslayer, else one of this user's under /tmp.

    Raises KernelDied where someone else could write to it.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "opslayer" if base else Path(tempfile.gettempdir()) / f"opslayer-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True, parents=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise KernelDied(
            f"{folder} is not a folder that only you can use, so kernels cannot be started in it",
            mend="remove it, or set XDG_RUNTIME_DIR to a folder of your own",
        )
    return folder


def stamp() -> str:
    """What a running server must match: interpreter, installed packages, this package's source."""
    packages = Path(sysconfig.get_path("purelib"))
    marks = [sys.executable, sys.version, str(packages.stat().st_mtime_ns)]
    marks += [
        f"{path}:{status.st_mtime_ns}:{status.st_size}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if (status := path.stat())
    ]
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Held:
    """A server that lives as long as it is held; `environment` leads others to it."""

    pid: int
    path: Path

    @property
    def environment(self) -> dict[str, str]:
        return {SERVER: str(self.path)}


@contextlib.contextmanager
def hold() -> Iterator[Held]:
    """Start the server, or share the running one, and keep it alive; the last holder's leaving ends it."""
    path = _socket_path({})
    connection, answer = _ask(path, {"kind": "hold"})
    try:
        yield Held(int(answer["pid"]), path)
    finally:
        connection.close()


class ForkedKernel:
    """A kernel forked by the server, with the face of subprocess.Popen that jupyter_client expects."""

    stdin = stdout = stderr = None

    def __init__(
        self, arguments: list[str], *, env: Mapping[str, str], cwd: str, outputs: tuple[int, int]
    ) -> None:
        request = {"kind": "kernel", "arguments": arguments, "env": dict(env), "cwd": cwd}
        self._connection, answer = _ask(_socket_path(env), request, outputs)
        self.returncode: int | None = answer.get("exit")
        if self.returncode is not None:
            raise KernelDied(f"the kernel ended before it was ready, with exit code {self.returncode}")
        self.pid = int(answer["pid"])

    def poll(self) -> int | None:
        """The exit code; minus the signal where one killed it; None while it runs."""
        if self.returncode is None:
            with contextlib.suppress(BlockingIOError):
                self._read(socket.MSG_DONTWAIT)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
            time.sleep(0.02)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def _read(self, flags: int) -> None:
        try:
            line = self._connection.recv(4096, flags)
        except ConnectionError:
            line = b""
        # a server that was killed says nothing, and its kernels end with it
        self.returncode = int(json.loads(line)["exit"]) if line else -signal.SIGKILL
        self._connection.close()


def _ask(
    path: Path, request: dict[str, Any], outputs: tuple[int, ...] = ()
) -> tuple[socket.socket, dict[str, Any]]:
    for _ in range(3):  # a server may be ending just as it is asked
        connection = _connect(path)
        try:
            connection.settimeout(START_SECONDS)
            message = json.dumps(request).encode() + b"\n"
            sent = socket.send_fds(connection, [message], list(outputs)) if outputs else 0
            connection.sendall(message[sent:])
            line = _line(connection)
            if line:
                connection.settimeout(None)
                return connection, json.loads(line)
        except TimeoutError as error:
            connection.close()
            raise KernelDied(
                f"the kernel server did not answer in {START_SECONDS:.0f} s\n{_log(path)}"
            ) from error
        except ConnectionError:
            pass
        connection.close()
    raise KernelDied(f"the kernel server ended three times before it answered\n{_log(path)}")


def _line(connection: socket.socket) -> bytes:
    """The answer, and no more: what follows it tells of the kernel's end."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        line += byte
    return line


def _connect(path: Path) -> socket.socket:
    connection = _try(path)
    if connection is None:
        with FileLock(f"{path}.lock", timeout=START_SECONDS):
            connection = _try(path)
            if connection is None:
                path.unlink(missing_ok=True)  # left by a server that was killed
                _start(path)
                connection = _try(path)
    if connection is None:
        raise KernelDied(f"the kernel server did not start\n{_log(path)}")
    return connection


def _try(path: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    return connection


def _start(path: Path) -> None:
    for old in path.parent.glob("*.log"):  # of servers of earlier source
        if old.stem != path.stem and not old.with_suffix(".sock").exists():
            old.unlink(missing_ok=True)
            old.with_suffix(".sock.lock").unlink(missing_ok=True)
    with path.with_suffix(".log").open("wb") as log:
        done = subprocess.run(
            [*COMMAND, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            check=False,
        )
    if done.returncode:
        raise KernelDied(f"the kernel server did not start\n{_log(path)}")


def _socket_path(environment: Mapping[str, str]) -> Path:
    """The server that `environment` leads to, while it lives; else that of the source as it is now."""
    named = environment.get(SERVER)
    if named and Path(named).exists():
        return Path(named)
    return runtime_folder() / f"{stamp()}.sock"


def _log(path: Path) -> str:
    log = path.with_suffix(".log")
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""
