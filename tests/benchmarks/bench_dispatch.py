"""Messages from outbox to mail server, each with its guardrails, on both stores.

The floor is the receiver's own: the same texts by smtplib from one process, a connection each, as ours has.
The server runs in a process of its own, on this machine. Ours commits twice a message, each time with its
event in the trail.
"""

from __future__ import annotations

import multiprocessing
import smtplib
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from opslayer import actions
from opslayer.config import load_firm
from opslayer.store import open_store
from opslayer.warehouse import open_layer
from tests.conftest import fresh_database, postgres_cluster
from tests.mass import fill
from tests.reminders import MOMENT, write_firm

MESSAGES = 1000
WORKERS = (1, 4)


class Counting:
    """A server that takes every message and keeps none."""

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802  aiosmtpd's name
        return "250 taken"


def _serve(port: int) -> None:
    Controller(Counting(), hostname="127.0.0.1", port=port).start()
    time.sleep(3600)


@contextmanager
def serving() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(port,), daemon=True)
    server.start()
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    try:
        yield port
    finally:
        server.kill()


def floor(port: int, texts: list[bytes]) -> float:
    """Seconds that smtplib takes for the same messages."""
    started = time.perf_counter()
    for number, text in enumerate(texts):
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.sendmail("accounts@harrow.example", f"c{number}@client.example", text)
    return time.perf_counter() - started


def ours(url: str, port: int, folder: Path, workers: int) -> tuple[float, list[bytes]]:
    """Seconds of one dispatch, and what it sent."""
    firm = write_firm(folder, store=url, port=port)
    with open_store(url) as store:
        fill(firm, store, MESSAGES)
        text = (folder / "firm.toml").read_text()
        (folder / "firm.toml").write_text(f"{text}\n[outbox]\nworkers = {workers}\n")
        firm = load_firm(folder)
        with open_layer(firm) as layer:
            started = time.perf_counter()
            sent = actions.dispatch(firm, store, layer=layer, moment=MOMENT)
            seconds = time.perf_counter() - started
        assert sum(one.state == "sent" for one in sent) == MESSAGES
        shown = [actions.show_proposal(store, one.id or 0) for one in sent]
    return seconds, [f"Subject: {one.subject}\r\n\r\n{one.text}".encode() for one in shown]


def main() -> list[dict[str, Any]]:
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opslayer-bench-")))
        port = stack.enter_context(serving())
        cluster = stack.enter_context(postgres_cluster())
        rows = []
        for workers in WORKERS:
            database = stack.enter_context(fresh_database(cluster))
            stores = {"SQLite": f"sqlite:///{place / f'{workers}.db'}", "PostgreSQL, no fsync": database}
            for store, url in stores.items():
                seconds, texts = ours(url, port, place / f"{store} {workers}", workers)
                rows.append(_row(f"dispatch, {store}, workers: {workers}", seconds, floor(port, texts)))
    return rows


def _row(name: str, seconds: float, least: float) -> dict[str, Any]:
    return {
        "name": name,
        "scale": f"{MESSAGES:,} messages",
        "ours_s": seconds,
        "rival": "the floor: smtplib, a connection a message",
        "rival_s": least,
        "ratio": seconds / least,
    }
