"""A job, run: its steps in order, independent ones side by side, later ones not after a failure."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from opslayer.config import Firm, Settings
from opslayer.errors import OpslayerError, unknown
from opslayer.runner.jobs import Job, Step, find_job
from opslayer.runner.notebooks import bound_parameters, declared_parameters, find_notebook
from opslayer.runner.record import RunRecord
from opslayer.runner.run import execute
from opslayer.runner.warm import hold
from opslayer.runner.watch import Watch
from opslayer.store import open_store

RETRY_SECONDS: Final = 10.0  # before the second attempt; doubled before each that follows


class StepRun(Settings):
    """One step: how it ended, and why where it did not succeed."""

    name: str
    notebook: str
    state: Literal["planned", "succeeded", "failed", "skipped"]
    parameters: dict[str, Any]
    after: tuple[str, ...] = ()
    attempts: int = 0
    record: RunRecord | None = None
    cause: str | None = None
    exit_code: int = 0

    @property
    def seconds(self) -> float | None:
        return self.record.seconds if self.record else None

    @property
    def output(self) -> Path | None:
        """The page to read."""
        return self.record.page if self.record else None


class JobRun(Settings):
    """One job: its steps in the order they ended, and the exit code of the first that failed."""

    job: str
    as_of: date
    started_at: datetime
    seconds: float
    steps: tuple[StepRun, ...]

    @property
    def state(self) -> str:
        states = {step.state for step in self.steps}
        return "planned" if "planned" in states else "succeeded" if states == {"succeeded"} else "failed"

    @property
    def exit_code(self) -> int:
        return next((step.exit_code for step in self.steps if step.state == "failed"), 0)


def run_job(
    firm: Firm,
    name: str,
    *,
    as_of: date,
    moment: datetime,
    parameters: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    progress: Callable[[str], None] | None = None,
) -> JobRun:
    """Run the job, or the one notebook, of that name; with `dry_run` only plan it.

    `parameters` go to every step that declares them. A step that failed is in the result, not raised.
    Raises UsageError for a name or a parameter that does not exist, before anything runs.
    """
    job = find_job(firm, name)
    given = _parameters_by_step(firm, job, parameters or {}, as_of)
    say = progress or (lambda _: None)
    started = time.monotonic()
    if dry_run:
        steps = [_planned(job.step(step), given[step]) for step in job.order().static_order()]
    else:
        steps = _run_steps(firm, job, given, as_of, moment, say)
    seconds = round(time.monotonic() - started, 3)
    return JobRun(job=job.job, as_of=as_of, started_at=moment, seconds=seconds, steps=tuple(steps))


def _run_steps(
    firm: Firm,
    job: Job,
    given: Mapping[str, dict[str, Any]],
    as_of: date,
    moment: datetime,
    say: Callable[[str], None],
) -> list[StepRun]:
    import papermill  # noqa: F401  once, before threads would load it side by side

    order = job.order()
    order.prepare()
    ended: dict[str, StepRun] = {}
    watches: set[Watch] = set()
    stop = threading.Event()
    clock = time.monotonic()
    with hold() as server, open_store(firm) as store, ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:

        def attempt(step: Step) -> StepRun:
            for number in range(1, step.retries + 2):
                say(f"{step.name}: running {step.notebook}" + (f", attempt {number}" if number > 1 else ""))
                record = execute(
                    firm,
                    step.notebook,
                    given[step.name],
                    as_of=as_of,
                    moment=moment + timedelta(seconds=time.monotonic() - clock),
                    timeout=step.timeout,
                    store=store,
                    job=job.name,
                    environment=server.environment,
                    watches=watches,
                )
                # a red contract or a wrong parameter is the same a minute later
                last = number == step.retries + 1 or record.exit_code != 1
                if last or stop.wait(RETRY_SECONDS * 2 ** (number - 1)):
                    break
            return _ended(step, record, number)

        running: dict[Future[StepRun], Step] = {}
        try:
            while order.is_active():
                for name in order.get_ready():
                    step = job.step(name)
                    broken = [before for before in step.after if ended[before].state != "succeeded"]
                    if broken:
                        ended[name] = _skipped(step, given[name], broken)
                        say(f"{name}: skipped, {ended[name].cause}")
                        order.done(name)
                    else:
                        running[pool.submit(attempt, step)] = step
                for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                    step = running.pop(future)
                    ended[step.name] = _result(future, step, given[step.name])
                    say(_told(ended[step.name]))
                    order.done(step.name)
        except BaseException:  # Ctrl-C: the kernels first, or the pool would wait for them
            stop.set()
            for watch in tuple(watches):
                watch.kill()
            raise
    return list(ended.values())


def _parameters_by_step(
    firm: Firm, job: Job, given: Mapping[str, Any], as_of: date
) -> dict[str, dict[str, Any]]:
    """What each step gets; every step is checked before the first one runs."""
    import nbformat

    by_step: dict[str, dict[str, Any]] = {}
    declared_anywhere: set[str] = set()
    for step in job.steps:
        notebook = nbformat.read(find_notebook(firm, step.notebook), as_version=4)
        declared = declared_parameters(notebook)
        declared_anywhere |= declared.keys()
        values = step.parameters | {key: value for key, value in given.items() if key in declared}
        context = {"firm": str(firm.directory), "as_of": as_of.isoformat()}
        by_step[step.name] = bound_parameters(step.notebook, notebook, values, context)
    for parameter in given:
        if parameter not in declared_anywhere:
            raise unknown(f"parameter of {job.job}", parameter, declared_anywhere)
    return by_step


def _result(future: Future[StepRun], step: Step, parameters: dict[str, Any]) -> StepRun:
    try:
        return future.result()
    except (OpslayerError, OSError) as error:  # it could not start, or not keep what it made: a full disk
        return StepRun(
            name=step.name,
            notebook=step.notebook,
            state="failed",
            parameters=parameters,
            after=step.after,
            cause=str(error),
            exit_code=error.exit_code if isinstance(error, OpslayerError) else 1,
        )


def _ended(step: Step, record: RunRecord, attempts: int) -> StepRun:
    failed = record.state == "failed"
    where = f"cell {record.cell}: " if record.cell else ""
    return StepRun(
        name=step.name,
        notebook=step.notebook,
        state="failed" if failed else "succeeded",
        parameters=record.parameters,
        after=step.after,
        attempts=attempts,
        record=record,
        cause=f"{where}{record.error}: {record.cause}" if failed else None,
        exit_code=(record.exit_code or 1) if failed else 0,
    )


def _skipped(step: Step, parameters: dict[str, Any], broken: list[str]) -> StepRun:
    return StepRun(
        name=step.name,
        notebook=step.notebook,
        state="skipped",
        parameters=parameters,
        after=step.after,
        cause=f"{' and '.join(broken)} did not succeed",
    )


def _planned(step: Step, parameters: dict[str, Any]) -> StepRun:
    return StepRun(
        name=step.name, notebook=step.notebook, state="planned", parameters=parameters, after=step.after
    )


def _told(run: StepRun) -> str:
    seconds = f" in {run.record.seconds:.1f} s" if run.record and run.record.seconds else ""
    return f"{run.name}: {run.state}{seconds}" + (f", {run.cause}" if run.cause else "")
