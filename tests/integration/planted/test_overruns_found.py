"""The demo firm's planted overruns, found without its answer key."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from opslayer import demo
from opslayer.intelligence import overrun
from opslayer.warehouse import open_layer
from tests.planted import Planted, bare


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_overruns_are_found_with_few_false_alarms(
    seed: int, planted: Callable[[int], Planted]
) -> None:
    """Every one of them; of five that are named, at most one ends within its budget."""
    firm, answers = planted(seed).firm, planted(seed).answers
    with open_layer(firm) as layer:
        forecast = overrun.run(layer, as_of=demo.AS_OF)["project_forecast"]
    over = {answer["project_id"]: answer for answer in answers["projects_over_budget"]}
    ending_over = set(answers["projects_ending_over_budget"])
    named = overrun.named(forecast)
    names = {bare(key) for key in named["project_id"]}
    assert len(over) == 8
    assert set(over) <= names
    assert len(names - ending_over) <= len(named) / 5
    assert named["first_visible_on"].null_count() == 0
    # where most of them are really going lies within the interval
    held = [
        row["lower_95"]
        <= float(row["budget_hours"]) * over[bare(row["project_id"])]["ratio"]
        <= row["upper_95"]
        for row in forecast.filter(
            pl.col("project_id").map_elements(bare, pl.String).is_in(list(over))
        ).to_dicts()
    ]
    assert sum(held) >= len(held) / 2
