"""Kill -9 at random moments of a landing; a disk that fills up; two landings at once."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import duckdb
import psycopg
import pytest
from filelock import FileLock

from opslayer.config import Firm
from opslayer.errors import RefreshInProgress, SourceError
from opslayer.sources import raw_tables
from tests.landing import files_firm, firm_with, land_after_word, landed, visible

KILLS = 15
ROWS = 200_000
WARM = multiprocessing.get_context("forkserver")  # each landing a fork of one process that has the imports
WARM.set_forkserver_preload(["tests.landing"])


def landing(firm: Firm, hours: float, how: str = "new") -> ForkServerProcess:
    """A landing in a process of its own, about to begin."""
    heard, said = WARM.Pipe(duplex=False)
    process = WARM.Process(target=land_after_word, args=(firm.directory, hours, how == "full", said))
    process.start()
    said.close()
    assert heard.recv() == "ready"
    heard.close()
    return process


def kill_after(process: ForkServerProcess, seconds: float) -> bool:
    """Whether it was still running."""
    time.sleep(seconds)
    process.kill()
    process.join()
    code = process.exitcode
    process.close()
    assert code in (0, -signal.SIGKILL)
    return code != 0


def duration(firm: Firm, how: str) -> float:
    """Seconds of a landing that is left to end."""
    process = landing(firm, 0, how)
    started = time.monotonic()
    process.join(timeout=60)
    assert process.exitcode == 0
    process.close()
    return time.monotonic() - started


def whole(firm: Firm) -> int:
    """Rows a reader counts; every file the manifest names is there and can be read to its end."""
    (table,) = raw_tables(firm)
    paths = [str(path) for path in table.files]
    with duckdb.connect() as connection:
        (rows,) = connection.execute(
            "select count(*) from (select hash(t) from read_parquet($paths, union_by_name = true) as t)",
            {"paths": paths},
        ).fetchall()
    assert rows[0] == table.rows
    return int(rows[0])


def export(folder: Path, version: int) -> None:
    """An export of ROWS + version rows, every row naming its version."""
    path = folder / "in" / "invoice.csv"
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select range as id, $version as version, repeat('x', 80) as note from range($rows)) "
            "to $path",
            {"version": version, "rows": ROWS + version, "path": f"{path}.new"},
        )
    Path(f"{path}.new").replace(path)


@pytest.mark.faults
def test_files_killed_at_any_moment_are_wholly_old_or_wholly_new(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    firm = files_firm(tmp_path)
    export(tmp_path, 0)
    took = duration(firm, "full")
    moments = random.Random(7)
    killed, version = 0, 0
    for attempt in range(1, KILLS + 1):
        export(tmp_path, attempt)
        moment = moments.uniform(0, took)
        if kill_after(landing(firm, attempt), moment):
            killed += 1
        else:
            took = moment  # the machine has become faster
        ((seen, fewest, most),) = visible(firm, "count(*), min(version::int), max(version::int)")
        assert fewest == most  # rows of one landing only
        assert most in (version, attempt)
        assert seen == whole(firm) == ROWS + most
        version = most
    assert killed >= KILLS / 2, "the kills came too late to mean anything"
    assert landed(firm, hours=KILLS + 1).rows_total == ROWS + KILLS
    leftovers = [path for path in (firm.var / "raw/ledger/invoice").iterdir() if path.suffix == ".tmp"]
    assert leftovers == []


@pytest.mark.faults
@pytest.mark.postgres
def test_a_database_landing_killed_at_any_moment_neither_loses_nor_doubles(
    postgres_database: str, tmp_path: Path
) -> None:
    tables = {"invoice": {"key": ["id"], "cursor": "changed"}}
    firm = firm_with(tmp_path, f'kind = "sql"\nurl = "{postgres_database}"\n', tables)
    moments = random.Random(11)
    with psycopg.connect(postgres_database.replace("+psycopg", ""), autocommit=True) as books:
        books.execute("create table invoice (id bigint primary key, version int, changed timestamptz)")
        books.execute("create index on invoice (changed)")
        add = "insert into invoice select g, 0, %s::timestamptz from generate_series(%s::int, %s::int) g"
        books.execute(add, ("2026-11-16 05:59+00", 1, ROWS))
        counts = "count(*), count(distinct id), sum(version)"
        states = [books.execute(f"select {counts} from invoice").fetchall()]
        took = {how: duration(firm, how) for how in ("full", "new")}
        killed = seen = 0
        for attempt in range(1, KILLS + 1):
            changed = f"2026-11-16 {6 + attempt:02d}:00+00"
            books.execute(add, (changed, ROWS + attempt * 1000, ROWS + attempt * 1000 + 999))
            books.execute(
                "update invoice set version = %s, changed = %s where id <= 500 * %s",
                (attempt, changed, attempt),
            )
            states.append(books.execute(f"select {counts} from invoice").fetchall())
            how = "full" if attempt % 3 == 0 else "new"
            moment = moments.uniform(0, took[how])
            if kill_after(landing(firm, attempt + 1, how), moment):
                killed += 1
            else:
                took[how] = moment  # the machine has become faster
            whole(firm)
            seen = states.index(visible(firm, counts), seen)  # a state that was, and none older than before
        assert killed >= KILLS / 2, "the kills came too late to mean anything"
        landed(firm, hours=KILLS + 2)
        assert visible(firm, counts) == states[-1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A firm's folder whose var/ is a disk of 8 MB."""
    firm = files_firm(tmp_path)
    firm.var.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(firm.var)]
    done = subprocess.run(mount, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this machine does not let the test mount a small disk: {done.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", str(firm.var)], check=True)


@pytest.mark.faults
@pytest.mark.parametrize("name", ["invoice.csv", "invoice.ndjson", "invoice.parquet"])
def test_a_full_disk_is_named_and_leaves_the_last_landing(small_disk: Path, name: str) -> None:
    firm = files_firm(small_disk)
    path = small_disk / "in" / name
    with duckdb.connect() as connection:
        kind = "json" if name.endswith("json") else path.suffix[1:]
        connection.execute(f"copy (select 1 as id, 'good' as note) to '{path}' (format {kind})")
        landed(firm)
        connection.execute(
            "copy (select range as id, uuid()::varchar as note from range(400_000)) "
            f"to '{path}' (format {kind})"
        )
    with pytest.raises(SourceError, match=r"ledger: invoice: the disk is full(?s:.*)free space"):
        landed(firm, hours=1)
    assert visible(firm, "id::int, note") == [(1, "good")]
    free = os.statvfs(firm.var)
    assert free.f_bavail * free.f_frsize > 6 * 1024**2  # what it had written is gone again


@pytest.mark.faults
def test_two_landings_at_once(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    export(tmp_path, 0)
    firm = files_firm(tmp_path)
    (firm.var / "raw").mkdir(parents=True)
    with (
        FileLock(firm.var / "raw" / ".land.lock"),
        pytest.raises(RefreshInProgress, match="another process"),
    ):
        landed(firm)
    assert landed(firm).rows_total == ROWS
