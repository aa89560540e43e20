"""Build: every model into a staged file that no reader opens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from opslayer.config import Firm
from opslayer.contracts import QuarantineCount, load_contracts, split_quarantine
from opslayer.errors import BuildError
from opslayer.sources import RawTable, load_mapping, raw_tables
from opslayer.warehouse import files
from opslayer.warehouse.mapped import create_mapped, create_raw, create_typing, quoted
from opslayer.warehouse.models import LAYERS, Bound, Model, bind, dependencies, load_models
from opslayer.warehouse.outputs import create_outputs

Progress = Callable[[str], None]


@dataclass(frozen=True)
class BuiltModel:
    """One table made: its rows, and the seconds its query took."""

    name: str
    rows: int
    seconds: float


@dataclass(frozen=True)
class Built:
    """What a build left in the staged file."""

    path: Path
    models: tuple[BuiltModel, ...]
    quarantined: tuple[QuarantineCount, ...]


def build(firm: Firm, *, as_of: date, progress: Progress | None = None) -> Built:
    """Build the staged file from what has landed.

    Raises BuildError naming the model, RefreshInProgress where another process writes.
    """
    with files.writer(firm):
        return build_staged(firm, as_of=as_of, progress=progress)


def build_staged(firm: Firm, *, as_of: date, progress: Progress | None = None) -> Built:
    """`build`, for a caller that holds the writer's lock."""
    report = progress or (lambda _: None)
    contracts = load_contracts(firm)
    models = load_models()
    values: dict[str, Bound] = {
        "as_of": as_of,
        "base_currency": firm.base_currency,
        "sources": list(firm.sources),
        "time_zone": firm.firm.time_zone,
        "calling_code": firm.firm.calling_code,
    }
    with connect_staged(firm) as connection:
        landed = check_landed(firm)
        with _at_once(connection):
            create_typing(connection)
            create_raw(connection, landed)
            create_mapped(
                connection,
                {source: load_mapping(firm, settings.mapping) for source, settings in firm.sources.items()},
                {source: {t.table for t in landed if t.source == source} for source in firm.sources},
            )
            for layer in (*LAYERS, "quality"):
                connection.execute(f"create schema if not exists {layer}")
        built = run_models(connection, _of(models, "staging"), values, report)
        quarantined = tuple(split_quarantine(connection, contracts, as_of=as_of))
        report(f"quarantined {sum(count.rows for count in quarantined)} rows")
        built += run_models(connection, _of(models, "core", "marts"), values, report)
        with _at_once(connection):
            create_outputs(connection, firm, contracts, as_of=as_of)
            _record(connection, firm, built, landed)
    return Built(files.staged(firm), tuple(built), quarantined)


def connect_staged(firm: Firm, *, fresh: bool = True) -> duckdb.DuckDBPyConnection:
    """A connection that writes the staged file, in bounded memory; a fresh one drops what was there."""
    path = files.staged(firm)
    path.parent.mkdir(parents=True, exist_ok=True)
    if fresh:
        for leftover in path.parent.glob("staged.duckdb*"):
            leftover.unlink()
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": firm.warehouse.memory_limit,
        "temp_directory": str(path.parent / "spill"),
        "preserve_insertion_order": False,
    }
    if firm.warehouse.threads:
        settings["threads"] = firm.warehouse.threads
    return duckdb.connect(str(path), config=settings)


@contextmanager
def _at_once(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One transaction: DuckDB waits for the disk once, and not at each of many small statements."""
    connection.begin()
    yield
    connection.commit()


def check_landed(firm: Firm) -> list[RawTable]:
    """What has landed. Raises BuildError for a table a source must have and has not."""
    landed = [table for table in raw_tables(firm) if table.source in firm.sources]
    for source, settings in firm.sources.items():
        have = {table.table for table in landed if table.source == source}
        tables = load_mapping(firm, settings.mapping).tables
        needed = {table for table, spec in tables.items() if not spec.optional}
        missing = needed - have - set(settings.optional)
        if missing:
            raise BuildError(
                f"source {source}: {', '.join(sorted(missing))} never landed",
                mend=f"run `opslayer land`, or list it under sources.{source}.optional if the firm has none",
            )
    return landed


def run_models(
    connection: duckdb.DuckDBPyConnection,
    models: Mapping[str, Model],
    values: Mapping[str, Bound],
    report: Progress,
    workers: int = 2,
) -> list[BuiltModel]:
    """Make every table, those that do not read each other side by side; in the order they ended.

    Two at a time keep both cores busy on small models, and large ones within the memory limit.
    """
    order = dependencies(models) if _complete(models) else dependencies({**_given(models), **models})
    done: list[BuiltModel] = []
    running: dict[Future[BuiltModel], str] = {}
    with ThreadPoolExecutor(workers) as pool:
        while order.is_active():
            for name in order.get_ready():
                if name in models:
                    running[pool.submit(_run_model, connection, models[name], values)] = name
                else:
                    order.done(name)
            if not running:
                continue
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                name = running.pop(future)
                try:
                    done.append(future.result())
                except BuildError:
                    pool.shutdown(wait=False, cancel_futures=True)
                    connection.interrupt()
                    raise
                report(f"built {name}: {done[-1].rows:,} rows")
                order.done(name)
    return done


def _run_model(
    connection: duckdb.DuckDBPyConnection, model: Model, values: Mapping[str, Bound]
) -> BuiltModel:
    started = time.perf_counter()
    target = quoted(*model.name.split("."))
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                f"create or replace table {target} as\n{model.sql}", bind(model.values, values, model.name)
            )
            ((rows,),) = cursor.execute(f"select count(*) from {target}").fetchall()
    except duckdb.Error as error:
        full = "No space left" in str(error)
        raise BuildError(
            f"model {model.name} failed: {error}",
            mend="free disk space; the published snapshot still stands" if full else None,
        ) from error
    return BuiltModel(model.name, int(rows), time.perf_counter() - started)


def _of(models: Mapping[str, Model], *layers: str) -> dict[str, Model]:
    return {name: model for name, model in models.items() if model.layer in layers}


def _complete(models: Mapping[str, Model]) -> bool:
    return all(
        read in models or read.partition(".")[0] not in LAYERS for m in models.values() for read in m.reads
    )


def _given(models: Mapping[str, Model]) -> dict[str, Model]:
    """Stand-ins for tables that an earlier step made."""
    reads = {read for model in models.values() for read in model.reads if read.partition(".")[0] in LAYERS}
    return {name: Model(name, "", frozenset(), frozenset()) for name in reads - models.keys()}


def _record(
    connection: duckdb.DuckDBPyConnection, firm: Firm, built: Iterable[BuiltModel], landed: Iterable[RawTable]
) -> None:
    """quality.models, quality.mappings and quality.sources: what was built, by which mapping, from what."""
    connection.execute("create table quality.mappings (source varchar, mapping varchar)")
    connection.executemany(
        "insert into quality.mappings values (?, ?)",
        [(source, settings.mapping) for source, settings in firm.sources.items()],
    )
    connection.execute(
        "create table quality.models (model varchar, layer varchar, rows bigint, seconds double)"
    )
    connection.executemany(
        "insert into quality.models values (?, ?, ?, ?)",
        [(m.name, m.name.partition(".")[0], m.rows, m.seconds) for m in built],
    )
    connection.execute(
        "create table quality.sources "
        "(source varchar, table_name varchar, rows bigint, landed_at timestamptz, load_id varchar)"
    )
    rows = [(t.source, t.table, t.rows, t.landed_at, t.load_id) for t in landed]
    if rows:
        connection.executemany("insert into quality.sources values (?, ?, ?, ?, ?)", rows)
