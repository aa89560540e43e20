"""The analyst's place: the layer by names, completed in a real kernel; an exploration that becomes a job."""

from __future__ import annotations

import io
from pathlib import Path

import nbformat
import pytest
import yaml
from jupyter_client.manager import start_new_kernel
from jupyter_core.utils import ensure_event_loop
from nbformat import v4

from opslayer import lab
from opslayer.config import Firm
from opslayer.errors import RunFailed, UsageError
from opslayer.lab.completion import names_for
from opslayer.runner import list_notebooks, load_jobs, own_copy
from opslayer.runner.notebooks import workspace
from tests.reminders import AS_OF, MOMENT, write_firm
from tests.snapshots import version

CASH = """
create schema marts; create schema core;
create table marts.cash_position (
    as_of date, account_id varchar, account_name varchar, balance_base decimal(18, 2));
create table marts.cash_daily (day date, balance_base decimal(18, 2));
create table core.party (party_id varchar);
insert into marts.cash_position values ($as_of, 'a', 'Current', 700.10), ($as_of, 'b', 'Deposit', 300.20);
insert into marts.cash_daily values ($as_of, 1000.30);
"""
MONDAY = "0 7 * * 1"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    firm = write_firm(tmp_path / "firm")
    with version(firm, as_of=AS_OF, moment=MOMENT) as connection:
        for statement in CASH.strip().rstrip(";").split(";"):
            connection.execute(statement, {"as_of": AS_OF} if "$as_of" in statement else None)
    return firm


@pytest.fixture
def reader(firm: Firm) -> lab.Reader:
    return lab.Reader().open(firm.directory)


def exploration(folder: Path, *cells: str, title: str = "# How is cash spread?") -> Path:
    path = folder / "spread.ipynb"
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(title), *map(v4.new_code_cell, cells)])
    for cell in notebook.cells[1:]:
        cell.outputs = [v4.new_output("stream", text="seen")]
    path.write_text(nbformat.writes(notebook))
    return path


def promote(firm: Firm, path: Path, *, dry_run: bool = False) -> lab.Promoted:
    return lab.promote(
        firm, path, name="reports/spread", cron=MONDAY, owner="finance", as_of=AS_OF, moment=MOMENT,
        dry_run=dry_run,
    )  # fmt: skip


def test_tables_columns_and_metrics_are_read_by_name(reader: lab.Reader) -> None:
    assert reader.marts.cash_position["balance_base"].sum() == reader.table("marts.cash_daily")[0, 1]
    assert reader.tables()["table"].to_list() == ["core.party", "marts.cash_daily", "marts.cash_position"]
    assert "balance_base" in reader.columns("marts.cash_position")["column"].to_list()
    assert reader.metric("cash").row(0, named=True)["value"] == 1000.30
    assert reader.metric("cash", by="account")["value"].to_list() == [700.10, 300.20]
    assert {"core", "marts", "metric"} <= set(dir(reader))
    assert dir(reader.marts) == ["cash_daily", "cash_position"]


def test_a_name_that_is_nearly_right_is_corrected(reader: lab.Reader) -> None:
    with pytest.raises(UsageError, match=r"marts\.cash_position") as table:
        reader.table("marts.cash_positions")
    assert 'did you mean "marts.cash_position"?' in (table.value.mend or "")
    with pytest.raises(UsageError, match='did you mean "cash"'):
        reader.metric("cahs")
    with pytest.raises(UsageError, match='did you mean "account"'):
        reader.metric("cash", by="acount")
    with pytest.raises(AttributeError, match="did you mean 'cash_daily'"):
        _ = reader.marts.cash_dayly
    with pytest.raises(AttributeError, match="did you mean 'marts'"):
        _ = reader.mart
    with pytest.raises(UsageError, match="no snapshot as of 1999-01-01"):
        reader.open(as_of="1999-01-01")


def test_nothing_can_be_written(reader: lab.Reader) -> None:
    for written in ("delete from marts.cash_daily", "create table marts.mine as select 1 as one"):
        with pytest.raises(UsageError):
            reader.query(written)
    assert reader.marts.cash_daily.height == 1


def test_names_are_completed_where_one_is_asked_for(reader: lab.Reader) -> None:
    assert names_for(reader, 'x = layer.table("marts.cash_d') == (["marts.cash_daily"], "marts.cash_d")
    assert names_for(reader, "layer.metric('dso")[0] == ["dso"]
    assert "aging" in names_for(reader, 'layer.query("a')[0]
    assert names_for(reader, 'print("marts.cash_d') == ([], "")


def test_a_kernel_completes_them_too(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSLAYER_FIRM", str(firm.directory))
    ensure_event_loop()
    manager, client = start_new_kernel(kernel_name="opslayer")
    try:
        done = client.execute_interactive("from opslayer import layer; layer.as_of", timeout=60)
        assert done["content"]["status"] == "ok"
        for begun, whole in (
            ("layer.table('marts.cash_d", "marts.cash_daily"),
            ("layer.marts.cash_d", "cash_daily"),
        ):
            reply = client.complete(begun, reply=True, timeout=60)["content"]
            assert any(match.endswith(whole) for match in reply["matches"]), (begun, reply)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_an_exploration_runs_once_and_is_scheduled(firm: Firm, tmp_path: Path) -> None:
    path = exploration(tmp_path, "layer.marts.cash_position.select('account_name', 'balance_base')")
    assert not promote(firm, path, dry_run=True).notebook.exists()
    done = promote(firm, path)
    assert done.run is not None
    assert done.run.state == "succeeded"
    assert "700.10" in (done.run.page or Path()).read_text()
    kept = nbformat.read(io.StringIO(done.notebook.read_text()), as_version=4)
    assert [cell.get("outputs", []) for cell in kept.cells] == [[]] * 4
    assert kept.cells[1].metadata.tags == ["parameters"]
    assert list_notebooks(firm)["reports/spread"] == done.notebook
    (job,) = [job for job in load_jobs(firm) if job.name == "spread"]
    assert (job.cron, job.owner, job.description) == (MONDAY, "finance", "How is cash spread?")
    assert yaml.safe_load(done.job.read_text())["steps"][0]["notebook"] == "reports/spread"
    with pytest.raises(UsageError, match="exists already"):
        promote(firm, path)


def test_what_fails_when_it_runs_leaves_nothing(firm: Firm, tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="did you mean 'cash_daily'"):
        promote(firm, exploration(tmp_path, "layer.marts.cash_dayly"))
    assert "reports/spread" not in list_notebooks(firm)
    assert "spread" not in {job.name for job in load_jobs(firm)}


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("!ls", "cell 1: it calls the shell or a magic"),
        ("from datetime import date\ndate.today()", r"cell 1: it asks the clock \(today\)"),
        ("name = input()", "cell 1: it waits for somebody to type"),
        ("for x in", "cell 1: it is not Python"),
    ],
)
def test_what_cannot_run_at_night_is_named_by_its_cell(
    firm: Firm, tmp_path: Path, cell: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        promote(firm, exploration(tmp_path, cell))


def test_a_notebook_without_a_title_is_not_promoted(firm: Firm, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it has no title"):
        promote(firm, exploration(tmp_path, "1 + 1", title="thoughts"))


def test_a_firm_works_on_copies_of_its_own_beside_the_shipped(firm: Firm) -> None:
    own = own_copy(firm, "intelligence/cash")
    own.write_text(own.read_text().replace("cash", "treasure"))
    assert own_copy(firm, "intelligence/cash") == own == list_notebooks(firm)["intelligence/cash"]
    assert "treasure" in (workspace(firm) / "own/intelligence/cash.ipynb").read_text()
    assert "treasure" not in (workspace(firm) / "shipped/intelligence/cash.ipynb").read_text()
    with pytest.raises(UsageError, match="intelligence/cash"):
        own_copy(firm, "intelligence/cahs")
