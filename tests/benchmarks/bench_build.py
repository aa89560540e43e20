"""Build and publish against the same queries run by bare DuckDB: one connection, one query after the other.

Each side runs in a process of its own, in turn, so that neither finds the other's memory; publishing is in
ours and not in theirs. The audit is measured in bench_contracts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from opslayer.config import Firm, load_firm
from opslayer.contracts import split_quarantine
from opslayer.sources import load_mapping
from opslayer.warehouse import files, load_models
from opslayer.warehouse.build import build_staged, check_landed, connect_staged
from opslayer.warehouse.mapped import create_mapped, create_raw, create_typing
from opslayer.warehouse.models import bind, dependencies
from opslayer.warehouse.publish import publish_staged
from tests.benchmarks import books

NO_RESULTS = (
    "create table quality.results (table_name varchar, rule varchar, severity varchar, passed boolean, "
    "rows_checked bigint, rows_failed bigint, sample varchar)"
)


def ours(firm: Firm) -> None:
    """Build and publish, as `opslayer build` and `opslayer publish` do."""
    build_staged(firm, as_of=books.AS_OF)
    with connect_staged(firm, fresh=False) as connection:
        connection.execute(NO_RESULTS)
    publish_staged(firm, as_of=books.AS_OF, moment=books.MOMENT)


def bare(firm: Firm) -> None:
    """The same queries in the same order, by DuckDB alone."""
    values = {
        "as_of": books.AS_OF, "base_currency": firm.base_currency, "sources": list(firm.sources),
        "time_zone": firm.firm.time_zone, "calling_code": firm.firm.calling_code,
    }  # fmt: skip
    landed = check_landed(firm)
    models = load_models()
    with connect_staged(firm) as connection:
        create_typing(connection)
        create_raw(connection, landed)
        create_mapped(
            connection,
            {name: load_mapping(firm, source.mapping) for name, source in firm.sources.items()},
            {name: {table.table for table in landed} for name in firm.sources},
        )
        for schema in ("staging", "core", "marts", "quality"):
            connection.execute(f"create schema {schema}")
        split_quarantine(connection, [], as_of=books.AS_OF)  # an empty one: marts read it
        order = dependencies(models)
        while order.is_active():
            for name in order.get_ready():
                model = models[name]
                connection.execute(
                    f"create table {name} as {model.sql}", bind(model.values, values, name)
                ).fetchall()
                order.done(name)
        connection.execute("checkpoint")
    files.staged(firm).unlink()


SIDES = {"ours": ours, "bare": bare}


def main(millions: float) -> list[dict[str, Any]]:
    """Medians of alternating runs: three of each at up to ten million lines, one beyond."""
    repeats = 3 if millions <= 10 else 1
    with tempfile.TemporaryDirectory(prefix="opslayer-bench-") as place:
        folder = Path(place) / "firm"
        books.make(folder, round(millions * 1_000_000))
        taken: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
        for _ in range(repeats):
            for side in SIDES:
                taken[side].append(_measured(side, folder))
    seconds = {side: statistics.median(run[0] for run in runs) for side, runs in taken.items()}
    return [
        {
            "name": "build and publish",
            "scale": f"{millions:g} million invoice lines",
            "ours_s": seconds["ours"],
            "rival": "the same queries by bare DuckDB",
            "rival_s": seconds["bare"],
            "ratio": seconds["ours"] / seconds["bare"],
            "claim": "at most 1.3 at 10 million; under 8 GB at 100 million",
            "peak_mb": max(run[1] for run in taken["ours"]),
        }
    ]


def _measured(side: str, folder: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_build", side, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, peak = json.loads(done.stdout.splitlines()[-1])
    return float(seconds), float(peak)


def peak_mb() -> float:
    """The most memory this process has held; getrusage would tell of its parent's, which outlives an exec."""
    [line] = [x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    chosen = load_firm(Path(sys.argv[2]))
    started = time.perf_counter()
    SIDES[sys.argv[1]](chosen)
    elapsed = time.perf_counter() - started
    print(json.dumps([elapsed, peak_mb()]))
