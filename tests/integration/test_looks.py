"""When somebody last looked: kept by person, and no change that open pages would show."""

from __future__ import annotations

from datetime import timedelta

from opslayer.store import look, open_store
from tests.reminders import MOMENT


def test_looks_close_to_each_other_are_one(store_url: str) -> None:
    with open_store(store_url) as store:
        assert look(store, "maeve", moment=MOMENT) is None
        assert look(store, "maeve", moment=MOMENT + timedelta(minutes=10)) is None
        again = MOMENT + timedelta(hours=5)
        assert look(store, "maeve", moment=again) == MOMENT + timedelta(minutes=10)
        assert look(store, "maeve", moment=again + timedelta(minutes=1)) == MOMENT + timedelta(minutes=10)
        assert look(store, "ines", moment=again) is None
        assert store.change_counter() == 0
