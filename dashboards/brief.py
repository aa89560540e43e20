"""A question of the briefing: its answer in a sentence, what is behind it, and the way to its page."""

from __future__ import annotations

from collections.abc import Mapping

import parts
import polars as pl
import streamlit as st

CARD = 370  # pixels across
SHOWN = 3  # rows of each list; the page behind it has them all


def part(title: str, said: str, page: str, rows: pl.DataFrame, columns: Mapping[str, str]) -> None:
    """The card of one question, with the first few rows behind its answer."""
    with st.container(border=True, gap="small"):
        st.page_link(f"views/{page}.py", label=f"**{title}**", icon=":material/arrow_forward:")
        st.markdown(said)
        if not rows.is_empty():
            parts.table(rows.head(SHOWN), columns, empty="", place=CARD)
