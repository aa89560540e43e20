"""Alerts measured and told in children killed at random: `python -m tests.faults.alarmist FOLDER KILLS SEED`.

Each time another client owes too much: there is something new to tell. One JSON line a kill.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from opslayer import actions
from opslayer.actions.alarm.telling import LEASE
from opslayer.alerts import Finding, load_definitions
from opslayer.alerts.evaluation import move
from opslayer.config import load_firm
from opslayer.store import open_store
from tests.faults.victim import Say, run

START = datetime.fromisoformat("2026-11-16T09:00:00+00:00")


def alarm(folder: Path, turn: int, say: Say) -> None:
    firm = load_firm(folder)
    definition = load_definitions(firm)["client_over_90"]
    owing = [Finding(definition, f"ledger:C{n}", f"C{n}", 100.0, high=0.0) for n in range(turn + 1)]
    with open_store(firm) as store:
        say("ready")
        with store.session() as session:
            move(session, owing, as_of=START.date(), moment=when(turn), whole=True)
        actions.tell(firm, store, moment=when(turn))


def when(turn: int) -> datetime:
    """Long enough apart that what a dead process claimed is free again, and within one working day."""
    return START + turn * (LEASE + timedelta(seconds=1))


def main(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    seconds = run(partial(alarm, folder, 0)).seconds
    for turn in range(1, kills + 1):
        after = chance.uniform(0, seconds)
        end = run(partial(alarm, folder, turn), after)
        if not end.killed:
            seconds = end.seconds  # the first of all has to warm up
        print(json.dumps({"after": after, "killed": end.killed}), flush=True)
    run(partial(alarm, folder, kills + 1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
