"""Scopes of a demo firm's inquiries: ranges hold what they say, the projects are the firm's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import docx
import polars as pl
import pytest

from opslayer import demo
from opslayer.config import load_firm
from opslayer.intelligence import inquiry, scope
from opslayer.warehouse import open_layer, save_outputs
from tests.planted import Planted

MOMENT = datetime(2026, 11, 16, 7, tzinfo=UTC)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_scopes_of_the_weekends_inquiries(
    seed: int, planted: Callable[[int], Planted], tmp_path: Path
) -> None:
    copytree(planted(seed).firm.directory, tmp_path / "firm", symlinks=True)
    firm = load_firm(tmp_path / "firm")
    with open_layer(firm) as layer:
        read = inquiry.run(layer, as_of=demo.AS_OF, zone=firm.zone)
    save_outputs(firm, read, as_of=demo.AS_OF, moment=MOMENT)
    with open_layer(firm) as layer:
        made = scope.run(layer, as_of=demo.AS_OF)
        ended = layer.query("projects_ended")
        facts = layer.query("inquiry_fact")
    save_outputs(firm, made, as_of=demo.AS_OF, moment=MOMENT)  # its contracts hold

    qualified = inquiry.inquiries(read["inquiry"]).filter("qualifies")
    assert set(made["scope"]["message_id"]) == set(qualified["message_id"])
    similar = made["scope_similar"].join(made["scope"], on="message_id", suffix="_asked")
    practices = similar.join(ended, on="project_id", suffix="_ended")
    assert len(practices) == len(similar)  # each is a project of the firm that has ended
    assert (practices["practice"] == practices["practice_ended"]).all()
    assert (similar["ended_on"] < demo.AS_OF).all()
    spent = made["scope"].filter(pl.col("budget_base").is_not_null(), pl.col("basis") == "budget")
    away = (spent["price_base"].cast(pl.Float64) / spent["budget_base"].cast(pl.Float64) - 1).abs()
    assert away.max() < 0.35  # type: ignore[operator]  # a size taken from a budget comes near it

    measured = {(row["model"], row["metric"]): row["value"] for row in made["scope_backtest"].to_dicts()}
    assert 0.68 <= measured["similar projects", "coverage_80"] <= 0.92  # 150 projects: three standard errors

    written = scope.write_documents(tmp_path / "scopes", made, facts, currency=firm.base_currency)
    assert len(written.files) == 2 * len(qualified)
    for path in written.files:
        text = (
            "\n".join(p.text for p in docx.Document(str(path)).paragraphs)
            if path.suffix == ".docx"
            else path.read_text()
        )
        assert "Nothing of it was sent" in text
        assert "script" not in text.casefold()
