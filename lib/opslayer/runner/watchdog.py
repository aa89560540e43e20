"""Ends process sessions when whoever started them is gone: the last word of `opslayer up`.

Session ids arrive on standard input, one a line. When it closes, because `up` is done or because it was
killed, every process of those sessions is asked to end, and after GRACE_SECONDS made to.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from typing import Final

import psutil

GRACE_SECONDS: Final = 8.0


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_sessions({int(line) for line in sys.stdin})


def end_sessions(sessions: set[int]) -> None:
    """End every process of these sessions; returns when none is left."""
    _signal(sessions, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while processes_of(sessions):
        if time.monotonic() > deadline:
            _signal(set(processes_of(sessions)), signal.SIGKILL)
        time.sleep(0.1)


def processes_of(sessions: set[int]) -> list[int]:
    """Living processes of these sessions."""
    found = []
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getsid(pid) in sessions and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
    return found


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


if __name__ == "__main__":
    main()
