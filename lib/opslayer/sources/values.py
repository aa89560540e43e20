"""Rows of scalars and nested values, as text columns: JSON files and REST answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice

import pyarrow as pa
import simplejson

from opslayer.errors import UnreadableSource
from opslayer.sources.parquet import Parts

BATCH = 50_000


_JSON = simplejson.JSONDecoder(parse_float=Decimal)


def exact(text: str) -> object:
    """JSON read with its numbers as they are written: never through a float. Raises ValueError."""
    return _JSON.decode(text)


def as_text(value: object) -> str | None:
    """A value as text: numbers exactly, moments as ISO, bytes as hexadecimal, nested values as JSON.

    Empty text is None: in a text column it says nothing else.
    """
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, Decimal):
        return format(value, "f") if -6 <= value.adjusted() <= 40 else str(value)
    if isinstance(value, dict | list):
        return str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False))
    return str(value)


def write_rows(rows: Iterable[object], parts: Parts) -> int:
    """Write rows (mappings) as text columns, a part for each batch; the number of rows.

    Raises UnreadableSource at a row that is not a mapping.
    """
    iterator = iter(rows)
    count = 0
    while batch := [_mapping(row, count + n) for n, row in enumerate(islice(iterator, BATCH), start=1)]:
        names = list(dict.fromkeys(name for row in batch for name in row))
        schema = pa.schema([(name, pa.string()) for name in names])
        columns = [pa.array([as_text(row.get(name)) for row in batch], pa.string()) for name in names]
        parts.write([pa.RecordBatch.from_arrays(columns, schema=schema)], schema)
        count += len(batch)
    return count


def _mapping(row: object, number: int) -> Mapping[str, object]:
    if not isinstance(row, Mapping):
        raise UnreadableSource(
            f"record {number} is not an object but {type(row).__name__}: {str(row)[:60]}",
            mend="a table in JSON is an array of objects, or one object a line",
        )
    return row
