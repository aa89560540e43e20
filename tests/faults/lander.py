"""Mail landed in children killed at random moments: `python -m tests.faults.lander FOLDER KILLS SEED`.

Before each kill mails are delivered to the IMAP server that the firm reads. It prints one JSON line a kill,
with what a reader is served after it; a last landing is left to end.
"""

from __future__ import annotations

import json
import random
import sys
from functools import partial
from pathlib import Path

from opslayer.config import load_firm
from opslayer.sources import raw_tables
from tests.dovecot import Server
from tests.faults.victim import Say, run
from tests.landing import visible
from tests.mailing import land_mail, mail

DELIVERED = 120  # mails before each kill: several fetches of the source, and two answers' worth of parts


def land(folder: Path, say: Say) -> None:
    firm = load_firm(folder)
    say("ready")
    land_mail(firm)


def count(folder: Path, say: Say) -> None:
    """In a child of its own, for what has run DuckDB is not forked."""
    firm = load_firm(folder)
    bodies = [row[0] for row in visible(firm, "body", "message")] if raw_tables(firm) else []
    say(f"{len(bodies)} {len(set(bodies))}")


def main(folder: Path, kills: int, seed: int) -> None:
    source = load_firm(folder).sources["mail"]
    server = Server(0, source.port, Path(source.ca))
    chance = random.Random(seed)
    server.deliver(*(mail(f"0 {n}") for n in range(DELIVERED)))
    one = run(partial(land, folder)).seconds
    for number in range(1, kills + 1):
        server.deliver(*(mail(f"{number} {n}") for n in range(DELIVERED)))
        after = chance.uniform(0, 1.2 * one)
        end = run(partial(land, folder), after)
        seen, distinct = map(int, run(partial(count, folder)).word.split())
        told = {"after": after, "killed": end.killed, "seen": seen, "distinct": distinct}
        print(json.dumps(told), flush=True)
        one = one if end.killed else end.seconds
    run(partial(land, folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
