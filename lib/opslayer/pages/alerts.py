"""What the page Alerts shows: what is out of range, who has taken it on, what became of it, who heard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl
from sqlalchemy import func, select

from opslayer.pages.reading import Reading
from opslayer.pages.shown import Meeting, Page, Tile, Tiles, sentence, table, tile, tiles
from opslayer.store import AlertRecord

UNKNOWN = ("no data", "error")
ORDER = (
    "firing", "error", "no data", "pending", "acknowledged", "recovering", "silenced", "resolved", "normal",
)  # fmt: skip
AT_REST = ("normal", "resolved")


def _choices(read: Reading) -> Iterator[Mapping[str, str]]:
    """The first alert of each state."""
    named = _standing(read).unique("state", keep="first", maintain_order=True)["key"].to_list()
    yield from ({"alert": key} for key in named) if named else [{}]


def _standing(read: Reading, **_: str) -> pl.DataFrame:
    """Those that are not at rest: what nobody has taken on first, and of the firm before its parts."""
    found = read.record("alerts").filter(~pl.col("state").is_in(AT_REST))
    place = pl.col("state").replace_strict({state: n for n, state in enumerate(ORDER)}, return_dtype=pl.Int8)
    return found.sort(place, pl.col("key").str.contains(":"), "title", "name")


def _headline(read: Reading, **_: str) -> Tiles:
    alerts = read.record("alerts")
    episodes = read.record("alert_episodes")
    counted = {state: alerts.filter(state=state).height for state in ORDER}
    hours = episodes["hours_to_acknowledge"].drop_nulls()
    waited = "none yet" if hours.is_empty() else f"{float(hours.median()):,.1f} h"  # type: ignore[arg-type]
    blind = sum(counted[state] for state in UNKNOWN)
    quiet = counted["acknowledged"] + counted["silenced"]
    return (
        Tile("Out of range", f"{counted['firing']:,}", "They fire, and nobody has acknowledged them."),
        Tile("About to fire", f"{counted['pending']:,}", "Out of range, and not for long enough yet."),
        Tile("Taken on or silenced", f"{quiet:,}", "Somebody acknowledged or silenced them."),
        Tile("Not known", f"{blind:,}", "Without a value, or their query could not be run."),
        Tile("Time to acknowledge", waited, "The median, of all that somebody acknowledged."),
    )


def _counting(*states: str) -> Meeting:
    titles = {"firing": "Out of range", "pending": "About to fire", "no data": "Not known"}
    return Meeting(
        f"those that are {' or '.join(states)} are in the store",
        tile(titles[states[0]]),
        records=select(func.count()).select_from(AlertRecord).where(AlertRecord.state.in_(states)),
    )


def _told(read: Reading, *, alert: str = "", **_: str) -> str:
    found = read.record("alerts").filter(key=alert)
    if found.is_empty():
        return ""
    one = found.row(0, named=True)
    note = f"  \n:small[:gray[{one['note']}]]" if one["note"] else ""
    return (
        f"**{one['about']}**: {one['value']}{', expected ' + one['limits'] if one['limits'] else ''}.{note}"
    )


def _moves(read: Reading, *, alert: str = "", **_: str) -> pl.DataFrame:
    return read.record("alert_changes", alert=alert)


ALERTS = Page(
    "alerts",
    "What is out of range, since when, and who has taken it on?",
    choices=_choices,
    shows=(
        tiles(
            "headline",
            _headline,
            meets=(_counting("firing"), _counting("pending"), _counting(*UNKNOWN)),
            live=True,
        ),
        table(
            "standing",
            _standing,
            {
                "state": "State",
                "name": "About",
                "title": "What",
                "value": "Value",
                "limits": "Expected",
                "since": "Since",
                "owner": "Whose",
                "who": "Taken on by",
                "why": "Why, or what is done",
            },
            empty="Nothing is out of range.",
            height=430,
            live=True,
        ),
        sentence("told", _told, live=True),
        table(
            "moves",
            _moves,
            {
                "moment": "When",
                "before": "From",
                "after": "To",
                "value": "Value",
                "person": "Who",
                "why": "Why",
            },
            empty="It has not moved yet.",
            live=True,
        ),
        table(
            "episodes",
            lambda read, **_: read.record("alert_episodes"),
            {
                "about": "What",
                "fired_at": "Fired",
                "times": "Times",
                "acknowledged_by": "Acknowledged by",
                "hours_to_acknowledge": "After hours",
                "comment": "Comment",
                "over_at": "Over",
            },
            empty="Nothing has fired yet.",
            height=320,
            live=True,
        ),
        table(
            "notices",
            lambda read, **_: read.record("alert_notices"),
            {
                "made_at": "When",
                "person": "Who",
                "told": "What",
                "alerts": "Alerts",
                "subject": "Subject",
                "state": "Mail",
            },
            empty="Nobody was written to; `[alerts]` in firm.toml says who is.",
            live=True,
        ),
    ),
)
