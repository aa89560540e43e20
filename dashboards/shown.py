"""What a page shows, put on it from its list in `opslayer.pages`, and behind each thing how it came about."""

from __future__ import annotations

from typing import Any

import parts
import plotly.graph_objects as go
import snapshot
import streamlit as st
import widths

from opslayer import pages


def metrics(page: str) -> None:
    """The page's metrics, side by side."""
    parts.metric_row(*snapshot.page_list(page).metrics)


def put(page: str, *names: str, place: int = widths.PLACE, **choices: Any) -> None:
    """Some of what the page shows, one below the other, and one way to all that lies behind it."""
    theme = parts.theme()
    drawn = {name: snapshot.drawn(page, name, theme, **choices) for name in names}
    for name, one in drawn.items():
        _put(f"{page}-{name}", one, place)
    with parts.lying_behind("-".join((page, *names))) as opened:
        if opened.open:
            for name, one in drawn.items():
                _behind(snapshot.proved_shown(page, name, theme, pages.fingerprint(one), **choices))


def _put(key: str, drawn: pages.Drawn, place: int) -> None:
    match drawn:
        case go.Figure():
            st.plotly_chart(drawn, key=key, config={"displayModeBar": False}, theme=None)
        case pages.Table():
            if drawn.empty or drawn.frame.height:
                options = {} if drawn.height is None else {"height": drawn.height, "row_height": 35}
                parts.table(drawn.frame, drawn.columns, empty=drawn.empty, place=place, **options)
        case str():
            if drawn:
                st.markdown(drawn)
        case _:
            _tiles(key, drawn)


def _tiles(key: str, drawn: pages.Tiles) -> None:
    with st.grid(len(drawn), min_column_width=parts.TILE, border=True, key=key):
        for tile in drawn:
            st.metric(
                tile.title,
                tile.value,
                tile.change,
                delta_color="inverse" if tile.is_worse_up else "normal",
                delta_description=f"was {tile.was}" if tile.was else None,
                help=tile.told or None,
            )


def _behind(proof: pages.ShownProof) -> None:
    """How it came about: drawn again, met by another way; from which rows, contracts and models."""
    title = proof.name.replace("_", " ").capitalize()
    if proof.holds:
        st.markdown(f":green-badge[:material/check: proved] **{title}**. Drawn again, it is the same.")
    else:
        st.markdown(f":red-badge[:material/error: not proved] **{title}**. {proof.why}")
    told = [
        f"{way.what[:1].upper()}{way.what[1:]}: {way.other or 0:,.2f}." for way in proof.ways if way.meets
    ]
    told += [_origin(origin) for origin in proof.origins]
    told += [f"Of the store: {one.query}, {one.rows:,} rows." for one in proof.asked if one.is_record]
    if proof.contracts.height:
        red = f":red[{proof.red} do not]" if proof.red else "none is broken"
        told.append(f"Contract rules on what it reads: {proof.contracts.height - proof.red} hold, {red}.")
    st.markdown("\n".join(f"- {line}" for line in told))
    for place, one in enumerate(one for one in proof.asked if not one.is_record):
        parts.source(one.query, "The rows and the query", with_rows=place == 0, **dict(one.values))


def _origin(origin: pages.Origin) -> str:
    run = (
        f"run {origin.run_id} of {origin.notebook}" if origin.notebook else "a run of which no record is kept"
    )
    read = f", from snapshot {origin.made_from}" if origin.made_from else ""
    return (
        f"Predictions of {parts.day(origin.as_of)}: {origin.model}, version {origin.model_version}, "
        f"by {run}{read}."
    )
