"""Dispatch in children killed with SIGKILL at random moments: `python -m tests.faults.dispatcher`.

The parent has the imports already, so that the moments fall into the work. Each child's moment lies after the
claims of the one before have run out. It prints one JSON line a kill.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from datetime import datetime
from pathlib import Path

from opslayer import actions
from opslayer.actions.outbox import GRACE, LEASE
from opslayer.config import load_firm
from opslayer.store import open_store
from opslayer.warehouse import open_layer
from tests.reminders import MOMENT

BETWEEN = LEASE + GRACE * 2


def run(folder: Path, moment: datetime, seconds: float | None, limit: int | None = None) -> tuple[int, float]:
    """Fork a dispatch; kill it after `seconds`, or let it end. Its status and its time."""
    ear, mouth = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            firm = load_firm(folder)
            with open_store(firm) as store, open_layer(firm) as layer:
                os.write(mouth, b"ready")
                actions.dispatch(firm, store, layer=layer, moment=moment, limit=limit)
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
        os._exit(0)
    os.close(mouth)
    os.read(ear, 5)
    os.close(ear)
    started, status = time.monotonic(), 0
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if seconds is not None and time.monotonic() - started >= seconds:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            break
        time.sleep(0.001)
    return status, time.monotonic() - started


def main(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    status, one = run(folder, MOMENT, None, limit=1)
    if status:
        raise SystemExit("the first dispatch failed")
    for number in range(1, kills + 1):
        after = chance.uniform(0, 2 * one)
        status, _ = run(folder, MOMENT + BETWEEN * number, after)
        killed = os.WIFSIGNALED(status)
        if status and not killed:
            raise SystemExit("a dispatch failed by itself")
        print(json.dumps({"after": after, "killed": killed}), flush=True)
        one = one if killed else after / 2  # the machine has become faster
    for number in (1, 2):  # the first waits out the grace of the last kill, the second finishes
        status, _ = run(folder, MOMENT + BETWEEN * (kills + number), None)
        if status:
            raise SystemExit("the dispatch after the kills failed")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
