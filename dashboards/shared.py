"""What every page needs: the firm, its snapshot, who is looking, and parts of pages.

Rows and figures are kept by snapshot version, so that they are computed once for all who look.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from opslayer import alerts, figures, metrics
from opslayer.config import Firm, load_firm
from opslayer.store import Store, open_store
from opslayer.warehouse import Layer, Version, current, open_layer

LOOK_EVERY = 3  # seconds between looks for a new snapshot or decision
SHOWN = 500  # rows behind a number that a page shows at most


def now() -> datetime:
    """The moment of a click, the only clock of a page."""
    return datetime.now(UTC)


@st.cache_resource
def _firm(place: str | None, changed: int) -> Firm:  # noqa: ARG001  a changed firm.toml is read anew
    return load_firm(Path(place) if place else None)


def firm() -> Firm:
    place = os.environ.get("OPSLAYER_FIRM")
    path = Path(place or ".") / "firm.toml"
    return _firm(place, path.stat().st_mtime_ns if path.exists() else 0)


@st.cache_resource
def _store(directory: str) -> Store:  # noqa: ARG001  one a firm
    return open_store(firm())


def store() -> Store:
    return _store(str(firm().directory))


@st.cache_resource(max_entries=3, on_release=lambda layer: layer.close())
def _layer(directory: str, version: str) -> Layer:  # noqa: ARG001
    return open_layer(firm(), version)


def snapshot() -> Version | None:
    return current(firm())


def layer() -> Layer:
    """The current snapshot. Stops the page, saying what to do, where there is none yet."""
    version = snapshot()
    if version is None:
        st.info("No snapshot is published yet. Run `opslayer refresh`, and this page fills by itself.")
        st.stop()
    return _layer(str(firm().directory), version.name)


@st.cache_data(max_entries=200, show_spinner=False)
def _rows(directory: str, version: str, query: str, values: tuple[tuple[str, Any], ...]) -> pl.DataFrame:
    return _layer(directory, version).query(query, **dict(values))


def rows(query: str, **values: Any) -> pl.DataFrame:
    """A named query on the current snapshot."""
    version = layer().version
    return _rows(str(firm().directory), version.name, query, tuple(sorted(values.items())))


@st.cache_data(max_entries=100, show_spinner=False)
def _figure(
    directory: str, version: str, name: str, query: str, options: tuple[tuple[str, Any], ...]
) -> go.Figure:
    frame = _rows(directory, version, query, ())
    drawn: go.Figure = getattr(figures, name)(frame, **dict(options))
    return drawn


def figure(name: str, query: str, **options: Any) -> None:
    """Draw `opslayer.figures.<name>` over a named query, with its rows and its SQL to open."""
    theme = "dark" if st.context.theme.type == "dark" else "light"
    version = layer().version
    drawn = _figure(
        str(firm().directory), version.name, name, query, tuple(sorted({**options, "theme": theme}.items()))
    )
    key = f"{name}-{'-'.join(str(option) for option in options.values())}"
    st.plotly_chart(drawn, key=key, config={"displayModeBar": False}, theme=None)
    behind(query, key=key)


def behind(query: str, *, key: str, label: str = "Rows and query") -> None:
    """What a number or figure comes from: its day, its rows, its SQL."""
    with st.popover(label, type="tertiary", icon=":material/table_rows:", key=f"behind-{key}"):
        found = rows(query)
        version = layer().version
        st.caption(f"As of {version.as_of:%d %b %Y}, snapshot {version.name}. {len(found):,} rows.")
        st.dataframe(found.head(SHOWN), hide_index=True, height=280)
        st.code(layer().sql(query), language="sql")


@st.cache_data(max_entries=4, show_spinner=False)
def _measured(directory: str, version: str, changed: int) -> list[metrics.MetricValue]:  # noqa: ARG001
    return metrics.measure(_layer(directory, version), metrics.load_metrics(firm()))


def measured() -> dict[str, metrics.MetricValue]:
    """Every metric on the current snapshot, by name."""
    found = _measured(str(firm().directory), layer().version.name, 0)
    return {value.metric.name: value for value in found}


def metric_row(*names: str) -> None:
    """Metrics side by side, each with its range, its alert, and what lies behind it."""
    values, standing = measured(), {alert.metric: alert.state for alert in alerts.list_alerts(store())}
    for column, name in zip(st.columns(len(names)), names, strict=True):
        with column.container(border=True):
            _metric(values[name], standing.get(name))


def _metric(value: metrics.MetricValue, alert: str | None) -> None:
    metric, currency = value.metric, firm().base_currency
    delta = None
    if value.value is not None and value.previous is not None:
        change = value.value - value.previous
        words = metrics.written(change, metric.unit, currency)
        delta = f"{'+' if change > 0 else ''}{words}" if abs(change) > 1e-9 else None
    st.metric(
        metric.title,
        metrics.written(value.value, metric.unit, currency),
        delta,
        delta_color="normal" if metric.better == "higher" else "inverse",
        help=f"{metric.description} Owner: {metric.owner}.",
    )
    limits = figures.expected(metric.expected, value, currency)
    if value.out_of_range:
        state = alert if alert in ("firing", "acknowledged", "silenced", "pending") else "out of range"
        st.markdown(f":red-badge[:material/warning: {state}] :small[expected {limits}]")
    elif limits:
        st.markdown(f":small[:gray[expected {limits}]]")
    else:
        st.markdown(":small[:gray[no range is set]]")
    behind(metric.rows, key=f"metric-{metric.name}", label=f"as of {value.as_of:%d %b %Y}")


def heading(title: str, question: str) -> None:
    """The title of a page, the question it answers, and the day it answers for."""
    version = layer().version
    st.title(title, anchor=False)
    st.caption(f"{question} As of {version.as_of:%d %B %Y}, snapshot {version.name}.")


def sign_in() -> None:
    """Let nobody in whom the identity provider, where there is one, does not know."""
    if _provider() and not st.user.is_logged_in:
        st.button("Sign in", on_click=st.login)
        st.stop()


def _provider() -> bool:
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def decider() -> str:
    """Who decides, by e-mail address; what they may is checked where it is decided.

    It is the identity provider's word where there is one, else a choice on this machine only.
    """
    if _provider():
        return str(st.user.email)
    people = {person.email: person for person in firm().people}
    if not people:
        st.info("Nobody may decide yet: add [[people]] with their roles to firm.toml.")
        return ""
    chosen: str = st.selectbox(
        "Acting as",
        list(people),
        format_func=lambda email: f"{people[email].name} ({', '.join(people[email].roles)})",
        key="decider",
        width=360,
        help="No identity provider is set up, so whoever sits at this machine says who they are. "
        "Set up [auth] in .streamlit/secrets.toml before anybody else can reach this page.",
    )
    return chosen


@st.fragment(run_every=LOOK_EVERY)
def watch() -> None:
    """Run the page again when a snapshot is published or somebody decided; inputs keep their content."""
    version = snapshot()
    seen = (version.name if version else None, store().change_counter())
    if st.session_state.setdefault("seen", seen) != seen:
        st.session_state["seen"] = seen
        st.rerun()
