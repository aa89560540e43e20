"""A frame as a table for people: titles instead of column names, figures right-aligned, nothing raw."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import Any

import polars as pl

SHARES = (  # and names that begin with share or probability
    "utilisation", "target", "level", "realisation", "win_probability", "stage_weight", "mape", "bias",
    "coverage_80",
)  # fmt: skip

NAME, PROSE = 20, 60  # letters of a text that stays on its line, and from which it is sentences
SMALL = 100  # from it on, a column's figures show no decimals


@dataclass(frozen=True)
class Table:
    """Shows itself as HTML in a notebook, and as text where there is none."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def table(
    frame: pl.DataFrame,
    columns: Mapping[str, str],
    *,
    rows: int | None = None,
    empty: str = "None.",
    figures: Collection[str] = (),
) -> Table:
    """The first `rows` of `frame`, its `columns` (name -> title) in the order given.

    Amounts and figures from 100 on show whole units with thousands separators, shares per cent,
    smaller fractions one decimal; days are written as people do. `empty` stands for a frame without rows;
    `figures` names columns of text that are figures written with their units.
    """
    if frame.is_empty():
        return Table(f"<p>{escape(empty)}</p>", empty)
    shown = frame.select(columns.keys()).head(rows if rows is not None else frame.height)
    styles = [_style(shown[name], is_figure=name in figures) for name in columns]
    decimals = {name: _decimals(shown[name]) for name in columns}
    cells = [
        [_written(name, value, decimals[name]) for name, value in row.items()]
        for row in shown.iter_rows(named=True)
    ]
    head = _row(list(columns.values()), [style.split(";")[0] for style in styles], "th")  # may break
    body = "".join(_row(row, styles, "td") for row in cells)
    left_out = frame.height - shown.height
    more = f"<p>{left_out:,} more not shown.</p>" if left_out else ""
    text = "\n".join("  ".join(row) for row in [list(columns.values()), *cells])
    return Table(f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{more}", text)


def _style(values: pl.Series, *, is_figure: bool) -> str:
    """Figures on the right, and only sentences and long names break over lines."""
    side = "right" if is_figure or values.dtype.is_numeric() else "left"
    letters = int(values.str.len_chars().max() or 0) if values.dtype == pl.String else 0  # type: ignore[arg-type]
    if letters > PROSE:
        return f"text-align:{side};min-width:11em"
    return f"text-align:{side}" if letters > NAME else f"text-align:{side};white-space:nowrap"


def _row(cells: list[str], styles: list[str], tag: str) -> str:
    parts = (
        f'<{tag} style="{style}">{escape(cell)}</{tag}>' for cell, style in zip(cells, styles, strict=True)
    )
    return f"<tr>{''.join(parts)}</tr>"


def _decimals(values: pl.Series) -> int:
    """Of all figures of a column: one where they are small and some of them are not whole."""
    if not values.dtype.is_float():
        return 0
    known = values.drop_nulls()
    small = bool((known.abs() < SMALL).all())
    return int(small and bool((known.round(1) != known.round(0)).any()))


def _written(name: str, value: Any, decimals: int) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if name in SHARES or name.startswith(("probability", "share")):
            return f"{value:.0%}"
        case float():
            return f"{value:,.{decimals}f}"
        case Decimal() | int():
            return f"{value:,.0f}"
        case datetime():
            return f"{_day(value)}, {value:%H:%M %Z}".strip()
        case date() if name == "month":
            return f"{value:%B %Y}"
        case date():
            return _day(value)
        case _:
            return str(value)


def _day(when: date) -> str:
    return f"{when.day} {when:%b %Y}"
