"""A forked child, killed with SIGKILL: its parent has the imports, so the moment falls into the work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import PROJECT

Say = Callable[[str], None]


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
    with os.fdopen(ear) as heard:
        words = [heard.readline()]
        started = time.monotonic()
        status = _wait(child, None if seconds is None else started + seconds)
        lasted = time.monotonic() - started
        words += heard.readlines()
    word = words[-1].rstrip()
    if status and not os.WIFSIGNALED(status):
        raise SystemExit(f"it failed by itself: {word}")
    return End(os.WIFSIGNALED(status), word, lasted)


def _wait(child: int, until: float | None) -> int:
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if until is not None and time.monotonic() >= until:
            os.kill(child, signal.SIGKILL)
            return os.waitpid(child, 0)[1]
        time.sleep(0.001)


def killing(module: str, folder: Path, kills: int, seed: int) -> list[dict[str, Any]]:
    """What `python -m tests.faults.<module> FOLDER KILLS SEED` says of each kill; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{module}", str(folder), str(kills), str(seed)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
