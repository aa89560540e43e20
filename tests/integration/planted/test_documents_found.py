"""What speaks against a document of the demo firm is found, and what the books confirm is read, by field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opslayer import demo
from opslayer.intelligence import document
from opslayer.modelops import Models
from opslayer.store import open_store
from opslayer.warehouse import open_layer
from tests.planted import Planted

MOMENT = datetime(2026, 11, 16, 7, tzinfo=UTC)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_document_stands_as_it_was_planted(
    planted: Callable[[int], Planted], seed: int, tmp_path: Path
) -> None:
    case = planted(seed)
    with open_layer(case.firm) as layer, open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        found = document.run(layer, Models(case.firm, store), as_of=demo.AS_OF, moment=MOMENT)["document"]
    by_name = {row["name"]: row for row in found.to_dicts()}
    for answer in case.answers["documents"]:
        row, says = by_name.pop(answer["file"]), answer.get("says", {})
        assert row["exception"] == answer.get("exception"), answer["file"]
        if says and "layout" not in answer:
            assert row["class"] == says["class"]
        if answer.get("standing") == "read":  # the books confirm it
            assert (row["company"], row["number"]) == (says["company"], says["number"])
            assert f"{row['total']:,.2f}" == says["total"]
            assert f"{row['issued_on']:%d/%m/%Y}" == says["date"]
    assert list(by_name) == ["scope.pdf"]  # attached to a mail, and broken off
