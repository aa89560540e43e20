"""Jobs as YAML: when, and which notebooks in which order."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from zoneinfo import available_timezones

from croniter import croniter
from pydantic import Field, field_validator

from opslayer.config import Firm, Settings, read_yaml
from opslayer.errors import ConfigurationError, nearest, unknown
from opslayer.runner.notebooks import list_notebooks


class Step(Settings):
    """One notebook of a job."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    notebook: str = Field(description="its path under notebooks/, without .ipynb")
    parameters: dict[str, str | int | float | bool] = Field(default_factory=dict)
    after: tuple[str, ...] = Field((), description="steps that must have succeeded before")
    retries: int = Field(0, ge=0, le=10, description="more attempts after a failure that may pass")
    timeout: float = Field(3600, gt=0, description="seconds of wall clock for one attempt")


class Job(Settings):
    """One file of scheduled/; its name is the file's."""

    job: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str
    owner: str = Field(description="who is asked when it fails")
    cron: str | None = Field(
        None, description="five fields: minute, hour, day, month, weekday; run by hand only without it"
    )
    time_zone: str | None = Field(None, description="the firm's own where it is not given")
    steps: tuple[Step, ...] = Field(min_length=1)

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, value: str | None) -> str | None:
        if value is not None and (len(value.split()) != 5 or not croniter.is_valid(value)):
            raise ValueError('a cron expression of five fields, like "0 6 * * 1-5"')
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            near = nearest(value, available_timezones())
            raise ValueError(f"an IANA time zone{f'; nearest: {near}' if near else ''}")
        return value

    @property
    def name(self) -> str:
        return self.job

    def order(self) -> TopologicalSorter[str]:
        return TopologicalSorter({step.name: step.after for step in self.steps})

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)


def load_jobs(firm: Firm) -> list[Job]:
    """All jobs, by name. Raises ConfigurationError naming file, key, found, allowed and nearest."""
    notebooks = list_notebooks(firm)
    return [_checked(read_yaml(path, Job), path, notebooks) for path in firm.files("scheduled").values()]


def _checked(job: Job, path: Path, notebooks: Iterable[str]) -> Job:
    """What a model cannot check alone: names that refer to something."""
    if job.job != path.stem:
        raise _wrong(path, "job", job.job, [path.stem])
    names = [step.name for step in job.steps]
    for number, step in enumerate(job.steps):
        place = f"steps.{number}"
        if step.name in names[:number]:
            raise ConfigurationError(f'{path}\n  at {place}\n  at key: name\n    "{step.name}" stands twice')
        if step.notebook not in notebooks:
            raise _wrong(path, f"{place}.notebook", step.notebook, notebooks)
        for before in step.after:
            if before not in names or before == step.name:
                raise _wrong(path, f"{place}.after", before, [n for n in names if n != step.name])
    try:
        job.order().prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ConfigurationError(f"{path}\n  at steps\n    these wait for each other: {circle}") from None
    return job


def _wrong(path: Path, key: str, found: str, allowed: Iterable[str]) -> ConfigurationError:
    words = sorted(allowed)
    near = nearest(found, words)
    *place, last = key.rsplit(".", 1)
    where = f"  at {place[0]}\n" if place else ""
    return ConfigurationError(
        f'{path}\n{where}  at key: {last}\n    expected one of: {", ".join(words)}; got "{found}"'
        + (f'\n    nearest: "{near}"' if near else "")
    )


def find_job(firm: Firm, name: str) -> Job:
    """The job of that name, or of the one notebook of that name (`cash`, or in full `intelligence/cash`).

    Raises UsageError, naming the nearest, where there is neither.
    """
    jobs = {job.job: job for job in load_jobs(firm)}
    if name in jobs:
        return jobs[name]
    notebooks = list_notebooks(firm)
    named = [full for full in notebooks if name in (full, full.rpartition("/")[2])]
    if len(named) != 1:
        raise unknown("job or notebook", name, named or [*jobs, *notebooks])
    step = Step(name=named[0].rpartition("/")[2], notebook=named[0])
    return Job(job=step.name, description=named[0], owner="whoever runs it", steps=(step,))
