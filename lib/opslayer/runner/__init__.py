"""Runs notebooks: one, a job of them, on a schedule, in JupyterLab; always in kernels forked warm."""

from opslayer.runner.history import last_runs, rendered_runs
from opslayer.runner.job_run import JobRun, StepRun, run_job
from opslayer.runner.jobs import Job, Step, load_jobs
from opslayer.runner.notebooks import declared_parameters, list_notebooks, own_copy
from opslayer.runner.record import RunRecord
from opslayer.runner.run import run_notebook
from opslayer.runner.up import up

__all__ = [
    "Job",
    "JobRun",
    "RunRecord",
    "Step",
    "StepRun",
    "declared_parameters",
    "last_runs",
    "list_notebooks",
    "load_jobs",
    "own_copy",
    "rendered_runs",
    "run_job",
    "run_notebook",
    "up",
]
