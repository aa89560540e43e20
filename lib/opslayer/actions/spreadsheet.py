"""What a spreadsheet opens: no cell of it becomes a formula."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def plain(value: object) -> object:
    """A cell that begins like a formula, as text (OWASP, CSV injection); any other as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
