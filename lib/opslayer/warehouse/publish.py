"""Audit, then publish: the staged file becomes a version, and readers are pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl

from opslayer.config import Firm
from opslayer.contracts import AuditReport, Contract, load_contracts, source_tables
from opslayer.contracts import audit as audit_contracts
from opslayer.errors import BuildError, ContractBroken, UsageError
from opslayer.sources import DriftPolicy, Landed, load_mapping
from opslayer.sources import land as pull
from opslayer.warehouse import files
from opslayer.warehouse.build import Built, build_staged, connect_staged
from opslayer.warehouse.layer import QUERIES
from opslayer.warehouse.mapped import entities, quoted
from opslayer.warehouse.outputs import SCHEMA, copy_version, land_outputs, replace_outputs
from opslayer.warehouse.versions import Version, current, next_name, point, prune, record

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Refreshed:
    """One whole way: what landed, what was built, how it stood, and the version readers now have."""

    landed: tuple[Landed, ...]
    built: Built
    audit: AuditReport
    version: Version


def land(
    firm: Firm,
    *,
    as_of: date,
    moment: datetime,
    only: str | None = None,
    full: bool = False,
    progress: Progress | None = None,
) -> list[Landed]:
    """Pull what is new from every source, or from one, minding what its contract says of drift.

    Raises SourceError, or RefreshInProgress where another process writes.
    """
    with files.writer(firm):
        return land_sources(firm, as_of=as_of, moment=moment, only=only, full=full, progress=progress)


def audit(firm: Firm, *, as_of: date, progress: Progress | None = None) -> AuditReport:
    """Run every contract on the staged file. Raises BuildError where nothing is staged."""
    with files.writer(firm):
        return audit_staged(firm, as_of=as_of, progress=progress)


def publish(firm: Firm, *, as_of: date, moment: datetime) -> Version:
    """Make the staged file the version readers open.

    Raises BuildError where nothing is staged, UsageError where it was not audited, ContractBroken where
    a blocking contract is red.
    """
    with files.writer(firm):
        return publish_staged(firm, as_of=as_of, moment=moment)


def refresh(
    firm: Firm, *, as_of: date, moment: datetime, full: bool = False, progress: Progress | None = None
) -> Refreshed:
    """Land, build, audit and publish under one lock.

    Raises SourceError, BuildError, ContractBroken or RefreshInProgress; in each case the last good
    snapshot stays published.
    """
    with files.writer(firm):
        landed = land_sources(firm, as_of=as_of, moment=moment, full=full, progress=progress)
        built = build_staged(firm, as_of=as_of, progress=progress)
        report = audit_staged(firm, as_of=as_of, progress=progress)
        version = publish_staged(firm, as_of=as_of, moment=moment)
    return Refreshed(tuple(landed), built, report, version)


def save_outputs(firm: Firm, frames: Mapping[str, pl.DataFrame], *, as_of: date, moment: datetime) -> Version:
    """Publish what intelligence computed: a new version, equal to the current one but for these tables.

    `frames` is by table name without schema; columns are the contract's. Waits for a running writer.
    Raises UsageError for a table without contract or a version of another day, ContractBroken where a
    blocking contract of these tables is red; the frames are then not kept.
    """
    with files.writer(firm, wait_seconds=OUTPUT_WAIT):
        base = current(firm)
        if base is None:
            raise UsageError(f"{firm.name} has no published snapshot yet", mend="run `opslayer refresh`")
        if base.as_of != as_of:
            raise UsageError(f"the current version is as of {base.as_of}, these outputs as of {as_of}")
        contracts = load_contracts(firm)
        copy_version(base.path, files.staged(firm))
        with connect_staged(firm, fresh=False) as connection:
            replace_outputs(connection, contracts, frames, as_of=as_of)
        touched = {f"{SCHEMA}.{name}" for name in frames}
        audit_contracts(
            files.staged(firm),
            contracts,
            as_of=as_of,
            docs=_docs(firm),
            only=touched,
            memory_limit=firm.warehouse.memory_limit,
        )
        name = next_name(firm, as_of)
        require_green(firm)
        land_outputs(firm, frames, load_id=name, moment=moment)
        return publish_staged(firm, as_of=as_of, moment=moment, base=base.name)


OUTPUT_WAIT = 600.0  # seconds; longer than any audit measured


def land_sources(
    firm: Firm,
    *,
    as_of: date,
    moment: datetime,
    only: str | None = None,
    full: bool = False,
    progress: Progress | None = None,
) -> list[Landed]:
    """`land`, for a caller that holds the writer's lock."""
    policies = {
        place: DriftPolicy(policy=table.drift or "evolve", columns=tuple(c.name for c in table.columns))
        for place, table in source_tables(load_contracts(firm)).items()
    }
    return pull(firm, as_of=as_of, moment=moment, only=only, full=full, policies=policies, progress=progress)


def audit_staged(firm: Firm, *, as_of: date, progress: Progress | None = None) -> AuditReport:
    """`audit`, for a caller that holds the writer's lock."""
    _require_staged(firm)
    return audit_contracts(
        files.staged(firm),
        _without_absent(firm, load_contracts(firm)),
        as_of=as_of,
        docs=_docs(firm),
        memory_limit=firm.warehouse.memory_limit,
        progress=progress,
    )


def _without_absent(firm: Firm, contracts: Iterable[Contract]) -> list[Contract]:
    """The contracts, asking for no rows of an entity that none of the firm's systems has."""
    had = {
        entity for source in firm.sources.values() for entity in load_mapping(firm, source.mapping).entities
    }
    absent = {
        f"{schema}.{entity}" for entity in entities() if entity not in had for schema in ("staging", "core")
    }
    return [
        replace(
            contract,
            tables=tuple(
                replace(table, rules=tuple(rule for rule in table.rules if rule.kind != "row_count"))
                if table.name in absent
                else table
                for table in contract.tables
            ),
        )
        for contract in contracts
    ]


def publish_staged(firm: Firm, *, as_of: date, moment: datetime, base: str | None = None) -> Version:
    """`publish`, for a caller that holds the writer's lock."""
    _require_staged(firm)
    green, red = require_green(firm)
    with connect_staged(firm, fresh=False) as connection:
        rows = _seal(connection)
    name = next_name(firm, as_of)
    path = files.folder(firm) / f"{name}.duckdb"
    files.synchronise(files.staged(firm))
    files.staged(firm).rename(path)
    if _docs(firm).exists():
        _docs(firm).rename(_docs(firm).with_name(name))
    version = Version(name, path, as_of, moment, rows, green, red, base)
    record(version)
    point(firm, version)
    prune(firm, moment=moment)
    return version


def require_green(firm: Firm) -> tuple[int, int]:
    """Contract rules green and red in the staged file.

    Raises UsageError where it was not audited, ContractBroken naming each red blocking rule.
    """
    with connect_staged(firm, fresh=False) as connection:
        _require_audited(connection)
        results = connection.sql(_query("staged_results")).pl()
    blocking = results.filter(~pl.col("passed") & (pl.col("severity") == "block"))
    if len(blocking):
        raise ContractBroken(
            f"{len(blocking)} blocking contract rules are red; nothing was published\n"
            + "\n".join(
                f"  {row['table_name']}: {row['rule']}: {row['rows_failed']} of {row['rows_checked']} rows"
                + (f", such as {row['sample']}" if row["sample"] else "")
                for row in blocking.iter_rows(named=True)
            ),
            mend="mend the source, or the contract if it is wrong; the last good snapshot still stands",
        )
    # rows that were set aside are where they should be: they are counted in quarantine
    red = results.filter(~pl.col("passed") & (pl.col("severity") != "quarantine"))
    return int(results["passed"].sum()), len(red)


def refused_contracts(firm: Firm) -> pl.DataFrame:
    """How each contract stands in the build that was refused: `contract_results`, on the staged file.

    Raises BuildError where nothing is staged, UsageError where it was not audited.
    """
    with files.writer(firm):
        _require_staged(firm)
        with connect_staged(firm, fresh=False) as connection:
            _require_audited(connection)
            standing: pl.DataFrame = connection.sql(_query("contract_results")).pl()
    return standing


def _require_audited(connection: duckdb.DuckDBPyConnection) -> None:
    audited = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'quality' and table_name = 'results'"
    ).fetchall()
    if not audited:
        raise UsageError("the staged build was not audited", mend="run `opslayer audit`")


def _seal(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Drop what only the build needed; rows of each core table."""
    doomed = connection.execute(_query("staged_schemas")).fetchall()
    for (schema,) in doomed:
        connection.execute(f"drop schema {quoted(schema)} cascade")
    connection.execute("checkpoint")
    rows = connection.execute(_query("staged_rows")).fetchall()
    return {str(name): int(count) for name, count in rows}


def _query(name: str) -> str:
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def _docs(firm: Firm) -> Path:
    """Where pages of the staged file's contracts are written; publishing gives them its version's name."""
    return firm.var / "docs" / "staged"


def _require_staged(firm: Firm) -> None:
    if not files.staged(firm).exists():
        raise BuildError("nothing is staged", mend="run `opslayer build`")
