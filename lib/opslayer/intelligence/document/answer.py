"""What is said of a document, as the text that a model answers with and a person corrects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

FIELDS = ("class", "type", "company", "number", "date", "total")
WANTED: dict[str, tuple[str, ...]] = {  # of each class, the fields that a person must be able to rely on
    "receipt": ("class", "company", "date", "total"),
    "supplier invoice": ("class", "company", "number", "date", "total"),
    "contract": ("class", "type"),
    "other": ("class",),
}


@dataclass(frozen=True)
class Said:
    """One field: its value as it stands there, how sure that is, where it was read (page and line from 1)."""

    value: str | None
    confidence: float = 1.0
    page: int | None = None
    line: int | None = None
    reasons: str = ""


def written(said: Mapping[str, Said]) -> str:
    """JSON, the same for the same fields."""
    told = {field: asdict(said[field]) for field in FIELDS if field in said}
    return json.dumps(told, ensure_ascii=False)


def understood(text: str | None) -> dict[str, Said]:
    """What was written; nothing of a text that is none."""
    try:
        told = json.loads(text or "{}")
        return {field: Said(**one) for field, one in told.items() if field in FIELDS}
    except (ValueError, TypeError, AttributeError):
        return {}


def values(said: Mapping[str, Said]) -> dict[str, str | None]:
    return {field: one.value for field, one in said.items()}
