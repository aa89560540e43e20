"""What the pages read: the firm, its snapshot, its store. Opened and computed once for all who look.

Everything computed is kept by snapshot version, and the number kept is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from opslayer import figures, metrics
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


@st.cache_data(max_entries=100, show_spinner=False)
def _figure(directory: str, version: str, name: str, query: str, options: Values) -> go.Figure:
    drawn: go.Figure = getattr(figures, name)(_rows(directory, version, query, ()), **dict(options))
    return drawn


def figure(name: str, query: str, **options: Any) -> go.Figure:
    """`opslayer.figures.<name>` over a named query."""
    return _figure(str(firm().directory), layer().version.name, name, query, _tuple(options))


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
