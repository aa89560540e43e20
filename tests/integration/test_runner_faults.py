"""Every way a run can end: with its cell and its cause, within seconds, and with its output kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest

from opslayer.config import Firm
from opslayer.errors import KernelDied, RunFailed, RunTimedOut, UsageError
from opslayer.runner import RunRecord, run_notebook
from opslayer.runner.warm import Held

AS_OF = date(2026, 11, 16)
Write = Callable[..., Path]
Run = Callable[..., RunRecord]


@pytest.fixture
def run(books: Firm, kernels: Held, moment: datetime) -> Run:
    def run(name: str, *, timeout: float = 30, **parameters: Any) -> RunRecord:
        return run_notebook(
            books,
            name,
            parameters,
            as_of=AS_OF,
            moment=moment,
            timeout=timeout,
            environment=kernels.environment,
        )

    return run


def kept(firm: Firm) -> dict[str, Any]:
    (path,) = (firm.var / "runs").glob("*/run.json")
    return dict(json.loads(path.read_text()))


def statuses(record: dict[str, Any]) -> list[str]:
    notebook = nbformat.read(record["executed"], as_version=4)
    return [cell.metadata.papermill.status for cell in notebook.cells]


def test_a_run_leaves_notebook_page_and_record(books: Firm, write_notebook: Write, run: Run) -> None:
    write_notebook(
        "own/ok",
        "import os\nprint(as_of, limit, os.path.samefile(firm, os.getcwd()), os.environ['OPSLAYER_FIRM'])",
        "import plotly.express as px\npx.bar(x=['a'], y=[2])",
    )
    record = run("own/ok", limit="25")
    assert (record.state, record.exit_code, record.cell, record.cause) == ("succeeded", 0, None, None)
    assert record.model_dump(mode="json") == kept(books)
    notebook = nbformat.read(record.executed, as_version=4)
    assert len(notebook.cells) == record.cells == 4
    assert notebook.cells[2].outputs[0].text == f"2026-11-16 25 True {books.directory}\n"
    assert set(notebook.cells[3].outputs[0].data) == {"application/vnd.plotly.v1+json"}
    assert record.page is not None
    page = record.page.read_text()
    assert "2026-11-16 25 True" in page
    assert "os.path.samefile" not in page, "the reader of a page sees no code"
    assert "Plotly.newPlot" in page
    assert not [
        line for line in page.splitlines() if '<script src="http' in line or '<link href="http' in line
    ]
    assert sorted(p.name for p in record.folder.iterdir()) == ["ok.html", "ok.ipynb", "run.json"]
    assert record.finished_at is not None
    assert record.finished_at > record.started_at


@pytest.mark.parametrize(
    ("cell", "kind", "code", "told"),
    [
        ("1 / 0", RunFailed, 1, "ZeroDivisionError: division by zero"),
        ("x = = 1", RunFailed, 1, "SyntaxError: invalid syntax"),
        (
            "from opslayer.errors import ContractBroken\nraise ContractBroken('aging is red')",
            RunFailed,
            3,
            "ContractBroken: aging is red",
        ),
        ("import sys; sys.exit(0)", RunFailed, 1, "the cell ended the program (exit 0)"),
        ("import sys; sys.exit(4)", RunFailed, 1, "the cell ended the program (exit 4)"),
        ("import os; os._exit(0)", KernelDied, 1, "the kernel ended by itself with exit code 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", KernelDied, 1, "killed by SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", KernelDied, 1, "killed by SIGSEGV"),
        ("while True: print('x' * 1000)", RunFailed, 1, "it printed more than 5,000,000 characters"),
    ],
)
def test_a_failure_names_cell_source_and_cause(
    books: Firm, write_notebook: Write, run: Run, cell: str, kind: type[RunFailed], code: int, told: str
) -> None:
    write_notebook("own/broken", "before = 1", cell, "after = 1")
    started = time.monotonic()
    with pytest.raises(RunFailed) as raised:
        run("own/broken")
    assert time.monotonic() - started < 10
    assert type(raised.value) is kind
    assert raised.value.exit_code == code
    for text in ("own/broken did not complete: cell 4 of 5", f"| {cell.splitlines()[0]}", told):
        assert text in str(raised.value)
    record = kept(books)
    assert (record["state"], record["cell"], record["exit_code"]) == ("failed", 4, code)
    assert statuses(record) == ["completed", "completed", "completed", "failed", "pending"]
    assert "This run did not complete." in Path(record["page"]).read_text()


@pytest.mark.parametrize(
    "cell",
    [
        "import time; time.sleep(3600)",
        "while True: pass",
        "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')",  # deep in C, holding the interpreter's lock
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(3600)",
    ],
)
def test_a_run_ends_at_its_timeout(books: Firm, write_notebook: Write, run: Run, cell: str) -> None:
    write_notebook("own/slow", cell, "after = 1")
    started = time.monotonic()
    with pytest.raises(RunTimedOut, match=r"cell 3 of 4(.|\n)*ran longer than its 2 seconds"):
        run("own/slow", timeout=2)
    assert time.monotonic() - started < 10
    assert statuses(kept(books)) == ["completed", "completed", "failed", "pending"]


def test_the_timeout_is_for_the_run_not_for_each_cell(write_notebook: Write, run: Run) -> None:
    write_notebook("own/many", *["import time; time.sleep(0.8)"] * 5)
    with pytest.raises(RunTimedOut, match=r"cell [45] of 7"):
        run("own/many", timeout=2)


def test_an_unknown_parameter_stops_the_run_before_it_starts(
    books: Firm, write_notebook: Write, run: Run
) -> None:
    write_notebook("own/ok", "x = 1")
    with pytest.raises(UsageError, match='did you mean "limit"'):
        run("own/ok", limti=5)
    assert not (books.var / "runs").exists()


@pytest.mark.parametrize(
    "cell",
    [
        "print(os.environ['LEDGER_URL'])",
        "os.environ['LEDGER_URL']",
        "raise ValueError(os.environ['LEDGER_URL'])",
        "import subprocess\nprint(subprocess.run(['env'], capture_output=True, text=True).stdout)",
        "import IPython.display\nIPython.display.HTML('<i>' + os.environ['LEDGER_URL'] + '</i>')",
    ],
)
def test_a_secret_is_taken_out_and_the_run_fails(
    books: Firm, write_notebook: Write, run: Run, monkeypatch: pytest.MonkeyPatch, cell: str
) -> None:
    monkeypatch.setenv("LEDGER_URL", "postgresql://reader:correct-horse@db/ledger")
    write_notebook("own/leak", f"import os\n{cell}")
    with pytest.raises(RunFailed, match=r"SecretExposed: the value of env:LEDGER_URL"):
        run("own/leak")
    record = kept(books)
    for path in Path(record["folder"]).iterdir():
        assert "correct-horse" not in path.read_text(), path.name
    assert "[env:LEDGER_URL]" in Path(record["executed"]).read_text()
