"""Read the published snapshot over and over until told to stop: `python -m tests.faults.reader FIRM STOP`.

Prints how many times it read. Ends with an error at the first read that fails or sees half a snapshot.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from opslayer.config import load_firm
from opslayer.warehouse import open_layer


def main(folder: Path, stop: Path) -> None:
    firm = load_firm(folder)
    reads = 0
    while not stop.exists():
        with open_layer(firm) as layer:
            promised = layer.version.rows
            for table, rows in promised.items():
                found = layer.query(f"select count(*) as rows from core.{table}")["rows"].item()
                if found != rows:
                    raise SystemExit(f"{layer.version.name}: core.{table} has {found} rows, not {rows}")
            if layer.query(
                "select count(*) as red from quality.results where severity = 'block' and not passed"
            )["red"].item():
                raise SystemExit(f"{layer.version.name} was published with a blocking contract red")
            reads += 1
        time.sleep(0.05)  # leave the refresher a core
    print(reads)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
