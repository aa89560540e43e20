"""Executed notebooks as they were rendered: one of them, or two of one notebook side by side."""

from __future__ import annotations

from pathlib import Path

import snapshot
import streamlit as st

from opslayer import runner
from opslayer.store import Run

TALL = 1_100  # pixels: a screen of a report, the rest scrolls within
ALONE = "nothing"


def choose() -> None:
    """Which notebook, which of its runs, and which other beside it; the address keeps the choice."""
    kept = runner.rendered_runs(snapshot.store())
    if not kept:
        st.markdown("No run has left a page yet.")
        return
    first, second, third = st.columns(3)
    notebook = first.selectbox("Notebook", list(kept), key="notebook", bind="query-params")
    runs = {_named(run): run for run in kept[notebook]}
    one = second.selectbox("Run", list(runs), key="run", bind="query-params")
    others = [ALONE, *(name for name in runs if name != one)]
    beside = third.selectbox("Beside it", others, key="beside", bind="query-params")
    chosen = [runs[name] for name in (one, beside) if name != ALONE]
    for place, run in zip(st.columns(len(chosen)), chosen, strict=True):
        with place:
            _show(run)


def _named(run: Run) -> str:
    started = run.started_at.astimezone(snapshot.firm().zone)
    failed = "" if run.state == "succeeded" else f", {run.state}"
    return f"as of {run.as_of:%-d %b %Y}, run {started:%-d %b %H:%M:%S}{failed}"


def _show(run: Run) -> None:
    st.markdown(f"**{_named(run)[:1].upper()}{_named(run)[1:]}**")
    page = Path(run.page or "")
    if page.is_file():
        st.iframe(page, height=TALL, alt=f"{run.notebook}, {_named(run)}")
    else:
        st.markdown("Its page is no longer kept.")
