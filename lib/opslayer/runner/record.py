"""What is known of one run, and the error a failed one stands for."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from opslayer.config import Settings
from opslayer.errors import KernelDied, RunFailed, RunTimedOut


class RunRecord(Settings):
    """What run.json holds. Cells count from 1, in the notebook as it is kept: without the injected one."""

    run_id: str
    notebook: str
    parameters: dict[str, Any]
    as_of: date
    state: Literal["running", "succeeded", "failed"]
    started_at: datetime
    finished_at: datetime | None = None
    seconds: float | None = None
    cells: int
    cell: int | None = None
    source: str | None = None
    error: str | None = None
    cause: str | None = None
    exit_code: int | None = None
    folder: Path
    executed: Path | None = None
    page: Path | None = None


def failure(record: RunRecord) -> RunFailed:
    """The error a failed record stands for, with the exit code of its cause."""
    kind = {"KernelDied": KernelDied, "RunTimedOut": RunTimedOut}.get(record.error or "", RunFailed)
    where = f"cell {record.cell} of {record.cells}" if record.cell else "before its first cell"
    excerpt = "".join(f"\n    | {line}" for line in (record.source or "").splitlines())
    error = kind(
        f"{record.notebook} did not complete: {where}{excerpt}\n    {record.error}: {record.cause}",
        mend=f"the executed notebook shows the rest: {record.executed}",
    )
    error.exit_code = record.exit_code or 1
    return error
