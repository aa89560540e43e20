"""The demo firm's people under target and last week's dirt, found without the answer key."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from opslayer import demo
from opslayer.intelligence import time_week, utilisation
from opslayer.warehouse import open_layer
from tests.planted import Planted, bare

SEEDS = [1, 2, 3]


@pytest.mark.parametrize("seed", SEEDS)
def test_planted_people_are_named_with_their_cause(seed: int, planted: Callable[[int], Planted]) -> None:
    """Every one of them; of five that are named at most one is not, and none who is only away or uneven."""
    firm, answers = planted(seed).firm, planted(seed).answers
    with open_layer(firm) as layer:
        table = utilisation.run(layer, as_of=demo.AS_OF)["utilisation"]
    rows = {bare(row["person_id"]): row for row in table.to_dicts()}
    named = {bare(key) for key in utilisation.named(table)["person_id"]}
    planted_causes = {
        person: cause for cause in ("bench", "non_billable") for person in answers["people"][cause]
    }
    assert len(planted_causes) == 10
    assert set(planted_causes) <= named
    assert {person: rows[person]["cause"] for person in planted_causes} == planted_causes
    assert len(named - set(planted_causes)) <= len(named) / 5
    innocent = set(answers["people"]["leave"]) | set(answers["people"]["noise"])
    assert not innocent & named
    assert not set(answers["time_dirt"]["missing_sheets"]) & named
    for person in planted_causes:
        row = rows[person]
        assert row["lower_95"] <= row["utilisation"] <= row["upper_95"] < row["target"]
        assert row["began_on"] < row["first_visible_on"] < demo.AS_OF
        assert row["money_short_base"] > 0
        assert row["mend"]


@pytest.mark.parametrize("seed", SEEDS)
def test_planted_dirt_in_last_weeks_time_is_found_and_nothing_else(
    seed: int, planted: Callable[[int], Planted]
) -> None:
    """Each kind whole; of what is found at most one in fifty was not planted."""
    firm, answers = planted(seed).firm, planted(seed).answers
    with open_layer(firm) as layer:
        check, week = time_week.read(layer, as_of=demo.AS_OF)
        people = layer.query("select time_entry_id, person_id, worked_on from core.time_entry")
    found = {
        kind: {bare(subject) for subject in check.filter(finding=kind)["subject"]}
        for kind in check["finding"].unique()
    }
    dirt = answers["time_dirt"]
    entries = people.filter(pl.col("time_entry_id").str.split(":").list.last().is_in(dirt["over_24_hours"]))
    expected = {
        "missing_sheet": {f"{person} {dirt['week_start']}" for person in dirt["missing_sheets"]},
        # a finding is of the day; the entry that makes it too long is within it
        "over_24_hours": {
            f"{bare(person)} {day}" for person, day in entries.select("person_id", "worked_on").iter_rows()
        },
        "duplicate": set(dirt["duplicate"]),
        "closed_project": set(dirt["closed_project"]),
        "no_project": set(dirt["no_project"]),
        "negative_hours": set(dirt["negative"]),
    }
    assert sum(len(subjects) for subjects in expected.values()) == 26
    for kind, subjects in expected.items():
        assert subjects <= found[kind], kind
    planted_findings = sum(len(subjects) for subjects in expected.values())
    assert len(check) - planted_findings <= len(check) / 50
    assert check["stake_base"].null_count() == 0
    assert str(week["week_start"][0]) == dirt["week_start"]
