"""Debian's nginx on this machine, with the configuration that the documentation shows."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SHOWN = Path(__file__).resolve().parents[1] / "docs" / "nginx.conf"
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {shown}
}}
"""


@contextmanager
def proxying(folder: Path, *, port: int, to: int) -> Iterator[None]:
    """What docs/nginx.conf says, but for its two ports."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = SHOWN.read_text().replace("127.0.0.1:8443", f"127.0.0.1:{port}")
    shown = shown.replace("127.0.0.1:8501", f"127.0.0.1:{to}")
    configuration = folder / "nginx.conf"
    configuration.write_text(AROUND.format(folder=folder, shown=shown))
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(nginx).exists():
        pytest.fail("no nginx is installed; `make test` installs Debian's `nginx-light`")
    process = subprocess.Popen([nginx, "-c", str(configuration), "-e", str(folder / "error.log")])
    try:
        _await(port, process, folder / "error.log")
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(100):
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"nginx did not start:\n{log.read_text() if log.exists() else ''}")
