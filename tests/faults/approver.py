"""Approvals in children killed with SIGKILL at random moments: `python -m tests.faults.approver`.

The parent has the imports already, so that the moments fall into the work. It prints one JSON line a kill.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from opslayer import actions
from opslayer.config import load_firm
from opslayer.store import open_store
from opslayer.warehouse import open_layer
from tests.billing import MAEVE
from tests.reminders import MOMENT


def run(folder: Path, seconds: float | None, limit: int | None = None) -> tuple[int, float]:
    """Fork a process that approves what waits; kill it after `seconds`, or let it end."""
    ear, mouth = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            firm = load_firm(folder)
            with open_store(firm) as store, open_layer(firm) as layer:
                waiting = [p.id for p in actions.list_proposals(store, "proposed")][:limit]
                os.write(mouth, b"ready")
                for number in waiting:
                    actions.approve(
                        firm, store, number or 0, person=MAEVE, reason="yes", moment=MOMENT, layer=layer
                    )
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
    status, one = run(folder, None, limit=1)
    if status:
        raise SystemExit("the first approval failed")
    for _ in range(kills):
        after = chance.uniform(0, 2 * one)
        status, _ = run(folder, after)
        if status and not os.WIFSIGNALED(status):
            raise SystemExit("an approval failed by itself")
        print(json.dumps({"after": after, "killed": os.WIFSIGNALED(status)}), flush=True)
    status, _ = run(folder, None)
    if status:
        raise SystemExit("the approvals after the kills failed")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
