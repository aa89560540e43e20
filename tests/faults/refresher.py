"""Refresh a firm again and again, killed with SIGKILL at random moments: `python -m tests.faults.refresher`.

The parent has the imports already and forks each victim, so that the moments fall into the work and not
into start-up. It prints one JSON line a kill: the moment, and what the victim had said last.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

from opslayer.config import load_firm
from opslayer.contracts import audit  # noqa: F401  loads what an audit needs before the first fork
from opslayer.warehouse import refresh

AS_OF = date(2026, 11, 16)


def victim(folder: Path, number: int, said: int) -> None:
    """One refresh in the forked child; each step is written to the pipe `said`."""
    refresh(
        load_firm(folder),
        as_of=AS_OF,
        moment=datetime(2026, 11, 16, 6, number % 60, tzinfo=UTC),
        progress=lambda step: os.write(said, (step + "\n").encode()) and None,
    )


def run(folder: Path, number: int, seconds: float | None) -> tuple[int, str, float]:
    """Fork a refresh; kill it after `seconds`, or let it end. Its status, its last word, its time."""
    ear, mouth = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(ear)
        try:
            victim(folder, number, mouth)
        except BaseException as error:  # the parent must hear of it
            os.write(mouth, f"failed: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    os.close(mouth)
    status = 0
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if seconds is not None and time.monotonic() - started >= seconds:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            break
        time.sleep(0.002)
    with os.fdopen(ear) as heard:
        words = heard.read().splitlines()
    return status, words[-1] if words else "", time.monotonic() - started


def main(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    status, word, whole = run(folder, 0, None)
    if status:
        raise SystemExit(f"the first refresh failed: {word}")
    for number in range(1, kills + 1):
        after = chance.uniform(0, whole)
        status, word, _ = run(folder, number, after)
        killed = os.WIFSIGNALED(status)
        print(json.dumps({"after": after, "of": whole, "killed": killed, "last": word}), flush=True)
        whole = whole if killed else after  # the machine has become faster
    status, word, _ = run(folder, kills + 1, None)
    if status:
        raise SystemExit(f"the refresh after the kills failed: {word}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
