"""Eight workers at a time, killed at random moments.

`python -m tests.faults.dispatcher FOLDER KILLS SEED LONGEST`, the last being the most seconds that one lives.

A generation begins when the one before is dead and its claims have run out. It prints one JSON line a worker;
the last generation is left alone and finishes.
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
from tests.faults.victim import End, Say, run_together
from tests.reminders import MOMENT

WORKERS = 8
BETWEEN = LEASE + GRACE * 2


def dispatch(folder: Path, moment: datetime, say: Say) -> None:
    firm = load_firm(folder)
    with open_store(firm) as store, open_layer(firm) as layer:
        say("ready")
        actions.dispatch(firm, store, layer=layer, moment=moment)


def generation(folder: Path, number: int, lives: list[float | None]) -> list[End]:
    return run_together(partial(dispatch, folder, MOMENT + BETWEEN * number), lives)


def main(folder: Path, kills: int, seed: int, longest: float) -> None:
    chance = random.Random(seed)
    generations = kills // WORKERS
    for number in range(generations):
        lives: list[float | None] = [chance.uniform(0, longest) for _ in range(WORKERS)]
        for life, end in zip(lives, generation(folder, number, lives), strict=True):
            print(json.dumps({"after": life, "killed": end.killed}), flush=True)
    for number in (0, 1):  # the first waits out the grace of the last kills, the second finishes
        generation(folder, generations + number, [None] * WORKERS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
