"""YAML read with its positions, so that an error can say on which line and column a value stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from opslayer.errors import ConfigurationError, nearest

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where libyaml is there
Spot = tuple[int, int]  # line and column, both from 1


@dataclass(frozen=True)
class Located:
    """What one YAML file holds, and where each of its keys and values stands."""

    path: Path
    values: Any
    keys: dict[tuple[str, ...], Spot] = field(default_factory=dict)
    spots: dict[tuple[str, ...], Spot] = field(default_factory=dict)

    def at(self, *place: str | int, key: bool = False) -> str:
        """`file:line:column` of a value, or of its key; of what holds it where it is not written itself.

        Parts of `place` that nobody wrote, like the word of a kind that pydantic puts there, are passed over.
        """
        found: tuple[str, ...] = ()
        for part in map(str, place):
            found = (*found, part) if (*found, part) in self.spots else found
        whole = bool(found) and bool(place) and found[-1] == str(place[-1])
        line, column = (self.keys if key and whole else self.spots).get(found, (1, 1))
        return f"{self.path}:{line}:{column}"

    def wrong(
        self, *place: str | int, found: object, allowed: Iterable[str], key: bool = False
    ) -> ConfigurationError:
        """The error for a name that is none of `allowed`: where it stands, what there is, the nearest.

        `key` says that the name is the key itself, and not its value.
        """
        words = sorted(allowed)
        near = nearest(str(found), words)
        return self.error(
            *place,
            key=key,
            said=f"expected one of: {', '.join(words) or 'nothing'}; got {found!r}"
            + (f'\n    nearest: "{near}"' if near else ""),
        )

    def error(self, *place: str | int, said: str, key: bool = False) -> ConfigurationError:
        """An error about one value, or its key: file, line and column, then the path to it."""
        *parents, last = map(str, place)
        where = f"  at {'.'.join(parents)}\n" if parents else ""
        return ConfigurationError(f"{self.at(*place, key=key)}\n{where}  at key: {last}\n    {said}")


def read_located(path: Path, content: bytes | None = None) -> Located:
    """Read one YAML file, or its `content` where the caller has it.

    Raises ConfigurationError where it is not YAML, or a key stands twice.
    """
    try:
        loader = LOADER((path.read_bytes() if content is None else content).decode())
        try:
            node = loader.get_single_node()
            places = list(_walk(node, (), set())) if node is not None else []
            values = loader.construct_document(node) if node is not None else {}  # merges `<<` into node
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ConfigurationError(f"{path}\n  is not YAML: {error}") from error
    read = Located(path, {} if values is None else values)
    for place, key_spot, spot in places:
        if place in read.spots:
            first = read.keys[place][0]
            raise ConfigurationError(
                f"{path}:{key_spot[0]}:{key_spot[1]}\n  at key: {place[-1]}\n"
                f"    expected each key once; it stands on line {first} too"
            )
        read.spots[place], read.keys[place] = spot, key_spot
    return read


def _walk(
    node: yaml.Node, place: tuple[str, ...], seen: set[int]
) -> Iterator[tuple[tuple[str, ...], Spot, Spot]]:
    """Place, key and value of everything within; what an alias repeats is not walked again."""
    if not place:
        yield (), _spot(node), _spot(node)
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        pairs = [(key.value, key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
    elif isinstance(node, yaml.SequenceNode):
        pairs = [(str(number), value, value) for number, value in enumerate(node.value)]
    else:
        return
    for name, key, value in pairs:
        inner = (*place, str(name))
        yield inner, _spot(key), _spot(value)
        yield from _walk(value, inner, seen)


def _spot(node: yaml.Node) -> Spot:
    return node.start_mark.line + 1, node.start_mark.column + 1
