"""Refreshes in children killed at random moments: `python -m tests.faults.refresher FOLDER KILLS SEED`.

It prints one JSON line a kill: the moment, and what the victim had said last.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from opslayer.config import load_firm
from opslayer.contracts import (
    expectations,  # noqa: F401  loads what an audit needs before the first fork
    load_contracts,
)
from opslayer.warehouse import refresh
from opslayer.warehouse.models import load_models
from tests.faults.victim import Say, run

AS_OF = date(2026, 11, 16)


def refreshed(folder: Path, number: int, say: Say) -> None:
    """One refresh, each of its steps said."""
    say("ready")
    moment = datetime(2026, 11, 16, 6, number % 60, tzinfo=UTC)
    refresh(load_firm(folder), as_of=AS_OF, moment=moment, progress=say)


def main(folder: Path, kills: int, seed: int) -> None:
    load_contracts(load_firm(folder))  # read once, here, so that a moment falls into the work
    load_models()
    chance = random.Random(seed)
    whole = run(partial(refreshed, folder, 0)).seconds
    for number in range(1, kills + 1):
        after = chance.uniform(0, whole)
        end = run(partial(refreshed, folder, number), after)
        print(json.dumps({"after": after, "of": whole, "killed": end.killed, "last": end.word}), flush=True)
        whole = whole if end.killed else after  # the machine has become faster
    run(partial(refreshed, folder, kills + 1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
