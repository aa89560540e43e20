"""Tables fit the place they stand in, and rows are as high as their texts need."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dashboards"))

import widths

COLUMNS = {"name": "Project", "hours": "Hours", "reasons": "Why"}


def rows(reason: str, *, number: int = 20) -> pl.DataFrame:
    return pl.DataFrame(
        {"name": ["Strategy"] * number, "hours": [12.0] * number, "reasons": [reason] * number}
    )


def test_what_fits_on_a_line_is_left_alone() -> None:
    assert widths.fit(rows("It is over."), COLUMNS) is None


def test_sentences_take_what_is_left_and_rows_grow_with_them() -> None:
    short, long = (widths.fit(rows("word " * words), COLUMNS) for words in (50, 150))
    assert short is not None
    assert long is not None
    for fit in (short, long):
        assert sum(fit.columns.values()) <= widths.PLACE
        assert fit.columns["reasons"] > fit.columns["name"] > fit.columns["hours"]
        assert (fit.height - widths.HEAD) % fit.row == 0, "the table ends below a whole row"
    assert long.row > short.row


def test_a_narrow_place_breaks_names_and_never_asks_for_less_than_sentences_need() -> None:
    fit = widths.fit(rows("word " * 50), COLUMNS, place=200)
    assert fit is not None
    assert fit.columns["reasons"] == widths.LEAST


def test_json_is_opened_and_makes_no_row_high() -> None:
    frame = rows("It is over. " * 12).with_columns(row_json=pl.lit("{" + "x" * 5_000 + "}"))
    fit = widths.fit(frame, {**COLUMNS, "row_json": "Row"})
    assert fit is not None
    assert fit.columns["row_json"] == widths.LEAST
    assert fit.row < 9 * widths.LINE
