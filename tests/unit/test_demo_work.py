"""The demo firm's work: keys that meet, hours that are those billed, and plants that are in the data."""

from __future__ import annotations

import json
from datetime import date, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from opslayer import demo
from opslayer.demo import facts
from opslayer.demo.generate import parts

AS_OF = demo.AS_OF
Books = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("work") / "firm"
    demo.generate(folder, scale=0.5)
    return folder


@pytest.fixture(scope="module")
def books(answers: dict[str, Any]) -> Books:
    """The firm in truth, before each system writes what it has of it."""
    made: dict[str, list[pl.DataFrame]] = {}
    for part in parts(answers["seed"], answers["scale"], AS_OF, {}):
        for name, frame in part.items():
            made.setdefault(name, []).append(frame)
    return {name: pl.concat(frames).cast(pl.String) for name, frames in made.items()}


@pytest.fixture(scope="module")
def answers(folder: Path) -> dict[str, Any]:
    key: dict[str, Any] = json.loads((folder / "answer_key.json").read_text())
    return key


@pytest.fixture(scope="module")
def dirt(answers: dict[str, Any]) -> list[str]:
    return [i for name, ids in answers["time_dirt"].items() if isinstance(ids, list) for i in ids]


@pytest.fixture(scope="module")
def time(books: Books, dirt: list[str]) -> pl.DataFrame:
    """Entries without the planted dirt, typed."""
    typed = books["time_entry"].with_columns(
        pl.col("hours").cast(pl.Float64), pl.col("worked_on").str.to_date()
    )
    return typed.filter(~pl.col("time_entry_id").is_in(dirt))


@pytest.mark.parametrize(
    ("table", "column", "target"),
    [
        ("project", "party_id", "party"),
        ("project", "manager_id", "person"),
        ("project", "opportunity_id", "opportunity"),
        ("task", "project_id", "project"),
        ("milestone", "project_id", "project"),
        ("milestone", "invoice_id", "invoice"),
        ("time_entry", "person_id", "person"),
        ("time_entry", "project_id", "project"),
        ("time_entry", "task_id", "task"),
        ("assignment", "person_id", "person"),
        ("assignment", "project_id", "project"),
        ("opportunity", "party_id", "party"),
        ("opportunity", "owner_id", "person"),
        ("opportunity_stage", "opportunity_id", "opportunity"),
        ("opportunity_role", "opportunity_id", "opportunity"),
        ("leave", "person_id", "person"),
        ("skill", "person_id", "person"),
        ("person", "manager_id", "person"),
    ],
)
def test_keys_meet(books: Books, table: str, column: str, target: str) -> None:
    keys = books[table][column].drop_nulls()
    assert len(keys) > 0
    assert set(keys) <= set(books[target][f"{target}_id"])


@pytest.mark.parametrize(
    "table",
    ["project", "task", "milestone", "time_entry", "assignment", "person", "skill", "leave", "holiday",
     "opportunity", "opportunity_stage", "opportunity_role"],
)  # fmt: skip
def test_a_key_is_one_row(books: Books, table: str) -> None:
    assert books[table][f"{table}_id"].is_unique().all()


def test_size(books: Books) -> None:
    """Half the firm: 210 people on the last day, half a million entries."""
    assert books["person"]["left_on"].is_null().sum() == 210
    assert 400_000 < len(books["time_entry"]) < 650_000


def test_billed_hours_were_worked(books: Books, time: pl.DataFrame, answers: dict[str, Any]) -> None:
    """Invoiced hours of a month and practice are the time entered on that practice's projects, but for the
    sheets that are missing and the planted invoices."""
    practice = books["project"].select(project_id="project_id", practice="practice")
    worked = (
        time.filter(is_billable="true")
        .join(practice, on="project_id")
        .group_by(pl.col("worked_on").dt.strftime("%Y-%m").alias("month"), "practice")
        .agg(pl.col("hours").sum())
    )
    month = books["invoice"].unique("invoice_id").select("invoice_id", pl.col("issued_on").str.slice(0, 7))
    billed = (
        books["invoice_line"]
        .filter(~pl.col("invoice_line_id").str.contains("^LX|DIRT"))
        .join(month, on="invoice_id")
        .group_by(pl.col("issued_on").alias("month"), pl.col("item").alias("practice"))
        .agg(pl.col("quantity").cast(pl.Float64).sum())
    )
    both = billed.join(worked, on=["month", "practice"]).filter(pl.col("month") < "2026-11")
    assert len(both) == 35 * 5
    assert (both["quantity"] - both["hours"]).abs().max() == pytest.approx(0, abs=0.01)


def test_nobody_works_while_away(books: Books, time: pl.DataFrame) -> None:
    leave = (
        books["leave"]
        .filter(status="approved")
        .select(
            "person_id",
            day=pl.date_ranges(pl.col("starts_on").str.to_date(), pl.col("ends_on").str.to_date()),
        )
        .explode("day")
        .unique()
    )
    assert len(time.join(leave, left_on=["person_id", "worked_on"], right_on=["person_id", "day"])) == 0
    assert time.group_by("person_id", "worked_on").agg(pl.col("hours").sum())["hours"].max() < 16  # type: ignore[operator]


def test_planted_projects_will_need_what_the_key_says(
    books: Books, time: pl.DataFrame, answers: dict[str, Any]
) -> None:
    planted = answers["projects_over_budget"]
    assert len(planted) == 8
    spent = time.group_by("project_id").agg(pl.col("hours").sum())
    done = books["task"].filter(status="done").with_columns(pl.col("budget_hours").cast(pl.Float64))
    for project in planted:
        mine = {"project_id": project["project_id"]}
        (row,) = books["project"].filter(project_id=project["project_id"]).iter_rows(named=True)
        assert row["status"] == "active"
        assert float(row["budget_hours"]) == pytest.approx(project["budget_hours"], abs=0.01)
        assert project["ratio"] > 1.1
        used = spent.filter(**mine)["hours"].item()
        assert used < project["hours_when_done"]
        assert used > done.filter(**mine)["budget_hours"].sum()  # what is done has cost more than its budget


def test_planted_people_are_under_target(books: Books, time: pl.DataFrame, answers: dict[str, Any]) -> None:
    """Share of the hours entered in the last 13 weeks that is billable, beside each one's target."""
    recent = time.filter(pl.col("worked_on") >= AS_OF - timedelta(weeks=13))
    share = recent.group_by("person_id").agg(
        billable=pl.col("hours").filter(pl.col("is_billable") == "true").sum() / pl.col("hours").sum()
    )
    target = books["person"].select("person_id", pl.col("utilisation_target").cast(pl.Float64))
    gap = dict(
        share.join(target, left_on="person_id", right_on="person_id")
        .select("person_id", pl.col("billable") - pl.col("utilisation_target"))
        .iter_rows()
    )
    people = answers["people"]
    assert len(people["bench"]) + len(people["non_billable"]) == 10
    assert all(gap[person] < -0.2 for person in people["bench"] + people["non_billable"])
    assert all(gap[person] > -0.15 for person in people["leave"] + people["noise"])


def test_clients_who_stopped(books: Books, time: pl.DataFrame, answers: dict[str, Any]) -> None:
    since = AS_OF - timedelta(days=90)
    assert len(answers["clients_who_stopped"]) == 8
    project = books["project"].select(project_id="project_id", party="party_id")
    last_time = dict(
        time.join(project, on="project_id").group_by("party").agg(pl.col("worked_on").max()).iter_rows()
    )
    for client in answers["clients_who_stopped"]:
        issued = books["invoice"].filter(party_id=client)["issued_on"]
        assert len(issued) > 20
        assert issued.max() < str(since)  # type: ignore[operator]
        assert last_time[client] < since
        asked = books["opportunity"].filter(party_id=client)["created_on"]
        assert asked.max() < str(since)  # type: ignore[operator]


def test_dirt_of_last_week(books: Books, answers: dict[str, Any]) -> None:
    planted = answers["time_dirt"]
    week = date.fromisoformat(planted["week_start"])
    entry = books["time_entry"]
    last = entry.filter(
        pl.col("worked_on").is_between(pl.lit(str(week)), pl.lit(str(week + timedelta(days=6))))
    )
    assert len(planted["missing_sheets"]) == 6
    assert not set(planted["missing_sheets"]) & set(last["person_id"])
    for name in ("duplicate", "over_24_hours", "closed_project", "no_project", "negative"):
        assert len(last.filter(pl.col("time_entry_id").is_in(planted[name]))) == 4, name
    total = last.group_by("person_id", "worked_on").agg(pl.col("hours").cast(pl.Float64).sum())
    assert len(total.filter(pl.col("hours") > 24)) == 4


def test_budgets_are_fitted_to_the_public_tasks(books: Books, time: pl.DataFrame) -> None:
    """As in SiP, within a fifth: a project's own growth moves all of its tasks."""
    used = time.drop_nulls("task_id").group_by("task_id").agg(pl.col("hours").sum())
    finished = books["project"].filter(status="completed").select(project_id="project_id")
    task = books["task"].join(finished, on="project_id").join(used, left_on="task_id", right_on="task_id")
    ratio = task.filter(pl.col("budget_hours").cast(pl.Float64) > 10).select(
        pl.col("hours") / pl.col("budget_hours").cast(pl.Float64)
    )["hours"]
    for share, expected in facts.TASK_RATIO[2:6]:
        assert ratio.quantile(share) == pytest.approx(expected, rel=0.2), share


def test_mailbox(folder: Path, answers: dict[str, Any]) -> None:
    files = sorted((folder / "mailbox" / "new").iterdir())
    assert [path.name for path in files] == [answer["file"] for answer in answers["mailbox"]]
    mails = [message_from_bytes(path.read_bytes()) for path in files]
    assert len(mails) == 26
    assert sum(mail.is_multipart() for mail in mails) == 1
    assert sum(mail.get_content_type() == "text/html" for mail in mails) == 1
    assert {a["verdict"] for a in answers["mailbox"]} == {"inquiry", "noise", "unclear"}


def test_deals_arrive_on_the_weekdays_of_the_facts(books: Books) -> None:
    created = books["opportunity"]["created_on"].str.to_date().dt.weekday()
    for weekday, share in enumerate(facts.ARRIVALS, start=1):
        assert (created == weekday).mean() == pytest.approx(share, abs=0.02)


@pytest.mark.real
def test_task_facts_are_those_of_the_public_tasks(real_data: Path) -> None:
    path = real_data / "projects" / "SiP" / "Sip-task-info.csv"
    rows = pl.read_csv(path, encoding="cp1252", infer_schema_length=None)
    task = rows.unique("TaskNumber").filter(pl.col("HoursEstimate") > 0, pl.col("HoursActual") > 0)
    ratio = task["HoursActual"] / task["HoursEstimate"]
    assert len(task) == 10_266
    for share, expected in facts.TASK_RATIO:
        assert ratio.quantile(share, "linear") == pytest.approx(expected, abs=0.005)
