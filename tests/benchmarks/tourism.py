"""The series of the tourism forecasting competition: Athanasopoulos, Hyndman, Song, Wu (2011)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Series:
    """What was known, what came, and how many steps a season has."""

    name: str
    known: np.ndarray
    came: np.ndarray
    period: int


def load(folder: Path, kind: str) -> list[Series]:
    """`kind` is monthly or quarterly. Row 1 of a file is the length, rows 2 and 3 the start."""
    known, came = _columns(folder / f"{kind}_in.csv"), _columns(folder / f"{kind}_oos.csv")
    period = {"monthly": 12, "quarterly": 4}[kind]
    return [Series(name, values, came[name], period) for name, values in known.items()]


def mase(series: Series, expected: np.ndarray) -> float:
    """Mean absolute scaled error, by the seasonal naive one of what was known: Hyndman, Koehler (2006)."""
    scale = np.abs(series.known[series.period :] - series.known[: -series.period]).mean()
    return float(np.abs(expected - series.came).mean() / scale)


def _columns(path: Path) -> dict[str, np.ndarray]:
    with path.open(encoding="utf-8") as file:
        names, lengths, _, _, *rows = csv.reader(file)
    return {
        name: np.array([float(row[place]) for row in rows[: int(lengths[place])]])
        for place, name in enumerate(names)
    }
