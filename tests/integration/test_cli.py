"""The command line on a small demo firm: JSON a program reads, exit codes, dry runs that do nothing."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opslayer import actions, cli, warehouse
from opslayer.config import load_firm
from opslayer.store import open_store
from tests.shared import AS_OF, small_firm

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    place = tmp_path_factory.mktemp("cli") / "firm"
    shutil.copytree(small_firm(tmp_path_factory, worker_id), place)
    firm = load_firm(place)
    with warehouse.open_layer(firm) as layer, open_store(firm) as store:
        actions.propose(firm, layer, store, as_of=AS_OF, moment=datetime.now(UTC).replace(microsecond=0))
    return place


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["opslayer", "--firm", str(folder), *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("versions",),
        ("quarantine",),
        ("doctor",),
        ("contracts", "check"),
        ("actions", "list"),
        ("actions", "show", "1"),
        ("actions", "verify"),
        ("rules", "list"),
        ("rules", "check"),
        ("rules", "explain", "overrun_escalation"),
        ("rules", "test", "missing_timesheet"),
        ("land", "--dry-run"),
        ("build", "--dry-run"),
        ("run", "morning", "--dry-run", "--as-of", str(AS_OF)),
    ],
    ids=" ".join,
)
def test_json_is_json_and_nothing_else(run: Run, arguments: tuple[str, ...]) -> None:
    code, out, _ = run(*arguments, "--json")
    assert code == 0
    assert json.loads(out)


def test_status_says_what_is_stopped(run: Run) -> None:
    words = ("--as", "maeve@harrowvale.example", "--reason", "wait")
    assert run("actions", "stop", *words)[0] == 0
    _, out, _ = run("status")
    assert run("actions", "resume", *words)[0] == 0
    assert "stopped    *, by maeve@harrowvale.example: wait" in out


def test_status_says_how_the_firm_stands(run: Run) -> None:
    _, out, _ = run("status", "--json")
    standing = json.loads(out)
    assert standing["snapshot"]["name"] == "2026-11-16.001"
    assert standing["snapshot"]["rows"]["invoice"] > 100
    assert standing["proposals"]["proposed"] > 5
    assert standing["quarantined"] == 7  # three in the books, four sheets with negative hours


def test_doctor_names_every_source_that_is_broken(run: Run, folder: Path, tmp_path: Path) -> None:
    lines = (folder / "firm.toml").read_text().splitlines()
    broken = "\n".join('path = "nowhere"' if line.startswith("path = ") else line for line in lines)
    (tmp_path / "firm.toml").write_text(broken)
    names = [line.split(".")[1].rstrip("]") for line in lines if line.startswith("[sources.")]
    code, out, _ = run("--firm", str(tmp_path), "doctor", "--json")
    missing = [one["subject"] for one in json.loads(out) if "nowhere" in one["detail"]]
    assert (code, missing) == (1, [f"source {name}" for name in names])
    assert len(missing) > 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("run", "mornin"), 2, 'did you mean "morning"'),
        (("rollback", "2026-11-16.002"), 2, 'did you mean "2026-11-16.001"'),
        (("run", "morning", "-p", "seed"), 2, "key=value"),
        (("actions", "show", "999"), 2, "no proposal"),
        (("publish",), 1, "opslayer build"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_an_error_has_its_code_and_its_mend(
    run: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    ended, _, said = run(*arguments)
    assert ended == code
    assert words in " ".join(said.split())


def test_who_may_not_decide_is_held(run: Run, folder: Path) -> None:
    code, _, said = run("actions", "approve", "1", "--as", "ines@harrowvale.example", "--reason", "please")
    assert code == 4
    assert "partner" in said
    with open_store(load_firm(folder)) as store:
        assert actions.show_proposal(store, 1).proposal.state == "proposed"


def test_a_dry_run_does_nothing(run: Run, folder: Path) -> None:
    def files() -> set[Path]:
        return {
            path for path in (folder / "var").rglob("*") if path.suffix in (".parquet", ".duckdb", ".ipynb")
        }

    before = files()
    for arguments in (("land", "--dry-run"), ("build", "--dry-run"), ("run", "morning", "--dry-run")):
        assert run(*arguments)[0] == 0
    assert files() == before
