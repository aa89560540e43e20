"""A question of the briefing: its answer in a sentence, what is behind it, and the way to its page."""

from __future__ import annotations

from functools import partial
from typing import Any

import people
import shown
import streamlit as st

CARD = 370  # pixels across
put = partial(shown.put, "briefing", place=CARD)


def card() -> Any:
    return st.container(border=True, gap="small")


def part(title: str, page: str, *names: str) -> None:
    """The card of one question, with the first few rows behind its answer."""
    with card():
        people.way_to(page, f"**{title}**", ":material/arrow_forward:")
        put(*names)
