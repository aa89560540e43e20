"""A page of a document, with the places framed that something was read from."""

from __future__ import annotations

import base64
import struct

import plotly.graph_objects as go
import polars as pl

from opslayer.figures.style import MAIN, Theme, styled

WIDTH = 520  # of the page, in pixels


def places(page: bytes, fields: pl.DataFrame, *, theme: Theme = "light") -> go.Figure:
    """`page` is a PNG; `fields` have field, value, confidence and x0, y0, x1, y1 as shares of the page."""
    wide, high = struct.unpack(">II", page[16:24])  # of its head (PNG, 11.2.2)
    drawn = go.Figure()
    picture = "data:image/png;base64," + base64.b64encode(page).decode()
    drawn.add_layout_image(
        source=picture, xref="x", yref="y", x=0, y=0, sizex=1, sizey=1, sizing="stretch", layer="below"
    )
    accent = MAIN["light"]  # paper is white by night too
    for row in fields.drop_nulls("x0").to_dicts():
        drawn.add_shape(
            type="rect", x0=row["x0"] - 0.008, x1=row["x1"] + 0.008, y0=row["y0"] - 0.004,
            y1=row["y1"] + 0.004, line={"color": accent, "width": 2},
        )  # fmt: skip
        drawn.add_annotation(
            x=row["x1"] + 0.012, y=(row["y0"] + row["y1"]) / 2, text=row["field"], xanchor="left",
            showarrow=False, font={"color": accent, "size": 12}, bgcolor="white",
        )  # fmt: skip
    styled(drawn, theme, title="Where it was read", height=round(WIDTH * min(high / max(wide, 1), 2.5)) + 48)
    drawn.update_xaxes(range=[0, 1], visible=False)
    drawn.update_yaxes(range=[1, 0], visible=False)
    return drawn
