"""Dispatch in children killed at random moments: `python -m tests.faults.dispatcher FOLDER KILLS SEED`.

Each child's moment lies after the claims of the one before have run out. It prints one JSON line a kill.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import datetime
from functools import partial
from pathlib import Path

from opslayer import actions
from opslayer.actions.outbox import GRACE, LEASE
from opslayer.config import load_firm
from opslayer.store import open_store
from opslayer.warehouse import open_layer
from tests.faults.victim import Say, run
from tests.reminders import MOMENT

BETWEEN = LEASE + GRACE * 2


def dispatch(folder: Path, moment: datetime, limit: int | None, say: Say) -> None:
    firm = load_firm(folder)
    with open_store(firm) as store, open_layer(firm) as layer:
        say("ready")
        actions.dispatch(firm, store, layer=layer, moment=moment, limit=limit)


def main(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    one = run(partial(dispatch, folder, MOMENT, 1)).seconds
    for number in range(1, kills + 1):
        after = chance.uniform(0, 2 * one)
        end = run(partial(dispatch, folder, MOMENT + BETWEEN * number, None), after)
        print(json.dumps({"after": after, "killed": end.killed}), flush=True)
        one = one if end.killed else after / 2  # the machine has become faster
    for number in (1, 2):  # the first waits out the grace of the last kill, the second finishes
        run(partial(dispatch, folder, MOMENT + BETWEEN * (kills + number), None))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
