"""Excel workbooks: one sheet a table, every value as text, dates as ISO text."""

from __future__ import annotations

import re
from pathlib import Path

import fastexcel
import polars as pl

from opslayer.errors import UnreadableSource
from opslayer.sources.parquet import Parts

_ERROR = re.compile(r"'Error\((\w+)\)'")
_ERRORS = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
}


def read_workbook(path: Path, table: str, parts: Parts) -> None:
    """Write the rows of the sheet named like the table (else the only sheet) to `parts`.

    The first row is the header, trimmed; a column without a name is `column_<n>`. A cell in error keeps its
    error (`#N/A`), so that a typed column shows it. Raises UnreadableSource where the file or sheet is not
    there to be read.
    """
    try:
        book = fastexcel.read_excel(path)
        cells, errors = book.load_sheet(
            _sheet(path, book.sheet_names, table), header_row=None, dtypes="string"
        ).to_arrow_with_errors()
    except fastexcel.FastExcelError as error:
        cause = str(error).splitlines()[0]
        raise UnreadableSource(
            f"{path}: not a workbook that can be read: {cause}", mend="save or export it again"
        ) from error
    frame = pl.DataFrame(cells)
    if frame.is_empty():
        raise UnreadableSource(f"{path}: the sheet is empty: it names no columns", mend="export it again")
    frame = _with_errors(frame, [] if errors is None else errors.errors)
    first = frame.row(0)
    names = [(name or "").strip() or f"column_{n}" for n, name in enumerate(first, start=1)]
    frame = frame.slice(1).select(
        pl.Series(name, _iso(frame.slice(1).to_series(n))) for n, name in enumerate(names)
    )
    arrow = frame.filter(~pl.all_horizontal(pl.all().is_null())).to_arrow(
        compat_level=pl.CompatLevel.oldest()
    )
    parts.write(arrow.to_batches(), arrow.schema)


def _sheet(path: Path, sheets: list[str], table: str) -> str:
    named = [sheet for sheet in sheets if sheet.strip().casefold() == table.casefold()]
    if not named and len(sheets) != 1:
        raise UnreadableSource(
            f'{path}: no sheet is named "{table}"; there is: {", ".join(sheets)}',
            mend="name the sheet like the table, or keep one sheet in the file",
        )
    return (named or sheets)[0]


def _with_errors(frame: pl.DataFrame, errors: list[fastexcel.CellError]) -> pl.DataFrame:
    columns = {n: frame.to_series(n).to_list() for n in {error.offset_position[1] for error in errors}}
    for error in errors:
        row, column = error.offset_position
        found = _ERROR.search(error.detail)
        columns[column][row] = _ERRORS.get(found[1], found[1]) if found else error.detail
    replaced = {
        frame.columns[n]: pl.Series(frame.columns[n], cells, pl.String) for n, cells in columns.items()
    }
    return frame.with_columns(**replaced)


def _iso(cells: pl.Series) -> pl.Series:
    """A day without its midnight, a time without the day that workbooks count from; empty text as NULL."""
    days = cells.str.replace(r"^(\d{4}-\d{2}-\d{2}) 00:00:00$", "$1")
    return days.str.replace(r"^1899-12-3[01] (\d{2}:\d{2}:\d{2})$", "$1").replace("", None)
