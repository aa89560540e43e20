"""The job monday end to end, by step, at a million time entries and at a hundred million.

The firm is the demo firm with its people, projects, time and deals once, or a hundred times under keys of
their own (42,000 people, 430,000 projects). The job is run by its command; memory is the sum over its
processes of what each has to itself plus its share of what they share (PSS), sampled four times a second.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from opslayer import demo
from opslayer.warehouse import current
from tests.benchmarks import firms

SECONDS = 0.25
MARK = "OPSLAYER_BENCHMARK"


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
    """What a command printed as JSON, and the most memory (MB) it and all it started held at once."""
    mark = uuid4().hex
    ended = threading.Event()
    peaks = [0.0]

    def watch() -> None:
        while not ended.wait(SECONDS):
            peaks.append(held(mark))

    environment = {**os.environ, MARK: mark}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        watcher = threading.Thread(target=watch)
        watcher.start()
        output, _ = process.communicate()
        ended.set()
        watcher.join()
    return json.loads(output), max(peaks)


def held(mark: str) -> float:
    """MB of the processes with `mark` in their environment: kernels are no descendants of the command."""
    total = 0
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark:
                rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        except (psutil.Error, OSError, StopIteration):
            continue  # it ended meanwhile
    return total / 1024
