"""A forked child, killed with SIGKILL: its parent has the imports, so the moment falls into the work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import sqlglot
from sqlalchemy.orm import configure_mappers

from tests.conftest import PROJECT

Say = Callable[[str], None]

configure_mappers()  # what a first use would load late, in every child anew
sqlglot.parse_one("select 1", dialect="duckdb")


@dataclass(frozen=True)
class End:
    """How a child ended: was it killed, its last word, and its seconds from the first."""

    killed: bool
    word: str
    seconds: float


def run(work: Callable[[Say], None], seconds: float | None = None) -> End:
    """Fork `work`; kill it `seconds` after its first word, or let it end.

    It is given a function to speak with, and speaks as it begins. Raises SystemExit where it fails by itself.
    """
    return run_together(work, [seconds])[0]


def run_together(work: Callable[[Say], None], lives: Sequence[float | None]) -> list[End]:
    """Several children at once, each killed so many seconds after all have spoken, or let end."""
    children = [_fork(work) for _ in lives]
    words = [[heard.readline()] for _, heard in children]
    started = time.monotonic()
    running = dict(enumerate(children))
    ended: dict[int, tuple[int, float]] = {}
    while running:
        lasted = time.monotonic() - started
        for number, (child, _) in list(running.items()):
            life = lives[number]
            pid, status = os.waitpid(child, os.WNOHANG)
            if not pid and life is not None and lasted >= life:
                os.kill(child, signal.SIGKILL)
                pid, status = os.waitpid(child, 0)
            if pid:
                ended[number] = status, lasted
                del running[number]
        time.sleep(0.001)
    return [_end(words[n] + heard.readlines(), *ended[n]) for n, (_, heard) in enumerate(children)]


def _fork(work: Callable[[Say], None]) -> tuple[int, TextIO]:
    ear, mouth = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ear)
        try:
            work(lambda word: os.write(mouth, f"{word}\n".encode()) and None)
        except BaseException as error:  # the parent must hear of it
            os.write(mouth, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    os.close(mouth)
    return child, os.fdopen(ear)


def _end(words: list[str], status: int, seconds: float) -> End:
    word = words[-1].rstrip()
    if status and not os.WIFSIGNALED(status):
        raise SystemExit(f"it failed by itself: {word}")
    return End(os.WIFSIGNALED(status), word, seconds)


def killing(module: str, folder: Path, *given: float) -> list[dict[str, Any]]:
    """What `python -m tests.faults.<module> FOLDER KILLS SEED ...` says of each kill; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{module}", str(folder), *map(str, given)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
