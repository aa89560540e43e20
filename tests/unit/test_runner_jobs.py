"""Jobs as YAML: every mistake names the file, the key, what is allowed and the nearest."""

from __future__ import annotations

from pathlib import Path

import pytest
from croniter import croniter

from opslayer.config import PROJECT, Firm, load_firm
from opslayer.errors import ConfigurationError, UsageError
from opslayer.runner.jobs import find_job, load_jobs
from opslayer.runner.up import chosen_services, plan_services

FIRM = """
[firm]
name = "Test"
base_currency = "EUR"
[sources.ledger]
kind = "files"
mapping = "xero"
path = "."
"""
JOB = """
job: nightly
description: A night's work
owner: finance
cron: "0 2 * * *"
time_zone: Europe/Zurich
steps:
  - {name: load, notebook: own/load, retries: 2, timeout: 60}
  - {name: report, notebook: own/report, after: [load], parameters: {limit: 5}}
"""


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    (tmp_path / "firm.toml").write_text(FIRM)
    (tmp_path / "notebooks" / "own").mkdir(parents=True)
    (tmp_path / "scheduled").mkdir()
    shipped = [step.notebook for step in _shipped_steps()]
    for name in ("own/load", "own/report", *shipped):
        path = tmp_path / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    return load_firm(tmp_path)


def _shipped_steps() -> list[object]:
    from opslayer.config import read_yaml
    from opslayer.runner.jobs import Job

    return [step for path in (PROJECT / "scheduled").glob("*.yaml") for step in read_yaml(path, Job).steps]


def write(firm: Firm, text: str, name: str = "nightly") -> None:
    (firm.directory / "scheduled" / f"{name}.yaml").write_text(text)


def test_a_job_is_read_whole(firm: Firm) -> None:
    write(firm, JOB)
    job = next(job for job in load_jobs(firm) if job.job == "nightly")
    assert (job.owner, job.cron, job.time_zone) == ("finance", "0 2 * * *", "Europe/Zurich")
    assert [(s.name, s.notebook, s.after, s.retries, s.timeout) for s in job.steps] == [
        ("load", "own/load", (), 2, 60),
        ("report", "own/report", ("load",), 0, 3600),
    ]
    assert job.steps[1].parameters == {"limit": 5}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("owner: finance", "ownr: finance", ["at key: ownr", 'nearest: "owner"']),
        (
            "notebook: own/load",
            "notebook: own/laod",
            ["at steps.0", "at key: notebook", 'nearest: "own/load"'],
        ),
        ("after: [load]", "after: [laod]", ["at steps.1", "at key: after", 'nearest: "load"']),
        ("after: [load]", "after: [report]", ["at steps.1", "at key: after"]),
        ("name: report", "name: load", ["at steps.1", "stands twice"]),
        ("retries: 2,", "retries: 2, after: [report],", ["wait for each other: ", "load", "report"]),
        ('"0 2 * * *"', '"0 25 * * *"', ["at key: cron", "five fields", "0 25 * * *"]),
        ('"0 2 * * *"', '"0 2 * * * *"', ["at key: cron", "five fields"]),
        ("Europe/Zurich", "Europe/Zurch", ["at key: time_zone", "nearest: Europe/Zurich"]),
        ("timeout: 60", "timeout: soon", ["at key: timeout", "got 'soon'"]),
        ("job: nightly", "job: nightyl", ["at key: job", 'nearest: "nightly"']),
        ("steps:", "steps: {", ["is not YAML"]),
    ],
)
def test_a_mistake_names_file_key_and_mend(firm: Firm, old: str, new: str, told: list[str]) -> None:
    assert old in JOB
    write(firm, JOB.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as raised:
        load_jobs(firm)
    for text in ("nightly.yaml", *told):
        assert text in str(raised.value)
    assert raised.value.exit_code == 2


def test_the_firms_own_job_replaces_the_shipped_one_of_its_name(firm: Firm) -> None:
    write(firm, JOB.replace("job: nightly", "job: morning"), "morning")
    morning = next(job for job in load_jobs(firm) if job.job == "morning")
    assert [step.name for step in morning.steps] == ["load", "report"]


def test_a_single_notebook_is_a_job_of_one_step(firm: Firm) -> None:
    job = find_job(firm, "own/report")
    assert [(step.name, step.notebook) for step in job.steps] == [("report", "own/report")]
    with pytest.raises(UsageError, match='did you mean "own/report"'):
        find_job(firm, "own/reprot")


def test_the_shipped_morning_refreshes_first_and_reports_last(firm: Firm) -> None:
    jobs = {job.job: job for job in load_jobs(firm)}
    order = list(jobs["morning"].order().static_order())
    assert order[0] == "refresh"
    told = {"cash", "variance", "overrun", "inquiries", "documents", "appointments", "tickets", "calls"}
    assert set(order[1:9]) == told
    assert set(order[9:13]) == {"alerts", "reminders", "triage", "anomalies"}
    assert set(order[13:15]) == {"rules", "finance_weekly"}
    assert order[15:] == ["notify"]
    assert all(job.cron and croniter.is_valid(job.cron) and job.owner for job in jobs.values())
    assert "dispatch" in jobs


def test_up_runs_one_service_alone_and_names_those_there_are(firm: Firm) -> None:
    ports = {"scheduler": 3001, "dashboards": 8502, "notebooks": 8890}
    services = plan_services(firm, ports)
    assert [service.name for service in chosen_services(services, "dashboards")] == ["dashboards"]
    assert chosen_services(services, None) == services
    with pytest.raises(UsageError, match='did you mean "dashboards"'):
        chosen_services(services, "dashbords")
