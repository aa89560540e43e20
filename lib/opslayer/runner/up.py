"""Scheduler, dashboards and JupyterLab as one foreground tree: what ends one ends all."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from opslayer import access
from opslayer.config import PROJECT, Firm
from opslayer.errors import OpslayerError, UsageError, unknown
from opslayer.runner import warm
from opslayer.runner.notebooks import workspace

PORTS: Final = {"scheduler": 3000, "dashboards": 8501, "notebooks": 8888}
LOOPBACK: Final = "127.0.0.1"
READY_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Service:
    """One program of the tree."""

    name: str
    port: int
    command: tuple[str, ...]
    environment: Mapping[str, str]
    query: str = ""

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/{self.query}"


Running = list[tuple[Service, subprocess.Popen[bytes]]]


def up(
    firm: Firm,
    *,
    only: str | None = None,
    ports: Mapping[str, int] | None = None,
    opened: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> int:
    """Run until Ctrl-C, SIGTERM, SIGHUP, or the end of a part; then nothing of it is left. Exit code 0.

    `only` names one service to run alone; `ports` are of "scheduler", "dashboards", "notebooks", and without
    one a service takes its usual port or the next free one; `opened` is the firm's own notebook that
    JupyterLab opens with. Where the firm has [approvals], the server of
    their links is one of them, on the port named there. All listen on the loopback only; logs lie in
    var/logs. Raises UsageError for a service there is not or a port that is taken, and
    OpslayerError, with the last lines of its log, for a part that ended by itself.
    """
    say = progress or (lambda _: None)
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    asked = {"links": firm.approvals.port} if firm.approvals else {}
    services = chosen_services(plan_services(firm, chosen_ports(asked | dict(ports or {})), opened), only)
    try:
        with _tree() as start, contextlib.ExitStack() as held:
            mark = warm.stamp()
            held.enter_context(warm.hold())
            running = [(service, start(service, log_path(firm, service))) for service in services]
            for service in services:
                _await(firm, service, running, stop)
                if not stop.is_set():
                    say(f"{service.name:<10}  {service.url}")
            while not stop.wait(1):
                _ended(firm, running)
                if warm.stamp() != mark:  # the source has changed: kernels come from a new parent
                    mark = warm.stamp()
                    held.close()
                    held.enter_context(warm.hold())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def chosen_services(services: tuple[Service, ...], only: str | None) -> tuple[Service, ...]:
    """All of them, or the one that is named. Raises UsageError for a name that none has."""
    if only is not None and only not in {service.name for service in services}:
        raise unknown("service", only, (service.name for service in services))
    return tuple(service for service in services if only in (None, service.name))


def plan_services(firm: Firm, ports: Mapping[str, int], opened: Path | None = None) -> tuple[Service, ...]:
    """What runs, and how."""
    shown = f"/tree/own/{opened.relative_to(firm.directory / 'notebooks').as_posix()}" if opened else ""
    home = firm.var / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    token = secrets.token_urlsafe(24)
    python = (sys.executable, "-m")
    common = {"OPSLAYER_FIRM": str(firm.directory)}
    port = f"--port={ports['scheduler']}"
    definitions = PROJECT / "scheduled" / "definitions.py"
    return (
        Service(
            "scheduler",
            ports["scheduler"],
            (*python, "dagster", "dev", f"--python-file={definitions}", f"--host={LOOPBACK}", port),
            common | {"DAGSTER_HOME": str(home)},
        ),
        Service(
            "dashboards",
            ports["dashboards"],
            (
                *python,
                "streamlit",
                "run",
                str(PROJECT / "dashboards" / "server.py"),
                f"--server.address={LOOPBACK}",
                f"--server.port={ports['dashboards']}",
                "--server.headless=true",
                "--browser.gatherUsageStats=false",
                *access.server_options(firm),
            ),
            common,
        ),
        Service(
            "notebooks",
            ports["notebooks"],
            (
                *python,
                "jupyterlab",
                "--no-browser",
                f"--ip={LOOPBACK}",
                f"--port={ports['notebooks']}",
                "--ServerApp.port_retries=0",
                f"--ServerApp.root_dir={workspace(firm)}",
                "--MultiKernelManager.default_kernel_name=opslayer",
                "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                *(("--allow-root",) if os.geteuid() == 0 else ()),
            ),
            common | {"JUPYTER_TOKEN": token},
            query=f"lab{shown}?token={token}",
        ),
        *((Service("links", ports["links"], (*python, "opslayer.links"), common),) if firm.approvals else ()),
    )


def chosen_ports(asked: Mapping[str, int]) -> dict[str, int]:
    """A free port for each service. Raises UsageError for one that was asked for and is taken."""
    chosen: dict[str, int] = {}
    for name in (*PORTS, *(name for name in asked if name not in PORTS)):
        port = asked.get(name)
        if port is not None and not _is_free(port):
            raise UsageError(
                f"port {port}, asked for the {name}, is taken",
                mend="end what listens there, or ask for another port",
            )
        chosen[name] = port or next(
            p for p in range(PORTS[name], PORTS[name] + 100) if p not in chosen.values() and _is_free(p)
        )
    return chosen


def log_path(firm: Firm, service: Service) -> Path:
    return firm.var / "logs" / f"{service.name}.log"


@contextlib.contextmanager
def _tree() -> Iterator[Callable[[Service, Path], subprocess.Popen[bytes]]]:
    """A function that starts services; at the end, or when this process is killed, none is left."""
    command = [sys.executable, "-P", "-m", "opslayer.runner.watchdog"]
    watchdog = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    started: list[subprocess.Popen[bytes]] = []

    def start(service: Service, log: Path) -> subprocess.Popen[bytes]:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            # a session of its own: Ctrl-C in the terminal reaches this process only, which ends all in order
            process = subprocess.Popen(
                service.command,
                env={**os.environ, **service.environment},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)
        assert watchdog.stdin
        watchdog.stdin.write(f"{process.pid}\n".encode())
        watchdog.stdin.flush()
        return process

    try:
        yield start
    finally:
        assert watchdog.stdin
        watchdog.stdin.close()
        for process in [*started, watchdog]:
            process.wait()


def _await(firm: Firm, service: Service, running: Running, stop: threading.Event) -> None:
    """Until it answers, or the tree is told to stop."""
    for _ in range(int(READY_SECONDS / 0.2)):
        if not _is_free(service.port) or stop.wait(0.2):
            return
        _ended(firm, running)
    raise OpslayerError(
        f"the {service.name} did not answer on port {service.port} in {READY_SECONDS:.0f} s\n"
        f"{_last_lines(log_path(firm, service))}"
    )


def _ended(firm: Firm, running: Running) -> None:
    for service, process in running:
        if process.poll() is not None:
            raise OpslayerError(
                f"the {service.name} ended, exit code {process.returncode}; the rest was ended with it\n"
                f"{_last_lines(log_path(firm, service))}",
                mend=f"its log is {log_path(firm, service)}",
            )


def _last_lines(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-15:]) if path.exists() else ""


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) != 0
