"""Kill -9 at 40 random moments of a refresh: no reader fails, the snapshot stays whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from opslayer.warehouse import versions
from tests.conftest import PROJECT
from tests.faults.conftest import Case
from tests.faults.victim import killing

KILLS = 40


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_no_reader_ever_fails(case: Case, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.reader", str(case.folder), str(stop)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        moments = killing("refresher", case.folder, KILLS, 11)
    finally:
        stop.touch()
        reads, complaint = reader.communicate(timeout=60)
    assert len(moments) == KILLS
    assert sum(moment["killed"] for moment in moments) > KILLS // 2, (
        "most moments fell after the refresh had ended"
    )
    assert len({moment["last"].split(":")[0] for moment in moments}) > 5, (
        "the moments did not spread over the steps"
    )
    assert reader.returncode == 0, complaint
    assert int(reads) > KILLS
    kept = versions(case.firm)
    assert len(kept) <= case.firm.warehouse.keep_versions + 1
    leftovers = {path.name for path in (case.folder / "var" / "warehouse").glob("*.duckdb")}
    assert leftovers == {version.path.name for version in kept}
