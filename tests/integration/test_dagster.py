"""The jobs as Dagster has them: loaded from YAML, executed for real, ticking on the firm's day."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

from opslayer import demo
from opslayer.config import PROJECT, Firm, load_firm
from opslayer.contracts import load_contracts
from opslayer.runner import last_runs, load_jobs
from opslayer.store import open_store
from opslayer.warehouse import open_layer

Write = Callable[..., Path]
JOB = """
job: night
description: A night's work
owner: finance
cron: "30 0 * * *"
time_zone: Europe/Zurich
steps:
  - {name: load, notebook: own/load, retries: 2}
  - {name: report, notebook: own/report, after: [load], parameters: {limit: 7}}
"""


@pytest.fixture
def module(
    books: Firm, write_notebook: Write, monkeypatch: pytest.MonkeyPatch, runtime_folder: Path
) -> ModuleType:
    """scheduled/definitions.py as `dagster dev` loads it, for a firm with one job more than the shipped."""
    monkeypatch.setenv("OPSLAYER_FIRM", str(books.directory))
    (books.directory / "scheduled").mkdir()
    (books.directory / "scheduled" / "night.yaml").write_text(JOB)
    write_notebook("own/load", "print('loaded', as_of)")
    write_notebook("own/report", "print('report', as_of, limit)")
    return load_definitions()


def load_definitions() -> ModuleType:
    path = PROJECT / "scheduled" / "definitions.py"
    spec = importlib.util.spec_from_file_location("opslayer_definitions", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_every_job_of_the_yaml_is_a_job_with_a_schedule(module: ModuleType, books: Firm) -> None:
    definitions: dg.Definitions = module.defs
    dg.Definitions.validate_loadable(definitions)
    for job in load_jobs(books):
        resolved = definitions.resolve_job_def(job.name)
        assert {node.name for node in resolved.nodes} == {f"{job.name}__{step.name}" for step in job.steps}
        schedule = definitions.resolve_schedule_def(f"{job.name}_schedule")
        assert schedule.cron_schedule == job.cron
        assert schedule.execution_timezone == (job.time_zone or "America/New_York")
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def test_the_refresh_carries_every_contract_as_a_check(module: ModuleType, books: Firm) -> None:
    graph = module.defs.resolve_asset_graph()
    checks = {
        key.name for key in graph.asset_check_keys if key.asset_key == dg.AssetKey(["morning", "refresh"])
    }
    contracts = load_contracts(books)
    assert contracts
    assert checks == {module.check_name(contract.name) for contract in contracts}


def test_a_job_runs_its_notebooks_as_of_its_partition(module: ModuleType, books: Firm) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        job = module.defs.resolve_job_def("night")
        result = job.execute_in_process(instance=instance, partition_key="2021-01-15")
        assert result.success
        event = instance.get_latest_materialization_event(dg.AssetKey(["night", "report"]))
        assert event is not None
        page = event.asset_materialization.metadata["page"].value  # type: ignore[union-attr]
    assert "report 2021-01-15 7" in Path(str(page)).read_text()
    with open_store(books) as store:
        runs = [(run.job, run.notebook, run.state, run.as_of.isoformat()) for run in last_runs(store)]
    assert runs == [
        ("night", "own/report", "succeeded", "2021-01-15"),
        ("night", "own/load", "succeeded", "2021-01-15"),
    ]


def test_a_step_that_fails_stops_the_job_and_says_why(
    module: ModuleType, books: Firm, write_notebook: Write
) -> None:
    # exit code 3 is not tried again, though the step has retries
    write_notebook(
        "own/load", "from opslayer.errors import ContractBroken\nraise ContractBroken('aging is red')"
    )
    with dg.DagsterInstance.ephemeral() as instance:
        job = module.defs.resolve_job_def("night")
        result = job.execute_in_process(instance=instance, partition_key="2021-01-15", raise_on_error=False)
        assert not result.success
        failures = [event for event in result.all_events if event.is_step_failure]
        assert len(failures) == 1
        assert "ContractBroken: aging is red" in str(failures[0].step_failure_data.error)
    with open_store(books) as store:
        assert [run.notebook for run in last_runs(store)] == ["own/load"]


@pytest.mark.parametrize(
    ("tick", "day"),
    [
        ("2026-11-16T23:30:00+00:00", "2026-11-16"),  # half past midnight on the 17th in Zurich
        ("2026-11-17T05:30:00+00:00", "2026-11-17"),
        ("2026-11-17T04:30:00+00:00", "2026-11-16"),  # still the 16th in New York, where the firm is
    ],
)
def test_a_schedule_asks_for_the_firms_day(module: ModuleType, tick: str, day: str) -> None:
    schedule = module.defs.resolve_schedule_def("night_schedule")
    moment = datetime.fromisoformat(tick).astimezone(UTC)
    context = dg.build_schedule_context(scheduled_execution_time=moment)
    assert schedule(context).partition_key == day


@pytest.fixture
def demo_firm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime_folder: Path) -> Firm:
    """The demo firm, a hundredth of its size."""
    folder = tmp_path / "demo"
    demo.generate(folder, scale=0.01)
    monkeypatch.setenv("OPSLAYER_FIRM", str(folder))
    return load_firm(folder)


def test_the_contracts_of_the_snapshot_are_checks_of_the_warehouse(demo_firm: Firm) -> None:
    module = load_definitions()
    key = dg.AssetKey(["morning", "refresh"])
    with dg.DagsterInstance.ephemeral() as instance:
        job = module.defs.resolve_job_def("morning")
        day = demo.AS_OF.isoformat()
        result = job.execute_in_process(instance=instance, partition_key=day, asset_selection=[key])
        assert result.success
        checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert set(checks) == {module.check_name(contract.name) for contract in load_contracts(demo_firm)}
    with open_layer(demo_firm) as layer:
        rows = layer.query("select contract, passed, severity from quality.results").to_dicts()
    assert rows
    for contract in {row["contract"] for row in rows}:
        check = checks[module.check_name(contract)]
        broken = [row for row in rows if row["contract"] == contract and not row["passed"]]
        assert check.passed == (not broken), contract
        assert check.metadata["broken"].value == len(broken)


def test_a_refused_snapshot_says_which_contract_is_red(demo_firm: Firm) -> None:
    """The step fails without another try, and its checks tell which contract refused it."""
    journal = demo_firm.directory / "data" / "journal_line.csv"
    lines = journal.read_text().splitlines()
    journal.write_text("\n".join(lines[:-1]) + "\n")  # half of an entry is gone
    module = load_definitions()
    with dg.DagsterInstance.ephemeral() as instance:
        result = module.defs.resolve_job_def("morning").execute_in_process(
            instance=instance,
            partition_key=demo.AS_OF.isoformat(),
            asset_selection=[dg.AssetKey(["morning", "refresh"])],
            raise_on_error=False,
        )
        assert not result.success
        checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert len([event for event in result.all_events if event.is_step_failure]) == 1
    assert not checks["finance_marts"].passed
    assert checks["finance_marts"].severity is dg.AssetCheckSeverity.ERROR
    assert checks["finance_core"].passed


def test_telemetry_is_off(books: Firm) -> None:
    from opslayer.runner.up import plan_services

    scheduler = plan_services(books, {"scheduler": 1, "dashboards": 2, "notebooks": 3})[0]
    home = Path(scheduler.environment["DAGSTER_HOME"])
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert instance.telemetry_enabled is False
    shutil.rmtree(home)
