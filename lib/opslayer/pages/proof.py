"""From what a page shows to its rows: drawn again from the snapshot opened afresh, and met by another way."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from opslayer import metrics
from opslayer.config import Firm
from opslayer.errors import OpslayerError, unknown
from opslayer.figures import Theme
from opslayer.pages.origin import Origin, origins
from opslayer.pages.reading import Asked, Reading, Source
from opslayer.pages.shown import Drawn, Meeting, Page, Shown, fingerprint
from opslayer.store import Store
from opslayer.warehouse import Layer, tables_read

CLOSE = 1e-6  # relative; what is drawn is a float of a DECIMAL, summed in another order


@dataclass(frozen=True)
class Way:
    """A number as drawn, and as reached by another way; both None where there is nothing to measure."""

    what: str
    drawn: float | None
    other: float | None
    failure: str | None = None

    @property
    def meets(self) -> bool:
        if self.failure is not None:
            return False
        drawn, other = self.drawn or 0.0, self.other or 0.0
        return math.isclose(drawn, other, rel_tol=CLOSE, abs_tol=0.005)


@dataclass(frozen=True)
class ShownProof:
    """What one thing on a page rests on.

    `is_same` says whether what the page drew is what was drawn again. `contracts` has a row a rule on a table
    that its queries read. `origins` say of each table of predictions which model made it, in which run.
    `failure` says why it could not be drawn.
    """

    page: str
    name: str
    choices: Mapping[str, Any]
    snapshot: str
    asked: tuple[Asked, ...] = ()
    tables: tuple[str, ...] = ()
    contracts: pl.DataFrame = field(default_factory=pl.DataFrame)
    origins: tuple[Origin, ...] = ()
    ways: tuple[Way, ...] = ()
    is_same: bool = False
    failure: str | None = None

    @property
    def holds(self) -> bool:
        return self.failure is None and self.is_same and all(way.meets for way in self.ways)

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.asked)

    @property
    def red(self) -> int:
        """How many of the contract rules do not hold."""
        return 0 if self.contracts.is_empty() else self.contracts.filter(~pl.col("passed")).height

    @property
    def why(self) -> str | None:
        """Why it is not proved, in a sentence."""
        if self.failure is not None or self.holds:
            return self.failure
        if not self.is_same:
            return "drawn again, it is not what the page shows"
        return "; ".join(
            way.failure or f"{way.what}: drawn {_written(way.drawn)}, another way gives {_written(way.other)}"
            for way in self.ways
            if not way.meets
        )


def prove(
    layer: Layer,
    source: Source,
    page: Page,
    shown: Shown,
    choices: Mapping[str, Any],
    *,
    drawn: str,
    theme: Theme = "light",
) -> ShownProof:
    """Draw one thing again from `source`, which reads from `layer`, and reach its numbers by another way.

    `drawn` is the fingerprint of what it was drawn as before.
    """
    firm, store, read = source.firm, source.store, Reading(source, theme)
    begun = ShownProof(page.name, shown.name, choices, layer.version.name)
    try:
        again = shown.draw(read, **choices)
        queries = [one.query for one in read.asked if not one.is_record]
        tables = tuple(sorted({table for query in queries for table in tables_read(layer.sql(query))}))
        return replace(
            begun,
            asked=tuple(read.asked),
            tables=tables,
            contracts=layer.query("results_of_tables", tables=list(tables)),
            origins=tuple(origins(firm, layer, store, tables)),
            ways=tuple(_way(firm, layer, store, meeting, again, choices) for meeting in shown.meets),
            is_same=fingerprint(again) == drawn,
        )
    except OpslayerError as error:
        return replace(begun, failure=error.message)


def prove_page(firm: Firm, layer: Layer, store: Store, page: Page) -> Iterator[ShownProof]:
    """Everything a page shows, drawn as it is opened and once more; its metrics have a proof of their own."""
    before, after = Source(firm, layer, store), Source(firm, layer, store)
    for choices in page.choices(Reading(before)):
        for shown in page.shows:
            drawn = fingerprint(shown.draw(Reading(before), **choices))
            yield prove(layer, after, page, shown, choices, drawn=drawn)


def _way(
    firm: Firm, layer: Layer, store: Store, meeting: Meeting, drawn: Drawn, choices: Mapping[str, Any]
) -> Way:
    try:
        return Way(meeting.what, meeting.drawn(drawn), _other(firm, layer, store, meeting, choices))
    except OpslayerError as error:
        return Way(meeting.what, None, None, f"{meeting.what}: {error.message}")


def _other(
    firm: Firm, layer: Layer, store: Store, meeting: Meeting, choices: Mapping[str, Any]
) -> float | None:
    if meeting.metric:
        known = {metric.name: metric for metric in metrics.load_metrics(firm)}
        if meeting.metric not in known:
            raise unknown("metric", meeting.metric, known)
        (value,) = metrics.measure(layer, [known[meeting.metric]])
        return value.value
    if meeting.records is not None:
        with store.reading() as session:
            return float(session.execute(meeting.records).scalar_one() or 0)
    found = layer.query(meeting.query, **choices, **meeting.values)["value"][0]
    return None if found is None else float(found)


def _written(value: float | None) -> str:
    return "nothing" if value is None else f"{value:,.2f}"
