"""Where in its file a contract says something that cannot be: line and column, as rules have them.

A document is read with its positions only once something is wrong with it: most are right, and they are long.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opslayer.errors import ConfigurationError
from opslayer.located import read_located

NAMED_BY = ("name", "property", "element")  # the key by which an entry of a list is called
WITHIN = (
    "properties",
    "customProperties",
    "quality",
)  # lists whose entries are called without naming the list
Place = tuple[str | int, ...]


def place_of(path: Path, key: str, found: object) -> str:
    """`file:line:column` of what a dotted key calls, as "schema.core.bill.status.severity".

    Within that, of the value that was found there, where it stands as it is.
    """
    try:
        read = read_located(path)
    except ConfigurationError:
        return str(path)
    place, node = _follow(read.values, key, ())
    exact = _value(node, str(found), place)
    return read.at(*(place if exact is None else exact))


def spot_of(path: Path, place: Place, *, key: bool = False) -> str:
    """`file:line:column` of a value, or of its key; the file alone where it cannot be told."""
    try:
        return read_located(path).at(*place, key=key)
    except ConfigurationError:
        return str(path)


def _follow(node: Any, rest: str, place: Place) -> tuple[Place, Any]:
    """As far as `rest` leads; names hold dots themselves, so the entries decide where one ends."""
    entries: list[tuple[str | int, Any, str]] = []
    if isinstance(node, Mapping):
        entries = [(name, value, str(name)) for name, value in node.items()]
    elif isinstance(node, list):
        entries = [
            (number, item, str(item[label]))
            for number, item in enumerate(node)
            if isinstance(item, Mapping)
            for label in NAMED_BY
            if label in item
        ]
    for step, value, called in entries:
        if rest == called or rest.startswith(f"{called}."):
            return _follow(value, rest[len(called) + 1 :], (*place, step))
    for name in WITHIN if isinstance(node, Mapping) and rest else ():
        deeper, value = _follow(node.get(name), rest, (*place, name))
        if len(deeper) > len(place) + 1:
            return deeper, value
    return place, node


def _value(node: Any, found: str, place: Place) -> Place | None:
    if isinstance(node, Mapping | list):
        steps = node.items() if isinstance(node, Mapping) else enumerate(node)
        inner = (_value(value, found, (*place, step)) for step, value in steps)
        return next((one for one in inner if one is not None), None)
    return place if str(node) == found else None
