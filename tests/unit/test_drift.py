"""Columns that moved are found, and those that did not are left alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from opslayer.errors import UsageError
from opslayer.modelops.drift import find_drift, stability_index


def part(chance: np.random.Generator, rows: int, *, moved: float = 0.0) -> pl.DataFrame:
    return pl.DataFrame(
        {f"n{number}": chance.normal(0, 1, rows) for number in range(8)}
        | {
            "shifted": chance.normal(moved, 1, rows),
            "kind": chance.choice(["a", "b", "c"], rows, p=[0.6 - moved / 3, 0.3 + moved / 3, 0.1]),
            "rare": chance.choice([f"k{level}" for level in range(40)], rows),
        }
    )


@pytest.mark.parametrize(("rows", "test"), [(300, "KS"), (4000, "PSI")])
def test_what_moved_is_found_by_the_test_that_suits_its_size(rows: int, test: str) -> None:
    chance = np.random.default_rng(2)
    found = find_drift(part(chance, rows), part(chance, rows, moved=1.0))
    assert set(found.filter("is_drifted")["column"]) == {"shifted", "kind"}
    by_column = {row["column"]: row for row in found.iter_rows(named=True)}
    assert (by_column["shifted"]["test"], by_column["kind"]["test"]) == (test, "chi-square")
    assert by_column["kind"]["reasons"].startswith("kind has moved: ")


@pytest.mark.parametrize("rows", [200, 3000])
def test_what_did_not_move_is_left_alone(rows: int) -> None:
    chance = np.random.default_rng(4)
    false = [
        find_drift(part(chance, rows), part(chance, rows)).filter("is_drifted").height for _ in range(25)
    ]
    assert sum(count > 0 for count in false) <= 2


def test_many_rows_make_a_small_shift_sure_and_still_no_drift() -> None:
    chance = np.random.default_rng(6)
    found = (
        find_drift(part(chance, 30_000), part(chance, 30_000, moved=0.08))
        .filter(column="shifted")
        .row(0, named=True)
    )
    assert found["p_corrected"] < 0.001
    assert not found["is_drifted"]
    assert "small" in found["reasons"]


def test_missing_values_are_a_level_and_a_missing_column_is_named() -> None:
    full, half = pl.Series("x", range(200)), pl.Series("x", [*range(100), *[None] * 100])
    assert stability_index(full, full) == pytest.approx(0, abs=1e-9)
    assert stability_index(full, half) > 1
    assert find_drift(full.to_frame(), half.to_frame()[:10]).is_empty()  # too few to say
    assert find_drift(pl.DataFrame({"c": [1] * 50}), pl.DataFrame({"c": [1] * 50}))["test"].to_list() == [
        "constant"
    ]
    with pytest.raises(UsageError, match="no column 'y'"):
        find_drift(full.to_frame(), half.to_frame(), columns=["y"])
