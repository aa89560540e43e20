"""Demo firms of several seeds, refreshed once a run, with their answer keys held back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

from opslayer import demo
from opslayer.config import load_firm
from opslayer.warehouse import refresh
from tests.planted import Planted


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[int], Planted]:
    """The firm of a seed. The first worker that asks for it makes it, the others wait and then share it."""
    folder = tmp_path_factory.getbasetemp()
    shared = (
        folder if worker_id == "master" else folder.parent
    )  # pytest-xdist, "How-to: fixtures of a session"

    @cache
    def of_seed(seed: int) -> Planted:
        place = shared / f"planted-{seed}"
        with FileLock(f"{place}.lock"):
            if not (place / "finished").exists():
                _make(place, seed)
        answers = json.loads((place / "answer_key.json").read_text())
        return Planted(load_firm(place / "firm"), answers)

    return of_seed


def _make(place: Path, seed: int) -> None:
    demo.generate(place / "firm", seed=seed)
    (place / "firm" / "answer_key.json").rename(place / "answer_key.json")
    refresh(load_firm(place / "firm"), as_of=demo.AS_OF, moment=datetime(2026, 11, 16, 6, tzinfo=UTC))
    (place / "finished").touch()
