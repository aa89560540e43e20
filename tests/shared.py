"""What takes long to make and is only looked at: made by the first worker that asks, shared by all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from filelock import FileLock

from opslayer import demo
from opslayer.config import load_firm
from opslayer.warehouse import refresh

AS_OF = date(2026, 11, 16)
MOMENT = datetime(2026, 11, 16, 6, tzinfo=UTC)


def once(temporary: pytest.TempPathFactory, worker: str, name: str, make: Callable[[Path], object]) -> Path:
    """The folder `name` of this run, filled by `make` if nobody has filled it yet; not to be changed."""
    own = temporary.getbasetemp()
    place = (own if worker == "master" else own.parent) / name  # pytest-xdist, "How-to: session fixtures"
    with FileLock(f"{place}.lock"):
        if not (place / "finished").exists():
            make(place / "made")
            (place / "finished").touch()
    return place / "made"


def whole_firm(temporary: pytest.TempPathFactory, worker: str) -> Path:
    """The demo firm as it is written, at its full size: nothing is landed."""
    return once(temporary, worker, "whole", demo.generate)


def small_firm(temporary: pytest.TempPathFactory, worker: str) -> Path:
    """A demo firm at a fiftieth of its size, refreshed once; its answer key lies in it."""
    return once(temporary, worker, "small", _make_small)


def _make_small(folder: Path) -> None:
    demo.generate(folder, seed=5, scale=0.02, as_of=AS_OF)
    refresh(load_firm(folder), as_of=AS_OF, moment=MOMENT)
