"""The jobs of scheduled/*.yaml for Dagster: one asset a step, a job and a schedule a file.

    dagster dev -f scheduled/definitions.py          (OPSLAYER_FIRM names the firm; `opslayer up` sets it)

A run's partition is its business day, so a backfill is a run as of a day gone by. A step is nothing but a
call of our runner, as on the command line. The step that refreshes the warehouse carries every contract as
a check.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Final

import dagster as dg
import polars as pl

from opslayer.config import Firm, load_firm
from opslayer.contracts import load_contracts
from opslayer.errors import ContractBroken
from opslayer.runner import Job, Step, load_jobs
from opslayer.runner.job_run import RETRY_SECONDS
from opslayer.runner.record import failure
from opslayer.runner.run import execute
from opslayer.store import open_store
from opslayer.warehouse import open_layer, refused_contracts

REFRESH: Final = "data_layer/refresh"
FIRST_DAY: Final = "2000-01-01"


def definitions(firm: Firm) -> dg.Definitions:
    """Everything Dagster is told. Raises ConfigurationError where a job's YAML cannot be."""
    jobs = load_jobs(firm)
    # a day has its partition while it lasts, not when it is over
    days = dg.DailyPartitionsDefinition(start_date=FIRST_DAY, timezone=firm.firm.time_zone, end_offset=1)
    assets = {job.name: [_asset(firm, job, step, days) for step in job.steps] for job in jobs}
    runs = {
        job.name: dg.define_asset_job(
            job.name,
            selection=dg.AssetSelection.assets(*assets[job.name]),
            description=job.description,
            executor_def=dg.in_process_executor,  # the kernels are processes of their own
            tags={"owner": job.owner},
        )
        for job in jobs
    }
    return dg.Definitions(
        assets=[asset for several in assets.values() for asset in several],
        jobs=list(runs.values()),
        schedules=[_schedule(firm, job, job.cron, runs[job.name]) for job in jobs if job.cron],
    )


def _asset(firm: Firm, job: Job, step: Step, days: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    key = dg.AssetKey([job.name, step.name])
    contracts = [contract.name for contract in load_contracts(firm)] if step.notebook == REFRESH else []
    retries = dg.RetryPolicy(step.retries, delay=RETRY_SECONDS, backoff=dg.Backoff.EXPONENTIAL)

    @dg.asset(
        key=key,
        deps=[dg.AssetKey([job.name, before]) for before in step.after],
        description=f"notebooks/{step.notebook}.ipynb",
        group_name=job.name,
        partitions_def=days,
        retry_policy=retries if step.retries else None,
        check_specs=[dg.AssetCheckSpec(check_name(contract), asset=key) for contract in contracts],
    )
    def run(context: dg.AssetExecutionContext) -> Iterator[Any]:
        with open_store(firm) as store:
            record = execute(
                firm,
                step.notebook,
                step.parameters,
                as_of=date.fromisoformat(context.partition_key),
                moment=datetime.now(UTC),
                timeout=step.timeout,
                store=store,
                job=job.name,
            )
        if record.state == "failed":
            if contracts and record.exit_code == ContractBroken.exit_code:
                yield from contract_checks(contracts, refused_contracts(firm))
            # a red contract or a wrong parameter is the same a minute later
            raise dg.Failure(str(failure(record)), allow_retries=record.exit_code == 1)
        yield dg.MaterializeResult(
            metadata={"run": record.run_id, "page": dg.MetadataValue.path(str(record.page))},
            check_results=contract_checks(contracts, published_contracts(firm)) if contracts else [],
        )

    return run


def published_contracts(firm: Firm) -> pl.DataFrame:
    with open_layer(firm) as layer:
        return layer.query("contract_results")


def contract_checks(contracts: list[str], standing: pl.DataFrame) -> list[dg.AssetCheckResult]:
    """One result a contract, from how they stand in what was published, or refused."""
    results = {row["contract"]: row for row in standing.to_dicts()}
    return [
        dg.AssetCheckResult(
            check_name=check_name(name),
            passed=name not in results or results[name]["broken"] == 0,
            severity=dg.AssetCheckSeverity.ERROR
            if results.get(name, {}).get("blocking")
            else dg.AssetCheckSeverity.WARN,
            metadata=results.get(name, {}),
        )
        for name in contracts
    ]


def check_name(contract: str) -> str:
    """Dagster's names hold letters, digits and underscores only."""
    return re.sub(r"\W", "_", contract)


def _schedule(firm: Firm, job: Job, cron: str, run: Any) -> dg.ScheduleDefinition:
    zone = job.time_zone or firm.firm.time_zone

    @dg.schedule(
        name=f"{job.name}_schedule",
        job=run,
        cron_schedule=cron,
        execution_timezone=zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=job.description,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """The run of the day it is where the firm is."""
        day = context.scheduled_execution_time.astimezone(firm.zone).date().isoformat()
        return dg.RunRequest(partition_key=day)

    return tick


defs = definitions(load_firm())
