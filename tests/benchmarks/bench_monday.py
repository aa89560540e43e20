"""The job monday end to end, by step, at a million time entries and at a hundred million.

The firm is the demo firm with its people, projects, time and deals once, or a hundred times under keys of
their own (42,000 people, 430,000 projects). The job is run by its command; memory is the sum over its
processes of what each has to itself plus its share of what they share (PSS), sampled four times a second.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import psutil

from opslayer import demo
from opslayer.warehouse import current
from tests.benchmarks import firms

SECONDS = 0.25


def main(millions: float) -> list[dict[str, Any]]:
    """One row a step, and one for the whole with its peak memory."""
    copies = max(1, round(millions))
    with tempfile.TemporaryDirectory(prefix="opslayer-bench-") as place:
        firm = firms.make(Path(place), copies)
        command = [str(Path(sys.executable).parent / "opslayer"), "--firm", str(firm.directory)]
        command += ["run", "monday", "--as-of", str(demo.AS_OF), "--json"]
        told, peak = measured(command)
        failed = [f"{step['name']}: {step['cause']}" for step in told["steps"] if step["cause"]]
        if failed:
            raise RuntimeError(f"monday did not succeed: {'; '.join(failed)}")
        live = current(firm)
        assert live is not None
    scale = f"{live.rows['time_entry'] / 1e6:,.1f} M time entries"
    whole = {
        "name": "monday, end to end",
        "scale": scale,
        "ours_s": told["seconds"],
        "rival": "",
        "claim": "minutes at one million, memory bounded at a hundred million",
        "peak_mb": peak,
    }
    return [whole] + [
        {
            "name": f"monday: {step['name']}",
            "scale": scale,
            "ours_s": step["record"]["seconds"],
            "rival": "the whole",
            "rival_s": told["seconds"],
            "ratio": step["record"]["seconds"] / told["seconds"],
        }
        for step in told["steps"]
    ]


def measured(command: list[str]) -> tuple[dict[str, Any], float]:
    """What a command printed as JSON, and the most memory (MB) it and its children held at once."""
    ended = threading.Event()
    peaks = [0.0]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:

        def watch() -> None:
            while not ended.wait(SECONDS):
                peaks.append(held(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        output, _ = process.communicate()
        ended.set()
        watcher.join()
    return json.loads(output), max(peaks)


def held(pid: int) -> float:
    """MB of a process and its descendants; one that ended meanwhile holds nothing."""
    total = 0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError, StopIteration):
        pass
    return total / 1024
