"""The whole layer up: every URL answers, and whatever ends it, no process is left."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from opslayer.config import Firm
from opslayer.errors import UsageError
from opslayer.runner.up import chosen_ports

UP = """
import sys
from pathlib import Path
from opslayer.config import load_firm
from opslayer.errors import OpslayerError
from opslayer.runner import up
try:
    sys.exit(up(load_firm(Path(sys.argv[1])), progress=lambda line: print(line, flush=True)))
except OpslayerError as error:
    sys.exit(str(error))
"""
Tree = tuple[subprocess.Popen[str], dict[str, str], set[psutil.Process]]


def alive(processes: set[psutil.Process]) -> list[str]:
    found = []
    for process in processes:
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except psutil.NoSuchProcess:
            continue
    return found


def of_this_firm(firm: Firm) -> set[psutil.Process]:
    """Every process that was told of the firm, wherever in the tree it stands."""
    found = set()
    for process in psutil.process_iter():
        try:
            if process.environ().get("OPSLAYER_FIRM") == str(firm.directory):
                found.add(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def with_links(firm: Firm) -> None:
    """Its people are written to about what waits: the server of their links is a part too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = firm.directory / "firm.toml"
    section = f'links = "http://127.0.0.1:{port}"\nsecret = "env:LINK_SECRET"\nport = {port}\n'
    path.write_text(f"{path.read_text()}\n[approvals]\n{section}")


@pytest.fixture
def tree(books: Firm, runtime_folder: Path) -> Iterator[Tree]:
    with_links(books)
    environment = {**os.environ, "LEDGER_URL": "sqlite://", "LINK_SECRET": "0123456789abcdef" * 2}
    process = subprocess.Popen(
        [sys.executable, "-c", UP, str(books.directory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    assert process.stdout
    urls = {}
    for line in process.stdout:
        name, url = line.split()
        urls[name] = url
        if len(urls) == 4:
            break
    processes = of_this_firm(books) | set(psutil.Process(process.pid).children(recursive=True))
    yield process, urls, processes
    process.kill()
    process.communicate()


def fetched(url: str) -> str:
    """The page; a service may listen a moment before it answers."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"{url} does not answer")


def test_everything_answers_on_the_loopback_and_ctrl_c_ends_it(tree: Tree, books: Firm) -> None:
    process, urls, processes = tree
    assert set(urls) == {"scheduler", "dashboards", "notebooks", "links"}
    with pytest.raises(urllib.error.HTTPError) as refused:  # it answers, and knows no such link
        urllib.request.urlopen(urls["links"].rstrip("/") + "/decide/x.y.z", timeout=60)
    refused.value.close()
    assert refused.value.code == 404
    assert "dagster" in fetched(urls["scheduler"]).lower()
    assert "streamlit" in fetched(urls["dashboards"]).lower()
    assert "JupyterLab" in fetched(urls["notebooks"])
    token = urls["notebooks"].partition("token=")[2]
    api = urls["notebooks"].partition("/lab")[0] + f"/api/kernelspecs?token={token}"
    assert '"default": "opslayer"' in fetched(api)
    listening = {
        connection.laddr.ip
        for found in processes
        if found.is_running()
        for connection in found.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening <= {"127.0.0.1", "::1"}
    assert len(processes) >= 6
    assert sorted(path.name for path in (books.var / "logs").iterdir()) == [
        "dashboards.log",
        "links.log",
        "notebooks.log",
        "scheduler.log",
    ]
    # a kernel of JupyterLab's own, which must not be left either
    request = urllib.request.Request(f"{api.replace('kernelspecs', 'kernels')}", b"{}", method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert re.search(r'"name": ?"opslayer"', answer.read().decode())
    processes |= of_this_firm(books)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=40) == 0
    assert until(lambda: not alive(processes), 5), alive(processes)
    assert not of_this_firm(books)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_its_own_end_ends_all(tree: Tree, books: Firm, number: signal.Signals) -> None:
    process, _, processes = tree
    process.send_signal(number)
    process.wait(timeout=40)
    assert until(lambda: not alive(processes), 30), alive(processes)
    assert not of_this_firm(books)


def test_the_end_of_a_part_ends_all_and_is_told(tree: Tree, books: Firm) -> None:
    process, _, processes = tree
    streamlit = next(found for found in processes if "streamlit" in found.cmdline())
    streamlit.kill()
    _, said = process.communicate(timeout=40)
    assert process.returncode == 1
    assert "the dashboards ended, exit code -9" in said
    assert "dashboards.log" in said
    assert until(lambda: not alive(processes), 5), alive(processes)


def test_a_taken_port_is_told_or_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}, asked for the dashboards, is taken"):
            chosen_ports({"dashboards": port})
    ports = chosen_ports({})
    assert len(set(ports.values())) == 3
