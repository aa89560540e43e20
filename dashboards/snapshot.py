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

from opslayer import access, figures, metrics, pages
from opslayer.config import Firm, Person, find_firm, load_firm
from opslayer.errors import AccessDenied
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


def configured() -> Firm:
    """The firm of $OPSLAYER_FIRM, else of the working directory. Raises ConfigurationError."""
    path = find_firm()
    return _firm(str(path), path.stat().st_mtime_ns)


def signs_in() -> bool:
    """Whether an identity provider says who is looking."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def signed_in() -> Person | None:
    """Whom the identity provider says this is, asked anew each time. Raises AccessDenied as the lib does."""
    if not signs_in() or not st.user.is_logged_in:
        return None
    return access.signed_in(configured(), st.user.to_dict(), moment=now())


def firm() -> Firm:
    """The firm, in which whoever is signed in has the roles that they have now."""
    known, person = configured(), signed_in()
    if person is None:
        return known
    others = tuple(one for one in known.people if one.email != person.email)
    return known.model_copy(update={"people": (person, *others)})


def viewer() -> access.Viewer:
    """Who is looking; without a sign-in, whoever sits at this machine."""
    person = signed_in()
    if person is not None:
        return access.as_viewer(configured(), person)
    if signs_in():
        raise AccessDenied("Nobody is signed in.", mend="sign in")
    return access.THIS_MACHINE


def page_list(name: str) -> pages.Page:
    """The list of a page, for who is looking. Raises AccessDenied where it is not open to them."""
    return pages.open_page(viewer(), name, store=store(), moment=now())


@st.cache_resource(max_entries=2, show_spinner=False, on_release=Store.close)
def _store(url: str, directory: str) -> Store:  # noqa: ARG001  another URL is another store
    return open_store(configured())


def store() -> Store:
    return _store(configured().store.url, place())


def place() -> str:
    """Of which firm what is kept is: versions of two firms may share a name."""
    return str(configured().directory)


@st.cache_resource(max_entries=12, show_spinner=False, on_release=Layer.close)
def _layer(directory: str, version: str, rows: access.Rows) -> Layer:  # noqa: ARG001
    return open_layer(configured(), version, rows=rows)


def version() -> Version | None:
    """What is published, None before the first time."""
    return current(configured())


def layer() -> Layer:
    """The snapshot that is current in this run of the page, of the rows that who is looking sees.

    Stops the page where there is none yet.
    """
    if "version" not in st.session_state:
        st.info("No snapshot is published yet. Run `opslayer refresh`, and this page fills by itself.")
        st.stop()
    return _layer(place(), st.session_state["version"], viewer().rows)


def whole() -> Layer:
    """All of that snapshot, for what guardrails ask as somebody decides; nothing of it is shown."""
    return _layer(place(), st.session_state["version"], access.EVERYTHING)


def as_of() -> date:
    return layer().as_of


@st.cache_data(max_entries=300, show_spinner=False)
def _rows(directory: str, version: str, rows: access.Rows, query: str, values: Values) -> pl.DataFrame:
    return _layer(directory, version, rows).query(query, **dict(values))


def rows(query: str, **values: Any) -> pl.DataFrame:
    """A named query on the current snapshot."""
    shown = layer()
    return _rows(place(), shown.version.name, shown.rows, query, _tuple(values))


@dataclass(frozen=True)
class _Rows:
    """The named queries of the snapshot of this run, each asked once for all who look."""

    layer: Layer

    @property
    def as_of(self) -> date:
        return self.layer.as_of

    def query(self, query: str, /, **values: Any) -> pl.DataFrame:
        return _rows(place(), self.layer.version.name, self.layer.rows, query, _tuple(values))


@st.cache_resource(max_entries=12, show_spinner=False)
def _source(directory: str, version: str, rows: access.Rows) -> pages.Source:
    return pages.Source(configured(), _Rows(_layer(directory, version, rows)), store(), rows=rows)


def source() -> pages.Source:
    """What the pages are drawn from."""
    shown = layer()
    return _source(place(), shown.version.name, shown.rows)


@st.cache_data(max_entries=300, show_spinner="Computing")
def _drawn(
    directory: str,
    version: str,
    rows: access.Rows,
    changes: int,  # noqa: ARG001  what is of the store is drawn again when that changed
    page: str,
    name: str,
    theme: figures.Theme,
    values: Values,
) -> pages.Drawn:
    read = pages.Reading(_source(directory, version, rows), theme)
    return pages.PAGES[page][name].draw(read, **dict(values))


def drawn(page: str, name: str, theme: figures.Theme = "light", **choices: Any) -> pages.Drawn:
    """One thing that a page shows, drawn once for all who look at the same choices."""
    shown = layer()
    changes = store().change_counter() if page_list(page)[name].live else 0
    return _drawn(place(), shown.version.name, shown.rows, changes, page, name, theme, _tuple(choices))


@st.cache_data(max_entries=100, show_spinner="Drawing it again")
def _proved_shown(
    directory: str,  # noqa: ARG001  versions of two firms may share a name
    version: str, rows: access.Rows, page: str, name: str, theme: figures.Theme, fingerprint: str,
    values: Values,
) -> pages.ShownProof:  # fmt: skip
    of = pages.PAGES[page]
    with open_layer(configured(), version, rows=rows) as opened:
        fresh = pages.Source(configured(), opened, store(), rows=rows)
        return pages.prove(opened, fresh, of, of[name], dict(values), drawn=fingerprint, theme=theme)


def proved_shown(
    page: str, name: str, theme: figures.Theme, fingerprint: str, **choices: Any
) -> pages.ShownProof:
    """What a page shows, drawn again from the snapshot opened afresh and held beside the fingerprint."""
    shown, _ = layer(), page_list(page)
    return _proved_shown(
        place(), shown.version.name, shown.rows, page, name, theme, fingerprint, _tuple(choices)
    )


@st.cache_data(max_entries=12, show_spinner=False)
def _measured(
    directory: str, version: str, rows: access.Rows, thresholds: object  # noqa: ARG001
) -> list[metrics.MetricValue]:  # fmt: skip
    return metrics.measure(_layer(directory, version, rows), metrics.load_metrics(configured()))


def measured() -> dict[str, metrics.MetricValue]:
    """Every metric on the current snapshot, by name."""
    shown = layer()
    found = _measured(place(), shown.version.name, shown.rows, configured().thresholds)
    return {value.metric.name: value for value in found}


@st.cache_data(max_entries=100, show_spinner=False)
def _proved(directory: str, version: str, rows: access.Rows, metric: metrics.Metric) -> metrics.Proof:
    return metrics.prove(_layer(directory, version, rows), metric)


def proved(metric: metrics.Metric) -> metrics.Proof:
    """A metric computed again from its rows on the current snapshot."""
    shown = layer()
    return _proved(place(), shown.version.name, shown.rows, metric)


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
    if not st.session_state.pop("just_read", False) and _standing(place()) != seen:
        st.rerun()
