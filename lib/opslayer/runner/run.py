"""One notebook, executed once, unattended: what it was given, how it ended, what it left."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from opslayer.config import Firm
from opslayer.runner.history import keep_run
from opslayer.runner.notebooks import bound_parameters, find_notebook
from opslayer.runner.outcome import Outcome, outcome_of
from opslayer.runner.page import render_page
from opslayer.runner.record import RunRecord, failure
from opslayer.runner.redaction import known_secrets, redacted
from opslayer.runner.watch import Watch
from opslayer.store import Store

if TYPE_CHECKING:
    import nbformat

NOT_OURS: Final = {"injected-parameters", "papermill-error-cell-tag"}  # cells that Papermill adds


def run_notebook(
    firm: Firm,
    notebook: str,
    parameters: Mapping[str, Any],
    *,
    as_of: date,
    moment: datetime,
    timeout: float,
    store: Store | None = None,
    job: str | None = None,
    environment: Mapping[str, str] | None = None,
    watches: set[Watch] | None = None,
) -> RunRecord:
    """Execute `notebook` in a warm kernel; its output, an HTML page and run.json lie in var/runs/<run_id>.

    `timeout` is in seconds of wall clock, for the whole run; `store` keeps the run, as one of `job`;
    `environment` is added to the process's own;
    `watches` holds the run while it lasts, so that another thread can end it. Raises UsageError for an
    unknown notebook or parameter, and RunFailed, KernelDied or RunTimedOut, with the cell and the cause,
    where not every cell completed; the exit code is that of the error inside (3 for a red contract).
    """
    record = execute(
        firm,
        notebook,
        parameters,
        as_of=as_of,
        moment=moment,
        timeout=timeout,
        store=store,
        job=job,
        environment=environment,
        watches=watches,
    )
    if record.state == "failed":
        raise failure(record)
    return record


def execute(
    firm: Firm,
    notebook: str,
    parameters: Mapping[str, Any],
    *,
    as_of: date,
    moment: datetime,
    timeout: float,
    store: Store | None = None,
    job: str | None = None,
    environment: Mapping[str, str] | None = None,
    watches: set[Watch] | None = None,
) -> RunRecord:
    """As run_notebook, but a run that failed is returned, not raised."""
    import nbformat  # it takes a second to load, as Papermill does: only where a notebook runs

    path = find_notebook(firm, notebook)
    source = nbformat.read(path, as_version=4)
    context = {
        "firm": str(firm.directory),
        "as_of": as_of.isoformat(),
        "moment": moment.astimezone(UTC).isoformat(),
    }
    bound = bound_parameters(notebook, source, parameters, context)
    hidden = known_secrets(firm)
    run_id = f"{moment:%Y%m%dT%H%M%S}-{notebook.replace('/', '-')}-{secrets.token_hex(3)}"
    folder = firm.var / "runs" / run_id
    folder.mkdir(parents=True)
    record = RunRecord(
        run_id=run_id,
        notebook=notebook,
        parameters=redacted(bound, hidden)[0],
        as_of=as_of,
        state="running",
        started_at=moment,
        cells=len(source.cells),
        folder=folder,
    )
    _keep(record, store, job)
    started = time.monotonic()
    watch = Watch(seconds=timeout)
    watches = set() if watches is None else watches
    watches.add(watch)
    settings = {**os.environ, **(environment or {}), "OPSLAYER_FIRM": str(firm.directory)}
    try:
        raised, said = _run(path, bound, firm.directory, settings, watch, folder)
    finally:
        watches.discard(watch)
    executed = watch.notebook or source
    executed.cells = [c for c in executed.cells if not NOT_OURS & set(c.metadata.get("tags", []))]
    outcome = outcome_of(executed, raised, watch, said)
    executed, leaks = redacted(executed, hidden)
    told, more = redacted(outcome._asdict(), hidden)
    outcome = Outcome(**told)
    if leaks | more:
        outcome = outcome.leaked(leaks | more)
    _write(folder / path.name, nbformat.writes(executed))
    page = folder / f"{path.stem}.html"
    failed = f"{outcome.error}: {outcome.cause}" if outcome.error else None
    _write(page, render_page(executed, _title(executed, notebook), failed=failed))
    elapsed = time.monotonic() - started
    record = record.model_copy(
        update={
            **outcome._asdict(),
            "state": "failed" if outcome.error else "succeeded",
            "finished_at": moment + timedelta(seconds=elapsed),
            "seconds": round(elapsed, 3),
            "executed": folder / path.name,
            "page": page,
        }
    )
    _keep(record, store, job)
    if raised is not None and not isinstance(raised, Exception):
        raise raised  # Ctrl-C: the record says so, and the caller is told
    return record


def _run(
    path: Path,
    parameters: dict[str, Any],
    place: Path,
    environment: dict[str, str],
    watch: Watch,
    folder: Path,
) -> tuple[BaseException | None, str]:
    """Hand the notebook to Papermill; what it raised, and what the kernel said beside its cells."""
    import papermill  # loads the engine by its entry point

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it would say is in the record
    raised: BaseException | None = None
    log_path = folder / "kernel.log"
    timer = threading.Timer(watch.seconds, watch.expire)
    timer.daemon = True
    timer.start()
    with log_path.open("wb") as log:
        watch.log = log
        try:
            papermill.execute_notebook(
                str(path),
                None,
                parameters=parameters,
                engine_name="opslayer",
                kernel_name="opslayer",
                language="python",
                progress_bar=False,
                watch=watch,
                working_folder=place,
                environment=environment,
            )
        except BaseException as error:
            raised = error
        finally:
            timer.cancel()
    said = log_path.read_text(errors="replace")
    log_path.unlink()
    return raised, said


def _title(notebook: nbformat.NotebookNode, name: str) -> str:
    texts = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    lines = (line for text in texts for line in text.splitlines())
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), name)


def _keep(record: RunRecord, store: Store | None, job: str | None) -> None:
    _write(record.folder / "run.json", record.model_dump_json(indent=2))
    if store is not None:
        keep_run(store, record, job=job)


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
