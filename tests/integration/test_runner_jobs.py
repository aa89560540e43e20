"""Jobs for real: order, side by side, failure, retries, the plan, and the exit code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from opslayer.config import Firm
from opslayer.errors import UsageError
from opslayer.runner import JobRun, job_run, run_job

AS_OF = date(2026, 11, 16)
Write = Callable[..., Path]
JOB = """
job: night
description: A night's work
owner: finance
cron: "0 2 * * *"
steps:
  - {name: report, notebook: own/report, after: [left, right]}
  - {name: left, notebook: own/left, after: [load]}
  - {name: right, notebook: own/right, after: [load], parameters: {limit: 7}}
  - {name: load, notebook: own/load, retries: 2, timeout: 20}
"""
MEET = """
import os, time
open('{own}', 'w').close()
for _ in range(200): time.sleep(0.1) if not os.path.exists('{other}') else None
assert os.path.exists('{other}')
"""


@pytest.fixture
def night(books: Firm, write_notebook: Write) -> Firm:
    (books.directory / "scheduled").mkdir()
    (books.directory / "scheduled" / "night.yaml").write_text(JOB)
    # the shipped jobs name the shipped notebooks: these stand in, where the job only has to load
    for name in ("load", "left", "right", "report"):
        write_notebook(f"own/{name}", f"print('{name}', limit, as_of)")
    return books


def run(firm: Firm, moment: datetime, **options: object) -> tuple[JobRun, list[str]]:
    said: list[str] = []
    result = run_job(firm, "night", as_of=AS_OF, moment=moment, progress=said.append, **options)  # type: ignore[arg-type]
    return result, said


def states(result: JobRun) -> dict[str, str]:
    return {step.name: step.state for step in result.steps}


def test_steps_run_in_their_order_with_their_parameters(
    night: Firm, runtime_folder: Path, moment: datetime
) -> None:
    result, said = run(night, moment)
    assert (result.state, result.exit_code) == ("succeeded", 0)
    names = [step.name for step in result.steps]
    assert names[0] == "load"
    assert names[-1] == "report"
    by_name = {step.name: step for step in result.steps}
    assert by_name["right"].parameters["limit"] == 7
    assert by_name["left"].parameters == {"firm": str(night.directory), "as_of": "2026-11-16"}
    records = [step.record for step in result.steps if step.record]
    assert [record.as_of for record in records] == [AS_OF] * 4
    assert by_name["load"].record.finished_at < by_name["left"].record.started_at  # type: ignore[union-attr,operator]
    assert said[0] == "load: running own/load"
    assert any(line.startswith("report: succeeded in ") for line in said)


def test_independent_steps_run_side_by_side(
    night: Firm, write_notebook: Write, runtime_folder: Path, moment: datetime
) -> None:
    write_notebook("own/left", MEET.format(own="left", other="right"))
    write_notebook("own/right", MEET.format(own="right", other="left"))
    assert run(night, moment)[0].state == "succeeded"


def test_after_a_failure_what_waits_is_skipped_and_says_why(
    night: Firm, write_notebook: Write, runtime_folder: Path, moment: datetime
) -> None:
    write_notebook("own/left", "1 / 0")
    result, said = run(night, moment)
    assert states(result) == {
        "load": "succeeded",
        "left": "failed",
        "right": "succeeded",
        "report": "skipped",
    }
    by_name = {step.name: step for step in result.steps}
    assert by_name["left"].cause == "cell 3: ZeroDivisionError: division by zero"
    assert by_name["report"].cause == "left did not succeed"
    assert (result.state, result.exit_code) == ("failed", 1)
    assert "report: skipped, left did not succeed" in said


def test_a_red_contract_ends_the_job_with_3_and_is_not_tried_again(
    night: Firm, write_notebook: Write, runtime_folder: Path, moment: datetime
) -> None:
    write_notebook("own/load", "from opslayer.errors import ContractBroken\nraise ContractBroken('red')")
    result, _ = run(night, moment)
    assert states(result) == {"load": "failed", "left": "skipped", "right": "skipped", "report": "skipped"}
    assert result.exit_code == 3
    assert result.steps[0].attempts == 1


def test_a_step_is_tried_again(
    night: Firm,
    write_notebook: Write,
    runtime_folder: Path,
    moment: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(job_run, "RETRY_SECONDS", 0.01)
    write_notebook(
        "own/load",
        "import os\ntries = len([p for p in os.listdir('.') if p.startswith('try')])\n"
        "open(f'try{tries}', 'w').close()\nassert tries == 2, 'the source is down'",
    )
    result, said = run(night, moment)
    assert result.state == "succeeded"
    assert result.steps[0].attempts == 3
    assert "load: running own/load, attempt 3" in said


def test_a_plan_runs_nothing(night: Firm, moment: datetime) -> None:
    result, said = run(night, moment, dry_run=True, parameters={"limit": "3"})
    assert (result.state, result.exit_code) == ("planned", 0)
    assert (result.steps[0].name, result.steps[0].parameters["limit"]) == ("load", 3)
    assert result.steps[-1].after == ("left", "right")
    assert not said
    assert not night.var.exists()


def test_a_parameter_no_step_declares_stops_the_job_before_it_starts(night: Firm, moment: datetime) -> None:
    with pytest.raises(UsageError, match='did you mean "limit"'):
        run(night, moment, parameters={"limitt": 3})
    with pytest.raises(UsageError, match='did you mean "night"'):
        run_job(night, "nigth", as_of=AS_OF, moment=moment)
    assert not night.var.exists()


def test_one_notebook_runs_as_a_job(night: Firm, runtime_folder: Path, moment: datetime) -> None:
    result = run_job(night, "own/left", as_of=AS_OF, moment=moment, parameters={"limit": 4})
    assert states(result) == {"left": "succeeded"}
    assert result.steps[0].parameters["limit"] == 4
