"""What the page Today shows: what is out of range, what waits, what changed since one last looked."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from opslayer.pages.reading import Reading
from opslayer.pages.shown import Page, sentence, table

SHOWN = 8  # rows of each list: all of it is one screen, the pages behind have the rest
ALARMING = ("firing", "error", "no data", "pending")


def _alarming(read: Reading) -> pl.DataFrame:
    """What nobody has taken on yet: what fires before what may, the firm before its parts."""
    alerts = read.record("alerts").filter(pl.col("state").is_in(ALARMING))
    place = pl.col("state").replace_strict({s: n for n, s in enumerate(ALARMING)}, return_dtype=pl.Int8)
    return alerts.sort(place, pl.col("key").str.contains(":"), "title", "name")


def _out(read: Reading, **_: str) -> str:
    states = _alarming(read)["state"]
    firing, unknown, soon = (
        int(states.is_in(list(some)).sum()) for some in (("firing",), ("error", "no data"), ("pending",))
    )
    if not states.len():
        return "Nothing is out of its range."
    return f"**{firing}** out of range, {soon} about to be, {unknown} not known."


def _waiting(read: Reading, *, person: str = "", at: str = "") -> pl.DataFrame:
    return read.record("waiting", person=person, at=at)


def _waits(read: Reading, *, person: str = "", at: str = "", **_: str) -> str:
    waiting = _waiting(read, person=person, at=at)
    whose = " for you" if person else ""
    return f"**{waiting.height}** wait{whose}." if waiting.height else f"Nothing waits{whose}."


def _changes(read: Reading, *, since: str = "") -> pl.DataFrame:
    return read.record("changes", since=since)


def _since(read: Reading, *, since: str = "", **_: str) -> str:
    many = _changes(read, since=since).height
    if not since:
        return f"**{many}**, and all of it is new to you: you have not looked before."
    looked = datetime.fromisoformat(since).astimezone(read.firm.zone)
    return f"**{many}** since you looked on {looked:%A, %-d %B, %H:%M}."


TODAY = Page(
    "today",
    "What is out of range, what waits for me, and what changed since I last looked?",
    shows=(
        sentence("out", _out, live=True),
        table(
            "alarming",
            lambda read, **_: _alarming(read).head(SHOWN),
            {"about": "What", "value": "Now", "limits": "Expected"},
            empty="",
            live=True,
        ),
        sentence("waits", _waits, live=True),
        table(
            "waiting",
            lambda read, *, person="", at="", **_: _waiting(read, person=person, at=at).head(SHOWN),
            {"amount": "Amount, {currency}", "title": "Proposal", "until": "Until"},
            empty="",
            live=True,
        ),
        sentence("since", _since),
        table(
            "changes",
            lambda read, *, since="", **_: _changes(read, since=since).head(SHOWN),
            {"happened_at": "When", "what": "What"},
            empty="Nothing has changed.",
            live=True,
        ),
    ),
)
