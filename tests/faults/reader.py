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
            counts = " union all ".join(
                f"select '{table}' as name, count(*) as rows from core.{table}" for table in promised
            )
            for table, found in layer.query(counts).iter_rows():  # at once: the refresher needs its core
                if found != promised[table]:
                    raise SystemExit(
                        f"{layer.version.name}: core.{table} has {found} rows, not {promised[table]}"
                    )
            if layer.query(
                "select count(*) as red from quality.results where severity = 'block' and not passed"
            )["red"].item():
                raise SystemExit(f"{layer.version.name} was published with a blocking contract red")
            reads += 1
        time.sleep(0.05)
    print(reads)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
