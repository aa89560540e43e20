"""What the pages read: the firm, its snapshot, its store. Opened and computed once for all who look.

Everything computed is kept by snapshot version, and the number kept is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import streamlit as st

from opslayer import figures, metrics, pages
from opslayer.config import Firm, find_firm, load_firm
from opslayer.store import Store, open_store
from opslayer.warehouse import Layer, Version, current, open_layer

LOOK_EVERY = 3  # seconds between looks for a new snapshot or decision
Values = tuple[tuple[str, Any], ...]


def now() -> datetime:
    """The moment of a click, the only clock of a page."""
    return datetime.now(UTC)


@st.cache_resource(max_entries=2, show_spinner=False)
def _firm(path: str, changed: int) -> Firm:  # noqa: ARG001  a changed firm.toml is read anew
    return load_firm(path)


def firm() -> Firm:
    """The firm of $OPSLAYER_FIRM, else of the working directory. Raises ConfigurationError."""
    path = find_firm()
    return _firm(str(path), path.stat().st_mtime_ns)


@st.cache_resource(max_entries=2, show_spinner=False, on_release=Store.close)
def _store(url: str, directory: str) -> Store:  # noqa: ARG001  another URL is another store
    return open_store(firm())


def store() -> Store:
    return _store(firm().store.url, str(firm().directory))


@st.cache_resource(max_entries=3, show_spinner=False, on_release=Layer.close)
def _layer(directory: str, version: str) -> Layer:  # noqa: ARG001  versions of two firms may share a name
    return open_layer(firm(), version)


def version() -> Version | None:
    """What is published, None before the first time."""
    return current(firm())


def layer() -> Layer:
    """The snapshot that is current in this run of the page. Stops the page where there is none yet."""
    if "version" not in st.session_state:
        st.info("No snapshot is published yet. Run `opslayer refresh`, and this page fills by itself.")
        st.stop()
    return _layer(str(firm().directory), st.session_state["version"])


def as_of() -> date:
    return layer().as_of


@st.cache_data(max_entries=300, show_spinner=False)
def _rows(directory: str, version: str, query: str, values: Values) -> pl.DataFrame:
    return _layer(directory, version).query(query, **dict(values))


def rows(query: str, **values: Any) -> pl.DataFrame:
    """A named query on the current snapshot."""
    return _rows(str(firm().directory), layer().version.name, query, _tuple(values))


@dataclass(frozen=True)
class _Rows:
    """The named queries of the snapshot of this run, each asked once for all who look."""

    layer: Layer

    @property
    def as_of(self) -> date:
        return self.layer.as_of

    def query(self, query: str, /, **values: Any) -> pl.DataFrame:
        return _rows(str(firm().directory), self.layer.version.name, query, _tuple(values))


@st.cache_resource(max_entries=3, show_spinner=False)
def _source(directory: str, version: str) -> pages.Source:
    return pages.Source(firm(), _Rows(_layer(directory, version)), store())


def source() -> pages.Source:
    """What the pages are drawn from."""
    return _source(str(firm().directory), layer().version.name)


@st.cache_data(max_entries=300, show_spinner="Computing")
def _drawn(
    directory: str,
    version: str,
    changes: int,  # noqa: ARG001  what is of the store is drawn again when that changed
    page: str,
    name: str,
    theme: figures.Theme,
    values: Values,
) -> pages.Drawn:
    read = pages.Reading(_source(directory, version), theme)
    return pages.PAGES[page][name].draw(read, **dict(values))


def drawn(page: str, name: str, theme: figures.Theme = "light", **choices: Any) -> pages.Drawn:
    """One thing that a page shows, drawn once for all who look at the same choices."""
    changes = store().change_counter() if pages.PAGES[page][name].live else 0
    place = str(firm().directory), layer().version.name
    return _drawn(*place, changes, page, name, theme, _tuple(choices))


@st.cache_data(max_entries=100, show_spinner="Drawing it again")
def _proved_shown(
    directory: str,  # noqa: ARG001  versions of two firms may share a name
    version: str, page: str, name: str, theme: figures.Theme, fingerprint: str, values: Values
) -> pages.ShownProof:  # fmt: skip
    whole = pages.PAGES[page]
    with open_layer(firm(), version) as opened:
        fresh = pages.Source(firm(), opened, store())
        return pages.prove(opened, fresh, whole, whole[name], dict(values), drawn=fingerprint, theme=theme)


def proved_shown(
    page: str, name: str, theme: figures.Theme, fingerprint: str, **choices: Any
) -> pages.ShownProof:
    """What a page shows, drawn again from the snapshot opened afresh and held beside the fingerprint."""
    place = str(firm().directory), layer().version.name
    return _proved_shown(*place, page, name, theme, fingerprint, _tuple(choices))


@st.cache_data(max_entries=4, show_spinner=False)
def _measured(directory: str, version: str, thresholds: object) -> list[metrics.MetricValue]:  # noqa: ARG001
    return metrics.measure(_layer(directory, version), metrics.load_metrics(firm()))


def measured() -> dict[str, metrics.MetricValue]:
    """Every metric on the current snapshot, by name."""
    settings = firm()
    found = _measured(str(settings.directory), layer().version.name, settings.thresholds)
    return {value.metric.name: value for value in found}


@st.cache_data(max_entries=100, show_spinner=False)
def _proved(directory: str, version: str, metric: metrics.Metric) -> metrics.Proof:
    return metrics.prove(_layer(directory, version), metric)


def proved(metric: metrics.Metric) -> metrics.Proof:
    """A metric computed again from its rows on the current snapshot."""
    return _proved(str(firm().directory), layer().version.name, metric)


def _tuple(values: Mapping[str, Any]) -> Values:
    return tuple(sorted(values.items()))


@st.cache_data(ttl=LOOK_EVERY - 1, max_entries=2, show_spinner=False)
def _standing(directory: str) -> tuple[str | None, int]:  # noqa: ARG001  one look serves every session
    live = version()
    return live.name if live else None, store().change_counter()


def watch() -> None:
    """Fix the snapshot this run shows, and run again when another is published or somebody decided.

    What people typed or opened stays as it is.
    """
    live = version()
    if live is None:
        st.session_state.pop("version", None)
    else:
        st.session_state["version"] = live.name
    st.session_state["just_read"] = True
    _look((live.name if live else None, store().change_counter()))


@st.fragment(run_every=LOOK_EVERY)
def _look(seen: tuple[str | None, int]) -> None:
    # within a run of the whole page nothing may cut it short: a click that started it would be lost
    if not st.session_state.pop("just_read", False) and _standing(str(firm().directory)) != seen:
        st.rerun()
