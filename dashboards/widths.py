"""How wide the columns of a table are, so that it fits its place and long texts in it are whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

PLACE = 1270  # pixels between the margins of a page 1,440 wide
LETTER, PAD = 6.4, 20  # of the theme's 14 px face, and a cell's padding
LINE, ROW, HEAD = 19, 18, 38
BROKEN = 74  # height from which Streamlit breaks text over lines
NAMES, DAY = (190, 150, 120), 108  # a longer name breaks; the narrower ones where the sentences need it
CAPITALS, UNBROKEN = 1.2, 280  # of a word that may be in capitals, and the longest kept on a line
PROSE, LEAST = 48, 260  # letters from which a text is sentences, and what those need
LOOSE = 1.15  # lines end at words, so they are not full
MOST = 9  # lines; what is longer is read by opening its cell
TALL = 600  # of a table; more rows are scrolled to


@dataclass(frozen=True)
class Fit:
    """Pixels of each column, of a row, and of the table, which ends below the last of the `rows` in sight."""

    columns: dict[str, int]
    row: int
    height: int
    rows: int


def fit(frame: pl.DataFrame, columns: Mapping[str, str], place: int = PLACE) -> Fit | None:
    """Widths for `columns` (name -> title) of a frame with rows; None where each value fits on one line.

    Figures and days get what they need, names too up to a limit, sentences share what is left of `place` by
    their length. A row is as high as the longest text needs.
    """
    letters = {name: _letters(frame[name]) for name in columns}
    needs = {name: max(_pixels(letters[name]), _pixels(len(title) * 1.1)) for name, title in columns.items()}
    needs |= {name: DAY for name in columns if frame.schema[name] == pl.Date}
    needs |= {name: LEAST for name in columns if name.endswith("_json")}  # is opened, not read in its cell
    if sum(needs.values()) <= place:
        return None
    read = [name for name in columns if frame.schema[name] == pl.String and not name.endswith("_json")]
    longest = sorted(read or columns, key=letters.__getitem__)[-1:]
    prose = [name for name in read if letters[name] > PROSE] or longest
    texts = [name for name in read if name not in prose]
    words = {name: min(_pixels(_longest_word(frame[name]) * CAPITALS), UNBROKEN) for name in texts}
    for limit in NAMES:
        widths = {
            name: min(need, max(limit, words[name])) if name in texts else need
            for name, need in needs.items()
            if name not in prose
        }
        left = place - sum(widths.values())
        if left >= LEAST * len(prose):
            break
    shares = {name: math.sqrt(letters[name]) for name in prose}
    room = max(left, LEAST * len(prose))
    widths |= {name: int(room * share / sum(shares.values())) for name, share in shares.items()}
    lines = max(
        (math.ceil(letters[name] * LETTER * LOOSE / (widths[name] - PAD)) for name in (*texts, *prose)),
        default=1,
    )
    row = max(LINE * min(lines, MOST) + ROW, BROKEN)
    rows = max(min(frame.height, TALL // row), 1)
    return Fit(widths, row, HEAD + row * rows, rows)


def _letters(values: pl.Series) -> int:
    """Of the longest value as it is shown."""
    if values.dtype == pl.String:
        return int(values.str.len_chars().max() or 0)  # type: ignore[arg-type]
    if values.dtype.is_numeric():
        most = float(values.cast(pl.Float64).abs().max() or 0)  # type: ignore[arg-type]
        return len(f"{most:,.0f}") + 1
    return 12


def _longest_word(texts: pl.Series) -> int:
    return int(texts.str.split(" ").list.eval(pl.element().str.len_chars().max()).list.first().max() or 0)  # type: ignore[arg-type]


def _pixels(letters: float) -> int:
    return math.ceil(letters * LETTER) + PAD
