"""Approvals in children killed at random moments: `python -m tests.faults.approver FOLDER KILLS SEED`.

It prints one JSON line a kill.
"""

from __future__ import annotations

import json
import random
import sys
from functools import partial
from pathlib import Path

from opslayer import actions
from opslayer.config import load_firm
from opslayer.store import open_store
from opslayer.warehouse import open_layer
from tests.billing import MAEVE
from tests.faults.victim import Say, run
from tests.reminders import MOMENT


def approve(folder: Path, limit: int | None, say: Say) -> None:
    """Approve what waits, `limit` proposals at most."""
    firm = load_firm(folder)
    with open_store(firm) as store, open_layer(firm) as layer:
        waiting = [p.id for p in actions.list_proposals(store, "proposed")][:limit]
        say("ready")
        for number in waiting:
            actions.approve(firm, store, number or 0, person=MAEVE, reason="yes", moment=MOMENT, layer=layer)


def main(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    seconds = run(partial(approve, folder, 2)).seconds
    for _ in range(kills):
        after = chance.uniform(0, seconds)
        end = run(partial(approve, folder, 2), after)
        if not end.killed:
            seconds = end.seconds  # the first of all has to warm up
        print(json.dumps({"after": after, "killed": end.killed}), flush=True)
    run(partial(approve, folder, None))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
