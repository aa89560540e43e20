"""The warm parent and its kernels: shared, private, current, and never left behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel
from jupyter_core.utils import ensure_event_loop

from opslayer.config import Firm
from opslayer.errors import KernelDied
from opslayer.runner import run_notebook, warm
from opslayer.runner.warm import Held, hold

Write = Callable[..., Path]
AS_OF = date(2026, 11, 16)


def runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


BARE = (
    sys.executable,
    "-P",
    "-c",
    "import opslayer.runner.fork_server as bare; bare.STACK = bare.LAYER = (); bare.main()",
)


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder, so a server, of this test's own, and source that nobody edits meanwhile.

    How a server begins and ends is the same whatever it imports, so these import nothing.
    """
    folder = Path(tempfile.mkdtemp(prefix="ops-"))
    monkeypatch.setattr(warm, "COMMAND", BARE)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setattr(warm, "PACKAGE", folder)
    yield folder / "opslayer"
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def started() -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    """A kernel as JupyterLab starts one: by the name in the kernel specification."""
    manager, client = start_new_kernel(kernel_name="opslayer")
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        ensure_event_loop().close()  # jupyter_client leaves it open


def printed(client: BlockingKernelClient, code: str, timeout: float = 60) -> str:
    said: list[str] = []

    def hear(message: dict[str, dict[str, str]]) -> None:
        said.append(message["content"].get("text", "") or "".join(message["content"].get("traceback", "")))

    client.execute_interactive(code, timeout=timeout, output_hook=hear)
    return "".join(said)


STACK = """
import threading
import duckdb, numpy as np, polars as pl, pyarrow.parquet as pq, statsmodels.api as sm
connection = duckdb.connect()
connection.execute("set threads = 4")
connection.execute("create table t as select range as n, range % 7 as g from range(3_000_000)")
connection.execute("copy t to 'big.parquet'")
groups = "(select g, count(*) as c from t group by g)"
print(connection.execute(f"select sum(n) from t join {groups} using (g)").fetchall())
print(pl.scan_parquet("big.parquet").group_by("g").agg(pl.col("n").sum()).collect(engine="streaming").height)
print(pl.read_parquet("big.parquet").join(pl.DataFrame({"g": [1, 2]}), on="g").height)
print(pq.read_table("big.parquet").num_rows)
x = np.random.default_rng(1).normal(size=(2000, 300))
print(round(float(np.linalg.norm(x.T @ x)) > 0), sm.OLS(x[:, 0], x[:, 1:]).fit().params.shape)
"""


def test_the_stack_works_in_a_forked_kernel(kernels: Held, tmp_path: Path) -> None:
    with started() as (_, client):
        assert printed(client, f"import os; os.chdir({str(tmp_path)!r})\n{STACK}").splitlines() == [
            "[(4499998500000,)]",
            "7",
            "857144",
            "3000000",
            "1 (299,)",
        ]


NEXT = """
import sys
loaded = set(sys.modules)
import great_expectations, mlflow, skops.io
from opslayer import config, contracts
from opslayer.contracts import expectations, odcs
from opslayer.warehouse import models
print(set(sys.modules) == loaded)
read = odcs._read.cache_info().misses, models._links.cache_info().misses
contracts.load_contracts(config.load_firm(".")), models.load_models()
print((odcs._read.cache_info().misses, models._links.cache_info().misses) == read)
"""


def test_what_a_refresh_needs_is_loaded_and_read_before_a_kernel_begins(kernels: Held, books: Firm) -> None:
    with started() as (_, client):
        here = f"import os; os.chdir({str(books.directory)!r})\n"
        assert printed(client, here + NEXT).splitlines() == ["True", "True"]


def test_it_is_interrupted_and_restarted_as_any_kernel(kernels: Held) -> None:
    with started() as (manager, client):
        threading.Timer(0.5, os.killpg, (manager.provisioner.pid, signal.SIGINT)).start()
        assert "KeyboardInterrupt" in printed(client, "import time; x = 1; time.sleep(30)")
        assert printed(client, "print(x)") == "1\n"
        before = printed(client, "import os; print(os.getpid())")
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=30)
        assert printed(client, "import os; print(os.getpid())") != before
        assert "NameError" in printed(client, "x")


def test_sockets_are_private_and_not_on_the_network(kernels: Held, runtime_folder: Path) -> None:
    with started() as (manager, _):
        assert manager.transport == "ipc"
        folder = Path(manager.ip).parent
        assert folder == runtime_folder / "opslayer"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        # the one it listens on is ipykernel's pipe for what forked children print; it takes no commands
        listening = psutil.Process(manager.provisioner.pid).net_connections(kind="inet")
        assert [connection.laddr.ip for connection in listening] == ["127.0.0.1"]


def test_a_folder_that_others_can_write_to_is_refused(apart: Path) -> None:
    apart.mkdir()
    apart.chmod(0o777)
    with pytest.raises(KernelDied, match="not a folder that only you can use"), hold():
        pass


def test_siblings_draw_different_random_numbers(kernels: Held) -> None:
    drawn = set()
    for _ in range(2):
        with started() as (_, client):
            drawn.add(printed(client, "import random, numpy as np; print(random.random(), np.random.rand())"))
    assert len(drawn) == 2
    assert all(numbers.count(".") == 2 for numbers in drawn)


def test_papermill_finds_the_engine_by_name(
    books: Firm, write_notebook: Write, kernels: Held, tmp_path: Path
) -> None:
    source = write_notebook("own/plain", "print('limit', limit)")
    command = [
        sys.executable,
        "-m",
        "papermill",
        "--engine",
        "opslayer",
        "--no-progress-bar",
        "-p",
        "limit",
        "3",
    ]
    done = subprocess.run(
        [*command, str(source), str(tmp_path / "out.ipynb")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    cells = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    assert cells[-1].outputs[0].text == "limit 3\n"


def test_the_parent_has_run_nothing_that_starts_worker_threads(kernels: Held) -> None:
    names = {
        Path(f"/proc/{kernels.pid}/task/{thread.id}/comm").read_text().strip()
        for thread in psutil.Process(kernels.pid).threads()
    }
    # allocators' sleepers, and one of polars that deletes what it spilled to disk: none holds work
    assert {name for name in names if not name.startswith(("python", "jemalloc_bg", "polars-ooc"))} == set()


def test_it_ends_with_its_last_holder(apart: Path) -> None:
    with hold() as first:
        with hold() as second:
            assert first.pid == second.pid
        time.sleep(0.3)
        assert runs(first.pid)
    assert until(lambda: not runs(first.pid))
    assert not first.path.exists()


SHARE = f"""
import sys, opslayer.runner.warm as warm
warm.COMMAND = {BARE!r}
with warm.hold() as held:
    print(held.pid, flush=True)
    sys.stdin.read()
"""


def test_processes_that_start_at_once_share_one(apart: Path) -> None:
    command = [sys.executable, "-c", SHARE]
    pipe = subprocess.PIPE
    started = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(4)]
    pids = {int(process.stdout.readline()) for process in started if process.stdout}
    for process in started:
        process.communicate()
    assert len(pids) == 1
    assert until(lambda: not any(runs(pid) for pid in pids))


def test_a_socket_left_by_a_killed_server_is_replaced(apart: Path) -> None:
    with hold() as first:
        os.kill(first.pid, signal.SIGKILL)
        assert until(lambda: not runs(first.pid))
        assert first.path.exists()
        with hold() as second:
            assert second.pid != first.pid
            assert second.path == first.path


def test_changed_source_is_served_by_a_new_server(
    apart: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = tmp_path / "module.py"
    module.write_text("x = 1")
    monkeypatch.setattr(warm, "PACKAGE", tmp_path)
    with hold() as before:
        module.write_text("x = 22")
        with hold() as after:
            assert after.pid != before.pid
    assert until(lambda: not runs(before.pid) and not runs(after.pid))


def test_a_killed_server_ends_the_run_that_uses_it(
    apart: Path, books: Firm, write_notebook: Write, moment: datetime
) -> None:
    write_notebook("own/slow", "import time; time.sleep(3600)")
    with hold() as server:
        threading.Timer(2, os.kill, (server.pid, signal.SIGKILL)).start()
        started = time.monotonic()
        with pytest.raises(KernelDied, match="cell 3 of 3"):
            run_notebook(
                books,
                "own/slow",
                {},
                as_of=AS_OF,
                moment=moment,
                timeout=60,
                environment=server.environment,
            )
        assert time.monotonic() - started < 10


RUN = f"""
import sys
from datetime import UTC, date, datetime
from opslayer.config import load_firm
from pathlib import Path
from opslayer.runner import run_job, warm
warm.COMMAND = {BARE!r}
run_job(load_firm(Path(sys.argv[1])), "own/slow", as_of=date(2026, 11, 16), moment=datetime.now(UTC))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_job_that_is_ended_leaves_no_process(
    apart: Path, books: Firm, write_notebook: Write, tmp_path: Path, number: signal.Signals
) -> None:
    # the kernel has a child of its own, which must not be left either
    write_notebook(
        "own/slow",
        "import subprocess, os, time\nchild = subprocess.Popen(['sleep', '3600'])\n"
        "open('pids', 'w').write(f'{os.getpid()} {os.getppid()} {child.pid} ')\ntime.sleep(3600)",
    )
    job = subprocess.Popen(
        [sys.executable, "-c", RUN, str(books.directory)], stderr=subprocess.PIPE, start_new_session=True
    )
    pids = tmp_path / "pids"
    assert until(lambda: pids.exists() and pids.read_text().endswith(" "), 60)
    left = [int(pid) for pid in pids.read_text().split()]
    assert all(runs(pid) for pid in left)
    job.send_signal(number)
    job.communicate(timeout=20)
    assert until(lambda: not any(runs(pid) for pid in left)), [pid for pid in left if runs(pid)]


def test_a_server_that_nobody_holds_ends_when_idle(apart: Path) -> None:
    path = warm.runtime_folder() / "idle.sock"
    *python, code = BARE
    idle = code.replace("bare.main()", "bare.IDLE_SECONDS = 1.0; bare.main()")
    subprocess.run(
        [*python, idle, str(path)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert path.exists()
    assert until(lambda: not path.exists(), 10)


def test_the_moment_is_the_callers(books: Firm, write_notebook: Write, kernels: Held) -> None:
    write_notebook("own/ok", "x = 1")
    moment = datetime(2020, 2, 29, 23, 59, tzinfo=UTC)
    record = run_notebook(
        books, "own/ok", {}, as_of=AS_OF, moment=moment, timeout=30, environment=kernels.environment
    )
    assert record.started_at == moment
    assert record.run_id.startswith("20200229T235900-own-ok-")
