"""The SiP task log by configuration alone: what landed, and overruns against the naive rule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import streamlit.config
from streamlit.testing.v1 import AppTest

from opslayer import scaffold
from opslayer.config import load_firm
from opslayer.intelligence import overrun
from opslayer.runner import run_job
from opslayer.warehouse import Layer, open_layer, refresh
from tests.pages import DASHBOARDS

AS_OF = date(2014, 12, 31)
MONDAY = date(2014, 12, 1)
pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "projects" / "SiP"


@pytest.fixture(scope="module")
def layer(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layer]:
    place = tmp_path_factory.mktemp("sip") / "firm"
    scaffold.init(place, mapping="sip", data=folder, base_currency="GBP")
    firm = load_firm(place)
    done = refresh(firm, as_of=AS_OF, moment=datetime(2014, 12, 31, 18, tzinfo=UTC))
    assert not done.audit.blocking
    assert not done.built.quarantined
    with open_layer(firm) as layer:
        yield layer


@pytest.fixture(scope="module")
def log(folder: Path) -> pl.DataFrame:
    """The task log as it lies in the file, read without the product."""
    return pl.read_csv(folder / "Sip-task-info.csv", encoding="cp1252", infer_schema=False).with_columns(
        pl.col("HoursEstimate", "DeveloperHoursActual").cast(pl.Decimal(18, 4))
    )


def test_every_row_of_the_log_is_somebodys_hours(layer: Layer, log: pl.DataFrame) -> None:
    counted = layer.query(
        "select count(*) as entries, sum(hours) as hours, count(distinct person_id) as people, "
        "count(distinct task_id) as tasks from core.time_entry"
    ).to_dicts()[0]
    assert counted == {
        "entries": 12_299,
        "hours": log["DeveloperHoursActual"].sum(),
        "people": log["DeveloperID"].n_unique(),
        "tasks": log["TaskNumber"].n_unique(),
    }
    assert layer.query("select count(*) as n from core.task").item() == 10_266


def test_budgets_are_the_estimates_of_tasks_that_were_not_cancelled(layer: Layer, log: pl.DataFrame) -> None:
    estimates = (
        log.filter(~pl.col("StatusCode").is_in(["CANCELLED", "TEMPLATE"]))
        .unique("TaskNumber")
        .group_by(pl.format("ledger:{}:{}", "ProjectCode", "ProjectBreakdownCode").alias("project_id"))
        .agg(pl.col("HoursEstimate").sum())
    )
    budgets = layer.query("select project_id, budget_hours from core.project where budget_hours is not null")
    both = budgets.join(estimates, on="project_id", how="full")
    assert len(both) == 92
    assert (both["budget_hours"] == both["HoursEstimate"]).all()


def test_what_the_publisher_warns_of_is_told(layer: Layer) -> None:
    """Two tasks were completed before they were started."""
    told = layer.query(
        "select rule, rows_failed from quality.results where not passed and table_name like 'core.%'"
    )
    assert told.rows() == [("it is completed no earlier than it starts", 2)]


def test_progress_ends_where_the_state_stands(layer: Layer) -> None:
    state, progress = layer.query("project_state"), layer.query("project_progress")
    last = progress.sort("week_start").group_by("project_id").last()
    both = state.join(last, on="project_id", suffix="_then")
    for column in ("hours_to_date", "earned_hours", "hours_open", "tasks_done"):
        assert (both[column] == both[f"{column}_then"]).all(), column
    assert state["hours_to_date"].sum() == Decimal("95001.9800")


def test_half_way_overruns_are_told_apart_better_than_by_burn_against_time(layer: Layer) -> None:
    measured = overrun.run(layer, as_of=AS_OF)["overrun_backtest"]
    value = {(row["model"], row["metric"]): row["value"] for row in measured.to_dicts()}
    ours, naive = measured["model"].unique(maintain_order=True)
    assert measured["projects"][0] >= 40
    assert value[ours, "auc"] > value[naive, "auc"]
    assert value[ours, "brier"] < value[naive, "brier"]


def test_monday_runs_by_configuration_alone_and_says_what_is_not_known(
    folder: Path, tmp_path: Path, runtime_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody in the log has weekly hours, a target or a price."""
    scaffold.init(tmp_path / "firm", mapping="sip", data=folder, base_currency="GBP")
    firm = load_firm(tmp_path / "firm")
    ran = run_job(firm, "monday", as_of=MONDAY, moment=datetime(2014, 12, 1, 6, 30, tzinfo=UTC))
    assert {step.name: step.state for step in ran.steps if step.state != "succeeded"} == {}
    pages = {step.name: Path(str(step.record.page)).read_text() for step in ran.steps if step.record}
    lacking = "None of 22 people has weekly hours or a target, so nobody can be said to be below target"
    assert lacking in pages["utilisation"]
    assert "no price is known for them" in pages["time_week"]

    monkeypatch.setenv("OPSLAYER_FIRM", str(firm.directory))
    monkeypatch.syspath_prepend(str(DASHBOARDS))
    streamlit.config.set_option("server.address", "127.0.0.1")
    app = AppTest.from_file(DASHBOARDS / "app.py", default_timeout=60).run()
    app.switch_page("views/people.py").run()
    streamlit.config.set_option("server.address", None)
    assert not app.exception
    assert not app.error
    told = "\n".join(str(element.value) for element in app.markdown)
    assert lacking in told
    assert "**1** entry is in question" in told
