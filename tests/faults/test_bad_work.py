"""Each way time, people and projects can be bad: a finding or quarantine, the rest whole, nothing lost."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from opslayer import metrics
from opslayer.intelligence import overrun, time_week, utilisation
from opslayer.warehouse import open_layer
from tests.faults.conftest import AS_OF, Case
from tests.planted import bare

MONDAY, SUNDAY = "2026-11-09", "2026-11-15"


def refreshed(case: Case) -> None:
    before = case.version()
    outcome = case.refresh()
    assert outcome.code == 0, outcome.said
    assert case.version() != before


def last_week(case: Case) -> pl.DataFrame:
    """Billable entries of last week on running projects, the oldest first: as the source has them."""
    active = case.read("project").filter(status="active")["project_id"]
    return (
        case.read("time_entry")
        .filter(pl.col("worked_on").is_between(pl.lit(MONDAY), pl.lit(SUNDAY)))
        .filter(pl.col("project_id").is_in(active.implode()), is_billable="true")
        .filter(~pl.col("time_entry_id").str.contains("-"))  # what the demo's own dirt added
        .sort("time_entry_id")
    )


def findings(case: Case, kind: str) -> set[str]:
    with open_layer(case.firm) as layer:
        check, _ = time_week.read(layer, as_of=AS_OF)
    return {bare(subject) for subject in check.filter(finding=kind)["subject"]}


ASIDE = """
select coalesce(sum(hours), 0) as hours from (
    select cast(any_value(row_json ->> '$.hours') as decimal(18, 4)) as hours from quality.quarantine
    where table_name = 'staging.time_entry' group by row_json
)
"""


def hours_kept(case: Case) -> tuple[Decimal, Decimal]:
    """Hours in the snapshot, and hours set aside."""
    with open_layer(case.firm) as layer:
        kept, aside = (
            layer.query(text)["hours"][0]
            for text in ("select sum(hours) as hours from core.time_entry", ASIDE)
        )
    return kept, aside


def test_time_on_a_person_who_left(case: Case) -> None:
    person = str(last_week(case)["person_id"][0])
    theirs = case.read("time_entry").filter(person_id=person)
    during = theirs.filter(pl.col("worked_on").is_between(pl.lit(MONDAY), pl.lit(SUNDAY)))["time_entry_id"]
    left = pl.when(pl.col("person_id") == person).then(pl.lit("2026-11-06")).otherwise("left_on")
    kept = hours_kept(case)
    case.write("person", case.read("person").with_columns(left_on=left))
    refreshed(case)
    assert findings(case, "not_employed") == set(during)
    assert hours_kept(case) == kept, "found, not thrown away"
    with open_layer(case.firm) as layer:
        rows = utilisation.run(layer, as_of=AS_OF)["utilisation"].to_dicts()
        capacity = layer.query("select person_id from marts.person_capacity")["person_id"]
    [row] = [row for row in rows if bare(row["person_id"]) == person]
    assert (row["cause"], row["is_named"], row["reasons"]) == ("left", False, "Left on 6 Nov 2026.")
    assert person not in {bare(key) for key in capacity}, "nobody plans with who has left"


def test_time_on_a_person_nobody_knows(case: Case) -> None:
    frame = case.read("time_entry")
    entry = str(last_week(case)["time_entry_id"][0])
    stranger = pl.when(pl.col("time_entry_id") == entry).then(pl.lit("E99999")).otherwise("person_id")
    kept, aside = hours_kept(case)
    case.write("time_entry", frame.with_columns(person_id=stranger))
    refreshed(case)
    assert entry in findings(case, "quarantined")
    hours = Decimal(str(frame.filter(time_entry_id=entry)["hours"][0]))
    assert hours_kept(case) == (kept - hours, aside + hours)


def test_a_project_without_a_budget(case: Case) -> None:
    project = str(last_week(case)["project_id"][0])
    none = pl.when(pl.col("project_id") == project).then(None)
    before = metric(case, "projects_without_budget")
    kept = hours_kept(case)
    case.write(
        "project",
        case.read("project").with_columns(
            budget_hours=none.otherwise("budget_hours"), budget_amount=none.otherwise("budget_amount")
        ),
    )
    refreshed(case)
    assert hours_kept(case) == kept
    assert metric(case, "projects_without_budget") == before + 1
    with open_layer(case.firm) as layer:
        forecast = overrun.run(layer, as_of=AS_OF)["project_forecast"].to_dicts()
        _, week = time_week.read(layer, as_of=AS_OF)
    [row] = [row for row in forecast if bare(row["project_id"]) == project]
    assert row["reasons"] == "It has no budget, so nothing can be said of it."
    assert (row["is_named"], row["eac_hours"]) == (False, None)
    [row] = [row for row in week.to_dicts() if bare(row["project_id"]) == project]
    assert row["hours"] > 0
    assert row["share_of_budget"] is None


def test_negative_hours(case: Case) -> None:
    frame = case.read("time_entry")
    entry = str(last_week(case)["time_entry_id"][0])
    hours = Decimal(str(frame.filter(time_entry_id=entry)["hours"][0]))
    turned = pl.when(pl.col("time_entry_id") == entry).then(pl.lit(f"{-hours}")).otherwise("hours")
    found = findings(case, "negative_hours")
    kept, aside = hours_kept(case)
    case.write("time_entry", frame.with_columns(hours=turned))
    refreshed(case)
    assert findings(case, "negative_hours") == found | {entry}
    assert hours_kept(case) == (kept - hours, aside - hours), "one is set aside, every other is there"
    with open_layer(case.firm) as layer:
        table = utilisation.run(layer, as_of=AS_OF)["utilisation"]
    assert table["billable_hours"].min() >= 0  # type: ignore[operator]


def metric(case: Case, name: str) -> float:
    with open_layer(case.firm) as layer:
        [value] = metrics.measure(layer, [m for m in metrics.load_metrics(case.firm) if m.name == name])
    assert value.value is not None
    return value.value
