"""Notices to people, in children killed at random: `python -m tests.faults.notifier FOLDER KILLS SEED`.

Before each, the mail that waits is edited: there is something new to write about. One JSON line a kill.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import datetime
from functools import partial
from pathlib import Path

from opslayer import actions
from opslayer.actions.digest import LEASE
from opslayer.config import load_firm
from opslayer.store import open_store
from opslayer.warehouse import open_layer
from tests.faults.victim import Say, run
from tests.reminders import MOMENT

TOMAS = "tomas@harrow.example"


def edit(folder: Path, turn: int) -> None:
    firm = load_firm(folder)
    with open_store(firm) as store:
        actions.edit(firm, store, 1, subject=f"Turn {turn}", person=TOMAS, reason="x", moment=when(turn))


def notify(folder: Path, turn: int, say: Say) -> None:
    firm = load_firm(folder)
    with open_store(firm) as store, open_layer(firm) as layer:
        say("ready")
        actions.notify(firm, store, layer=layer, moment=when(turn))


def when(turn: int) -> datetime:
    """Long enough apart that what a dead process claimed is free again."""
    return MOMENT + turn * 2 * LEASE


def main(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    seconds = run(partial(notify, folder, 0)).seconds
    for turn in range(1, kills + 1):
        edit(folder, turn)
        after = chance.uniform(0, seconds)
        end = run(partial(notify, folder, turn), after)
        if not end.killed:
            seconds = end.seconds  # the first of all has to warm up
        print(json.dumps({"after": after, "killed": end.killed}), flush=True)
    run(partial(notify, folder, kills + 1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
