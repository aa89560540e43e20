"""What a page shows: each thing by its name, how it is drawn from named queries, and what it must meet.

The pages draw from these lists, so that nothing is shown that cannot be drawn again and proved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import plotly.graph_objects as go
import polars as pl
from sqlalchemy import Select

from opslayer import figures
from opslayer.pages.reading import Reading


@dataclass(frozen=True)
class Table:
    """Rows of a frame under titles (name -> title); `empty` stands for none, `height` in pixels scrolls."""

    frame: pl.DataFrame
    columns: Mapping[str, str]
    empty: str = "None."
    height: int | str | None = None

    @property
    def shown(self) -> pl.DataFrame:
        return self.frame.select(self.columns.keys()) if self.frame.height else pl.DataFrame()


@dataclass(frozen=True)
class Tile:
    """One headline number as it is written; `change` and `was` where there is one to compare with."""

    title: str
    value: str
    told: str = ""
    change: str | None = None
    was: str | None = None
    is_worse_up: bool = False


Tiles: TypeAlias = tuple[Tile, ...]
Drawn: TypeAlias = go.Figure | Table | Tiles | str
Draw: TypeAlias = Callable[..., Drawn]


@dataclass(frozen=True)
class Meeting:
    """Two ways to one number: read off what is drawn, and a metric, or a query that goes another way to it.

    `query` is a named one of the snapshot with one `value`, to which `values` and the choices are bound;
    `records` asks the store for one number.
    """

    what: str
    drawn: Callable[[Any], float | None]
    metric: str = ""
    query: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    records: Select[int] | None = None


@dataclass(frozen=True)
class Shown:
    """One thing on a page. `draw` is pure: the same reading and choices give the same.

    What is `live` is also of what people decide, which the store has, and not of the snapshot alone.
    """

    name: str
    draw: Draw
    meets: tuple[Meeting, ...] = ()
    live: bool = False


@dataclass(frozen=True)
class Page:
    """Everything of a page that has a number: its metrics, by name, and what else it shows.

    `choices` says which a page may offer (the first is the one it opens with): months, comparisons, deals.
    """

    name: str
    question: str
    metrics: tuple[str, ...] = ()
    shows: tuple[Shown, ...] = ()
    choices: Callable[[Reading], Iterable[Mapping[str, Any]]] = field(default=lambda _: [{}])

    def __getitem__(self, name: str) -> Shown:
        return next(one for one in self.shows if one.name == name)


def figure(
    name: str,
    query: str = "",
    *,
    of: Callable[..., pl.DataFrame] | None = None,
    options: tuple[str, ...] = (),
    meets: tuple[Meeting, ...] = (),
    live: bool = False,
) -> Shown:
    """`opslayer.figures.<name>` over a named query (of the same name), or over `of(read, **choices)`.

    `options` are the choices that the figure takes.
    """

    def draw(read: Reading, **choices: Any) -> Drawn:
        frame = of(read, **choices) if of else read(query or name)
        drawn: go.Figure = getattr(figures, name)(
            frame, theme=read.theme, **{option: choices[option] for option in options}
        )
        return drawn

    return Shown(name, draw, meets, live)


def table(
    name: str,
    query: str | Callable[..., pl.DataFrame],
    columns: Mapping[str, str],
    *,
    empty: str,
    height: int | str | None = None,
    meets: tuple[Meeting, ...] = (),
    live: bool = False,
) -> Shown:
    """Some columns of a named query, or of `query(read, **choices)`; `{currency}` in titles is the firm's."""

    def draw(read: Reading, **choices: Any) -> Drawn:
        frame = query(read, **choices) if callable(query) else read(query)
        titles = {column: title.replace("{currency}", read.currency) for column, title in columns.items()}
        return Table(frame, titles, empty, height)

    return Shown(name, draw, meets, live)


def sentence(
    name: str,
    said: Callable[..., str],
    *,
    meets: tuple[Meeting, ...] = (),
    live: bool = False,
) -> Shown:
    """Words with numbers in them, as Markdown; none at all shows nothing."""
    return Shown(name, said, meets, live)


def tiles(
    name: str, of: Callable[..., Tiles], *, meets: tuple[Meeting, ...] = (), live: bool = False
) -> Shown:
    """Headline numbers side by side."""
    return Shown(name, of, meets, live)


def fingerprint(drawn: Drawn) -> str:
    """SHA-256 of the data and words of what is drawn: equal where a reader sees the same."""
    match drawn:
        case go.Figure():
            picture = json.loads(drawn.to_json() or "{}")
            picture["layout"].pop("template", None)  # the look, and no number
            said = json.dumps(_given(picture), sort_keys=True)
        case Table():
            said = f"{list(drawn.columns.items())}{drawn.shown.write_json()}{drawn.empty}"
        case str():
            said = drawn
        case _:
            said = json.dumps([asdict(tile) for tile in drawn])
    return hashlib.sha256(said.encode()).hexdigest()


def _given(value: Any) -> Any:
    """Without the empty parts that a figure loses where it is kept and read again."""
    if isinstance(value, dict):
        kept = {name: _given(part) for name, part in value.items()}
        return {name: part for name, part in kept.items() if part != {}}
    return [_given(part) for part in value] if isinstance(value, list) else value


def total(column: str) -> Callable[[Table], float]:
    """The sum of a table's column."""
    return lambda drawn: float(drawn.frame[column].sum() or 0) if drawn.frame.height else 0.0


def count(drawn: Table) -> float:
    """The rows of a table."""
    return float(drawn.frame.height)


def bars(axis: str = "y", *, trace: int | None = None) -> Callable[[go.Figure], float | None]:
    """The sum of what a figure's traces (or one of them) show on an axis; nothing where it is empty."""

    def read(drawn: go.Figure) -> float | None:
        traces = drawn.data if trace is None else drawn.data[trace : trace + 1]
        return sum(float(value) for one in traces for value in one[axis]) if traces else None

    return read


def last(axis: str = "y", *, trace: int = 0) -> Callable[[go.Figure], float | None]:
    """The last point of a figure's trace."""
    return lambda drawn: float(drawn.data[trace][axis][-1]) if drawn.data else None


def tile(title: str) -> Callable[[Tiles], float]:
    """The number on one of the tiles."""
    return lambda drawn: next(
        float(one.value.replace(",", "")) for one in drawn if one.title.startswith(title)
    )
