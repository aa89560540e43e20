"""Fixtures that every test folder shares."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from opslayer.store import Store

PROJECT = Path(__file__).resolve().parents[1]
MOMENT = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)


LONGEST_FIRST = (
    "faults/test_dispatch_killed",
    "faults/test_refresh_killed",
    "faults/",
    "integration/planted/",
    "browser/",
    "integration/test_dashboards",
    "integration/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take minutes go first, so that no core waits for them at the end."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    within = item.path.relative_to(PROJECT / "tests").as_posix()
    places = (place for place, start in enumerate(LONGEST_FIRST) if within.startswith(start))
    return next(places, len(LONGEST_FIRST))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real public records beside the project; the test skips where it is missing."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real records are not on this machine: {folder} is missing")
    return folder


@pytest.fixture
def moment() -> datetime:
    """A wall-clock moment for records, so that tests repeat."""
    return MOMENT


def _postgres_binaries() -> Path | None:
    """The newest installed PostgreSQL server's programs (Debian keeps them off PATH)."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    candidates = [*places[::-1], *(Path(p) for p in os.environ.get("PATH", "").split(os.pathsep))]
    return next((p for p in candidates if (p / "initdb").exists() and (p / "postgres").exists()), None)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL cluster of this test run's own: its SQLAlchemy URL."""
    with postgres_cluster() as url:
        yield url


@contextmanager
def postgres_cluster() -> Iterator[str]:
    """A PostgreSQL cluster on a Unix socket, removed afterwards."""
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.fail("no PostgreSQL server is installed; `make test` installs Debian's `postgresql`")
    folder = Path(tempfile.mkdtemp(prefix="opslayer-pg-"))
    owner = getpass.getuser()
    identity: dict[str, int] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        owner = "postgres"
        entry = pwd.getpwnam(owner)
        identity = {"user": entry.pw_uid, "group": entry.pw_gid}
        os.chown(folder, entry.pw_uid, entry.pw_gid)

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **identity)

    data = folder / "data"
    control = (str(binaries / "pg_ctl"), "-D", str(data), "-w")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    run(str(binaries / "initdb"), "-D", str(data), "-U", "opslayer", "--auth=trust", "-E", "UTF8")
    run(*control, "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://opslayer@/postgres?host={folder}"
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=ENGINES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An operational store in which nothing happened, on each engine in turn: its SQLAlchemy URL.

    A copy of one whose tables were made once a session.
    """
    fixture = "sqlite_store" if request.param == "sqlite" else "postgres_store"
    address: str = request.getfixturevalue(fixture)
    return address


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """That store, opened."""
    from opslayer.store import open_store

    with open_store(store_url) as opened:
        yield opened


@pytest.fixture(params=ENGINES)
def unmade_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for an operational store, without a table, on each engine in turn: its SQLAlchemy URL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    address: str = request.getfixturevalue("postgres_database")
    return address


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every migration done, to be copied."""
    from opslayer.store import open_store

    path = tmp_path_factory.mktemp("migrated") / "store.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_store(migrated_file: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copyfile(migrated_file, tmp_path / 'store.db')}"


@pytest.fixture(scope="session")
def migrated_database(postgres_url: str) -> Iterator[str]:
    """The name of a PostgreSQL database with every migration done, to be copied."""
    from opslayer.store import open_store

    with fresh_database(postgres_url) as url:
        open_store(url).close()
        yield str(make_url(url).database)


@pytest.fixture
def postgres_store(postgres_url: str, migrated_database: str) -> Iterator[str]:
    with fresh_database(postgres_url, migrated_database) as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """A fresh database in that cluster: its SQLAlchemy URL."""
    with fresh_database(postgres_url) as url:
        yield url


@contextmanager
def fresh_database(cluster: str, template: str = "template1") -> Iterator[str]:
    """A database of its own in a cluster, dropped afterwards."""
    import uuid

    import psycopg

    name = f"test_{uuid.uuid4().hex[:12]}"
    server = cluster.replace("+psycopg", "")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}")
    yield cluster.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")
