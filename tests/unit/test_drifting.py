"""Clients in touch less and less are named, and those the whole firm is less in touch with are not."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from opslayer.intelligence.drifting import drifting, headline

AS_OF = date(2026, 11, 16)


def contacts(chance: np.random.Generator, *, fallen: set[int], all_lately: float = 1.0) -> pl.DataFrame:
    """A year of weeks of 60 clients: mails, calls, hours; the fallen are in touch a tenth as often lately."""
    rows = []
    for client in range(60):
        usual = chance.uniform(0.3, 0.8)
        for week in range(52):
            often = usual * (all_lately if week < 13 else 1) * (0.1 if client in fallen and week < 13 else 1)
            rows += [
                (f"c{client}", way, AS_OF - timedelta(days=7 * week + 2))
                for way in ("mail", "call", "hours")
                if chance.random() < often
            ]
    return pl.DataFrame(rows, schema=["party_id", "way", "day"], orient="row")


WORTH = pl.DataFrame(
    {
        "party_id": [f"c{n}" for n in range(60)],
        "party_name": [f"Client {n}" for n in range(60)],
        "revenue_year_base": [1000] * 60,
    }
)


def test_who_falls_off_is_named_with_what_fell_and_hardly_anybody_else() -> None:
    fallen = {3, 17, 40, 55}
    found = drifting(contacts(np.random.default_rng(1), fallen=fallen), WORTH, as_of=AS_OF)
    named = set(found.filter(pl.col("is_drifting") | pl.col("is_silent"))["party_id"])
    assert {f"c{client}" for client in fallen} <= named
    assert len(named) <= 5
    assert " of the last 13 weeks (before: " in found["reasons"][0]
    assert headline(found).startswith(f"**{found['is_drifting'].sum()} of 60** clients are drifting away")


def test_a_summer_that_all_clients_share_names_nobody_and_neither_does_a_source_that_came_late() -> None:
    shared = drifting(contacts(np.random.default_rng(2), fallen=set(), all_lately=0.5), WORTH, as_of=AS_OF)
    assert shared["is_drifting"].sum() <= 1
    late = contacts(np.random.default_rng(3), fallen=set()).filter(
        (pl.col("way") != "call") | (pl.col("day") > AS_OF - timedelta(days=60))
    )
    found = drifting(late, WORTH, as_of=AS_OF)
    assert found["is_drifting"].sum() <= 1
    assert not found["reasons"].str.contains("Calls").any()


def test_who_was_not_heard_of_for_90_days_is_silent_and_no_longer_drifting() -> None:
    rows = contacts(np.random.default_rng(4), fallen=set())
    gone = rows.filter((pl.col("party_id") != "c7") | (pl.col("day") < AS_OF - timedelta(days=91)))
    found = drifting(gone, WORTH, as_of=AS_OF).filter(party_id="c7").row(0, named=True)
    assert (found["is_silent"], found["is_drifting"]) == (True, False)
    assert drifting(rows.clear(), WORTH, as_of=AS_OF).is_empty()
    assert drifting(rows.head(4), WORTH, as_of=AS_OF).is_empty()
