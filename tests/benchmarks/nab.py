"""The scoring of the Numenta Anomaly Benchmark, exactly as published.

Lavin, Ahmad (2015), *Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark*, and
`nab/sweeper.py`, `nab/runner.py`, `config/profiles.json` of numenta/NAB ea702d7. A detection is worth most
at the start of a labelled window and nothing at its end; only the best in a window counts; each outside
costs, less just after a window. The first 15 % of a file (of 5,000 rows at most) are not scored. The
threshold is the one that scores best over all files, as the benchmark does for every detector. 0 is a
detector that never speaks, 100 one that finds every window at its first row and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

PROFILES = {  # true positive, false negative, false positive
    "standard": (1.0, 1.0, 0.11),
    "reward_low_FP_rate": (1.0, 1.0, 0.22),
    "reward_low_FN_rate": (1.0, 2.0, 0.11),
}
PROBATION = 0.15


@dataclass(frozen=True)
class File:
    """One file: its times and values in the file's order, and its windows as first and last time."""

    name: str
    rows: pl.DataFrame
    windows: list[tuple[str, str]]


def files(folder: Path) -> list[File]:
    """Every file of the folder, with its windows."""
    windows = json.loads((folder / "combined_windows.json").read_text())
    found = []
    for path in sorted((folder / "data").glob("*/*.csv")):
        name = f"{path.parent.name}/{path.name}"
        spans = [(first[:19], last[:19]) for first, last in windows[name]]
        found.append(File(name, pl.read_csv(path, try_parse_dates=True), spans))
    return found


@dataclass(frozen=True)
class Judged:
    """What a detection at each scored row is worth, and which window it is in (-1: none)."""

    worth: NDArray[np.float64]
    window: NDArray[np.int64]
    windows: int
    scored: NDArray[np.bool_]


def judge(file: File) -> Judged:
    """The worth of each row before weights: `Sweeper.calcSweepScore`."""
    times = file.rows["timestamp"].dt.strftime("%Y-%m-%d %H:%M:%S").to_list()
    n = len(times)
    worth, window = np.full(n, -1.0), np.full(n, -1)
    spans = [(times.index(first), times.index(last)) for first, last in file.windows]
    rows = np.arange(n)
    for number, (first, last) in enumerate(spans):
        width = last - first + 1
        inside = (rows >= first) & (rows <= last)
        worth[inside] = _sigmoid(-(last - rows[inside] + 1) / width) / _sigmoid(np.array(-1.0))
        window[inside] = number
        until = spans[number + 1][0] if number + 1 < len(spans) else n
        after = (rows > last) & (rows < until)
        worth[after] = _sigmoid((rows[after] - last) / (width - 1))
    scored = rows >= min(np.floor(PROBATION * n), PROBATION * 5000)
    return Judged(worth, window, len(spans), scored)


def _sigmoid(place: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(place > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(place, 3))) - 1)


def score(
    judged: Iterable[Judged],
    scores: Iterable[NDArray[np.float64]],
    profile: str,
    threshold: float | None = None,
) -> tuple[float, float]:
    """The normalised score over all files, and the threshold: the best one, unless one is given."""
    hit, missed, false = PROFILES[profile]
    found, gain, windows = [], [], 0
    for file, values in zip(judged, scores, strict=True):
        windows += file.windows
        reachable = np.unique(file.window[file.scored & (file.window >= 0)])
        baseline = -missed * len(reachable)
        found.append((file, values))
        gain.append(baseline)
    marks, worths = [], []
    for file, values in found:
        outside = file.scored & (file.window < 0)
        marks.append(values[outside])
        worths.append(file.worth[outside] * false)
        for one in np.unique(file.window[file.scored & (file.window >= 0)]):
            inside = file.scored & (file.window == one)
            order = np.argsort(-values[inside], kind="stable")
            best = np.maximum.accumulate(np.maximum(file.worth[inside][order] * hit, -missed))
            marks.append(values[inside][order])
            worths.append(np.diff(best, prepend=-missed))
    mark, worth = np.concatenate(marks), np.concatenate(worths)
    order = np.argsort(-mark, kind="stable")
    mark, total = mark[order], np.cumsum(worth[order]) + sum(gain)
    ends = np.flatnonzero(np.append(mark[1:] != mark[:-1], True))  # a threshold takes all rows of its score
    totals, levels = np.append(sum(gain), total[ends]), np.append(np.inf, mark[ends])
    silent = -missed * windows
    chosen = int(np.argmax(totals) if threshold is None else np.flatnonzero(levels >= threshold)[-1])
    return 100 * (totals[chosen] - silent) / (windows * hit - silent), float(levels[chosen])
