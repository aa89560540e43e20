"""Measure, and rewrite RESULTS.md: `python -m tests.benchmarks [--only build] [1 10 100]` (million rows).

`--only` takes a group of GROUPS as well: `--only intelligence` are all that need ../shared/data and no scale.

Each `bench_<name>.py` has `main(millions) -> list of rows`, a row being name, scale, ours_s, rival, rival_s,
ratio (ours / rival, or rival / ours where the claim is "at least n times faster": `claim` says which) and
optionally peak_mb. What is not measured in seconds has `ours` and `rivals`, as text. Rows measured before and
not measured again are kept, with the day they were measured.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KEPT = HERE / "results.json"
RESULTS = HERE / "RESULTS.md"
GROUPS = {
    "intelligence": ("triage", "lead", "booking", "documents", "forecast", "anomaly", "calls")
}  # what learns, beside its rivals
COLUMNS = ("what", "scale", "ours", "rival", "rival's", "ratio", "claim", "peak memory", "measured")


def measure(only: str | None, millions: list[float]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    chosen = {f"bench_{name}" for name in GROUPS.get(only, (only,))} if only is not None else None
    for path in sorted(HERE.glob("bench_*.py")):
        if chosen is not None and path.stem not in chosen:
            continue
        main = importlib.import_module(f"tests.benchmarks.{path.stem}").main
        scales: list[float | None] = list(millions) if inspect.signature(main).parameters else [None]
        for scale in scales:
            rows += main() if scale is None else main(scale)
    return rows


def merge(kept: list[dict[str, Any]], fresh: list[dict[str, Any]]) -> list[dict[str, Any]]:
    today = datetime.now(UTC).date().isoformat()
    by_key = {(row["name"], str(row["scale"]), row["rival"]): row for row in kept}
    by_key |= {(row["name"], str(row["scale"]), row["rival"]): {**row, "measured": today} for row in fresh}
    return list(by_key.values())


def render(rows: list[dict[str, Any]]) -> str:
    lines = [
        "# Benchmarks",
        "",
        "Written by `make benchmark`, never by hand. Ratios count, not seconds: each is measured side by",
        f"side in one run, on {os.cpu_count()} cores of {platform.machine()}, Python "
        f"{platform.python_version()}.",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|" + " --- |" * len(COLUMNS),
    ]
    for row in rows:
        memory = f"{row['peak_mb']:,.0f} MB" if row.get("peak_mb") else ""
        cells = (
            row["name"],
            row["scale"],
            row.get("ours") or f"{row['ours_s']:.2f} s",
            row["rival"],
            row.get("rivals") or (f"{row['rival_s']:.2f} s" if row.get("rival_s") else ""),
            f"{row['ratio']:.2f}" if row.get("ratio") else "",
            row.get("claim", ""),
            memory,
            row["measured"],
        )
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    names = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    parser.add_argument("--only", choices=[*names, *GROUPS], help="one benchmark, or a group of them")
    parser.add_argument("millions", nargs="*", type=float, default=[1.0, 10.0], help="scales in million rows")
    options = parser.parse_args()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else []
    rows = merge(kept, measure(options.only, options.millions))
    KEPT.write_text(json.dumps(rows, indent=1) + "\n")
    RESULTS.write_text(render(rows))


if __name__ == "__main__":
    main()
