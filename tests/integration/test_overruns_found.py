"""The demo firm's planted overruns, found without its answer key."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from opslayer import demo
from opslayer.config import load_firm
from opslayer.intelligence import overrun
from opslayer.warehouse import open_layer, refresh


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_overruns_are_found_with_few_false_alarms(seed: int, tmp_path: Path) -> None:
    """Every one of them; of five that are named, at most one ends within its budget."""
    folder = tmp_path / "firm"
    demo.generate(folder, seed=seed)
    (folder / "answer_key.json").rename(tmp_path / "key.json")
    firm = load_firm(folder)
    refresh(firm, as_of=demo.AS_OF, moment=datetime(2026, 11, 16, 6, tzinfo=UTC))
    with open_layer(firm) as layer:
        forecast = overrun.run(layer, as_of=demo.AS_OF)["project_forecast"]
    answers = json.loads((tmp_path / "key.json").read_text())
    planted = {f"ledger:{answer['project_id']}": answer for answer in answers["projects_over_budget"]}
    ending_over = {f"ledger:{project}" for project in answers["projects_ending_over_budget"]}
    named = overrun.named(forecast)
    assert len(planted) == 8
    assert set(planted) <= set(named["project_id"])
    assert len(set(named["project_id"]) - ending_over) <= len(named) / 5
    assert named["first_visible_on"].null_count() == 0
    # where most of them are really going lies within the interval
    ends = {name: answer["ratio"] for name, answer in planted.items()}
    held = [
        row["lower_95"] <= float(row["budget_hours"]) * ends[row["project_id"]] <= row["upper_95"]
        for row in forecast.filter(pl.col("project_id").is_in(list(planted))).to_dicts()
    ]
    assert sum(held) >= len(held) / 2
