"""Episodes of an alert, and how long each waited for somebody, from its moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from opslayer.alerts import episodes, median_hours
from opslayer.alerts.history import CHANGES

T0 = datetime(2026, 11, 16, 9, tzinfo=UTC)


def moves(*given: tuple[float, str, str, int, bool, str | None]) -> pl.DataFrame:
    rows = [
        (1, "dso", "", "", T0 + timedelta(hours=hours), before, after, episode, fired, T0.date(), 60.0,
         person, "on it" if person else None)
        for hours, before, after, episode, fired, person in given
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=CHANGES, orient="row")


def test_an_episode_is_from_firing_to_over() -> None:
    found = episodes(
        moves(
            (0, "normal", "pending", 1, False, None),
            (24, "pending", "firing", 1, True, None),
            (27, "firing", "acknowledged", 1, False, "tomas"),
            (48, "acknowledged", "recovering", 1, False, None),
            (50, "recovering", "acknowledged", 1, False, None),  # it came back: nobody said so anew
            (72, "acknowledged", "recovering", 1, False, None),
            (96, "recovering", "resolved", 1, False, None),
            (200, "normal", "firing", 2, True, None),
        )
    )
    newest, first = found.to_dicts()
    assert (first["fired_at"], first["over_at"]) == (T0 + timedelta(hours=24), T0 + timedelta(hours=96))
    assert (first["acknowledged_by"], first["hours_to_acknowledge"], first["times"]) == ("tomas", 3.0, 1)
    assert first["comment"] == "on it"
    assert (newest["over_at"], newest["acknowledged_by"], newest["hours_to_acknowledge"]) == (
        None,
        None,
        None,
    )
    assert median_hours(found) == pytest.approx(3.0)


def test_what_never_fired_is_no_episode() -> None:
    pending = moves((0, "normal", "pending", 1, False, None), (24, "pending", "normal", 1, False, None))
    assert episodes(pending).is_empty()
    assert median_hours(episodes(pending)) is None
    assert episodes(moves()).is_empty()
