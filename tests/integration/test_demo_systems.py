"""The demo firm through its systems: what core holds is the firm in truth, whatever wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from opslayer import demo
from opslayer.config import load_firm
from opslayer.demo.generate import parts
from opslayer.sources import load_mapping
from opslayer.warehouse import build, land
from opslayer.warehouse.layer import QUERIES
from opslayer.warehouse.models import bind, bound_names
from tests.conftest import MOMENT

SEED, SCALE = 4, 0.05
MOMENTS = (
    ("appointment", "starts_at"),
    ("call", "started_at"),
    ("call", "ended_at"),
    ("ticket", "opened_at"),
)
Truth = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("systems") / "firm"
    demo.generate(folder, seed=SEED, scale=SCALE)
    return folder


@pytest.fixture(scope="module")
def answers(folder: Path) -> dict[str, Any]:
    key: dict[str, Any] = json.loads((folder / "answer_key.json").read_text())
    return key


@pytest.fixture(scope="module")
def truth() -> Truth:
    *_, work = parts(SEED, SCALE, demo.AS_OF, {})
    return {name: frame.cast(pl.String) for name, frame in work.items()}


@pytest.fixture(scope="module")
def built(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    firm = load_firm(folder)
    land(firm, as_of=demo.AS_OF, moment=MOMENT)
    with duckdb.connect(str(build(firm, as_of=demo.AS_OF).path), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("person", ["name", "practice", "role", "manager_id", "hired_on", "left_on", "weekly_hours"]),
        ("leave", ["person_id", "starts_on", "ends_on", "kind", "status"]),
        ("skill", ["person_id", "skill", "level"]),
        ("project", ["name", "party_id", "manager_id", "opportunity_id", "budget_hours", "due_on", "status"]),
        ("task", ["project_id", "name", "budget_hours", "completed_on"]),
        ("milestone", ["project_id", "invoice_id", "completed_on", "status"]),
        ("assignment", ["project_id", "person_id", "role", "week_start", "hours"]),
        (
            "opportunity",
            ["name", "party_id", "owner_id", "stage", "created_on", "closed_on", "outcome", "weeks"],
        ),
        ("opportunity_role", ["opportunity_id", "role", "hours"]),
        (
            "appointment",
            ["subject", "party_id", "person_id", "project_id", "opportunity_id", "place", "status"],
        ),
        ("call", ["direction", "party_id", "person_id", "number", "outcome"]),
        (
            "ticket",
            ["number", "party_id", "category", "subcategory", "place", "priority", "opened_by", "caller"],
        ),
    ],
)
def test_core_is_the_firm_in_truth(
    built: duckdb.DuckDBPyConnection, truth: Truth, table: str, columns: list[str]
) -> None:
    """Row by row, by the part of each key after its source."""
    found = built.sql(f"select * from core.{table}").pl()
    plain = [
        (pl.col(c).str.split(":").list.last() if c.endswith("_id") else pl.col(c).cast(pl.String)).alias(c)
        for c in columns
    ]
    found = found.select(pl.col("source_key").alias("key"), *plain).sort("key")
    wanted = truth[table].select(pl.col(f"{table}_id").alias("key"), *columns).sort("key")
    for column in ("weekly_hours", "hours", "budget_hours"):
        if column in columns:
            found, wanted = (
                f.with_columns(pl.col(column).cast(pl.Float64).replace(0, None)) for f in (found, wanted)
            )
    assert [c for c in wanted.columns if found[c].ne_missing(wanted[c]).any()] == []


def test_time_is_that_of_the_truth(
    built: duckdb.DuckDBPyConnection, truth: Truth, answers: dict[str, Any]
) -> None:
    """But for the negative hours, which are set aside."""
    keys = ["person_id", "project_id", "task_id"]
    found = built.sql(
        "select source_key as time_entry_id, person_id, project_id, task_id, worked_on, "
        "hours::double as hours, is_billable from core.time_entry"
    ).pl()
    found = found.with_columns(pl.col(keys).str.split(":").list.last(), pl.col("worked_on").cast(pl.String))
    wanted = truth["time_entry"].filter(~pl.col("time_entry_id").is_in(answers["time_dirt"]["negative"]))
    wanted = wanted.with_columns(pl.col("hours").cast(pl.Float64), pl.col("is_billable") == "true")
    assert found.sort("time_entry_id").equals(wanted.select(found.columns).sort("time_entry_id"))


def test_appointments_and_calls_are_at_their_moment(built: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    """Whatever way they are written; of one that was moved, and of a call on two lines, the last holds."""
    for table, moment in MOMENTS:
        utc = f"strftime({moment} at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ')"
        query = f"select source_key, {utc} from core.{table}"
        found = dict(built.execute(query).fetchall())
        assert found == dict(truth[table].select(f"{table}_id", moment).iter_rows())


def due(built: duckdb.DuckDBPyConnection, query: str, **parameters: int) -> dict[str, str | None]:
    """Appointment or call -> reader of a rule's query, by the part of each key after its source."""
    text = (QUERIES / f"{query}.sql").read_text()
    rows = built.execute(
        f"select subject, recipient_id from ({text})",
        bind(bound_names(text, query), parameters | {"as_of": demo.AS_OF}, query),
    ).fetchall()
    return {
        subject.split(":")[-1].split(" ")[0]: reader and reader.split(":")[-1] for subject, reader in rows
    }


def test_what_is_due_of_them_is_what_is_planted(
    built: duckdb.DuckDBPyConnection, answers: dict[str, Any]
) -> None:
    planted = answers["appointments"]
    assert due(built, "appointments_to_prepare") == planted["prepare"]
    assert due(built, "appointments_to_confirm", within_days=3) == planted["confirm"]
    assert due(built, "appointments_to_follow_up", at_most=4) == planted["follow_up"]
    assert due(built, "calls_to_return", hours=4, at_most=7) == answers["calls_to_return"]
    assert len(planted["prepare"]) >= 2
    assert len(answers["calls_to_return"]) == 4


def test_what_is_deleted_at_its_source_is_not_in_core(
    built: duckdb.DuckDBPyConnection, answers: dict[str, Any]
) -> None:
    dirt = answers["dirt"]
    assert len(dirt["deleted_accounts"]) == 5
    assert len(dirt["deleted_projects"]) == 4
    kept = built.sql("select source_key from core.party union all select source_key from core.project").pl()
    assert not set(kept["source_key"]) & {*dirt["deleted_accounts"], *dirt["deleted_projects"]}
    ((machines,),) = built.execute(
        "select count(*) from core.person where name like 'Integration%'"
    ).fetchall()
    assert machines == 0


def test_nothing_is_set_aside_but_what_is_planted(
    built: duckdb.DuckDBPyConnection, answers: dict[str, Any]
) -> None:
    aside = built.execute("select distinct table_name, source_key from quality.quarantine").fetchall()
    dirt = answers["dirt"]
    assert {key for table, key in aside if table != "staging.time_entry"} == {
        dirt["bad_date"],
        dirt["unknown_currency"],
        dirt["orphan_line"],
    }
    assert {key for table, key in aside if table == "staging.time_entry"} == set(
        answers["time_dirt"]["negative"]
    )


@pytest.mark.real
def test_the_crm_writes_the_connectors_own_columns(folder: Path, real_data: Path) -> None:
    """But for custom fields (_c), and the currency that only firms of several have."""
    for table in load_mapping(load_firm(folder), "salesforce").tables:
        real = pl.read_csv(
            real_data / "connectors" / "salesforce" / f"sf_{table}_data.csv", infer_schema=False
        )
        made = pl.read_csv(folder / "crm" / f"{table}.csv", infer_schema=False)
        own = {c for c in made.columns if not c.endswith("_c")} - {"currency_iso_code"}
        assert own <= set(real.columns), table
