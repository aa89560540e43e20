"""A cursor: how far a table has been read, as text in the source's own style."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta

_NUMBER = re.compile(r"-?\d+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def lagged(cursor: str, lag: int) -> str:
    """Where the next read begins: `lag` before the cursor, so that rows committed late are still seen.

    `lag` is seconds for moments, whole days of them for dates, and as many for numbers. Text that is none of
    these is compared as it is, without a lag.
    """
    value = parse(cursor)
    if isinstance(value, int):
        return str(value - lag)
    if isinstance(value, datetime):
        return _like(cursor, value - timedelta(seconds=lag))
    if isinstance(value, date):
        return (value - timedelta(days=math.ceil(lag / 86_400))).isoformat()
    return cursor


def capped(cursor: str, moment: datetime) -> str:
    """The cursor, but not past `moment`: one row dated 2099 must not hide all changes until then."""
    value = parse(cursor)
    if isinstance(value, datetime):
        limit = moment.astimezone(UTC) if value.tzinfo else moment.astimezone(UTC).replace(tzinfo=None)
        return _like(cursor, limit) if value > limit else cursor
    if isinstance(value, date):
        return min(value, moment.date()).isoformat()
    return cursor


def later(one: str | None, other: str | None) -> str | None:
    """The further of two cursors of one column."""
    if one is None or other is None:
        return one or other
    first, second = parse(one), parse(other)
    if type(first) is type(second):
        return one if first >= second else other  # type: ignore[operator]
    return max(one, other)


def parse(cursor: str) -> int | datetime | date | str:
    """A whole number, an ISO date or an ISO moment; else the text itself."""
    if _NUMBER.fullmatch(cursor):
        return int(cursor)
    try:
        return date.fromisoformat(cursor) if _DAY.fullmatch(cursor) else datetime.fromisoformat(cursor)
    except ValueError:
        return cursor


def _like(style: str, value: datetime) -> str:
    separator = "T" if "T" in style else " "
    text = value.isoformat(separator, "microseconds" if "." in style else "seconds")
    return text.replace("+00:00", "Z") if style.endswith("Z") else text
