"""Files for another system: there whole and once, however the dispatch ends, and no cell is a formula."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from opslayer import actions
from opslayer.actions.channels import configured
from opslayer.actions.outbox import GRACE, LEASE
from opslayer.config import Firm
from opslayer.errors import ChannelFailed
from opslayer.store import Store, open_store
from tests.channels import approve_on, configure, die_at, dispatch_on, only, write_follow_up
from tests.reminders import write_firm

LATER = (LEASE + GRACE) / timedelta(hours=1) + 0.1


@dataclass
class Drop:
    firm: Firm
    store: Store

    @property
    def files(self) -> list[Path]:
        return sorted((self.firm.directory / "in").iterdir())


@pytest.fixture
def drop(tmp_path: Path, store_url: str) -> Iterator[Drop]:
    for name in ("in", "done"):
        (tmp_path / name).mkdir()
    with open_store(store_url) as store:
        firm = configure(
            write_firm(tmp_path, store=store_url), kind='"folder"', path='"in"', archive='"done"'
        )
        write_follow_up(firm, "crm")
        approve_on(firm, store, 1)
        yield Drop(firm, store)


def test_it_arrives_once_named_by_its_key(drop: Drop) -> None:
    assert dispatch_on(drop.firm, drop.store, 1) == ["sent"]
    assert dispatch_on(drop.firm, drop.store, 1) == []
    (file,) = drop.files
    event = json.loads(file.read_text())
    assert file.name == f"{event['data']['key']}.json"
    assert event["data"]["values"] == {"client": "Acme", "eac_hours": 130}
    assert actions.verify(drop.store).holds


@pytest.mark.parametrize("step", ["before", "after"])
@pytest.mark.parametrize("is_read", [False, True])
def test_killed_between_send_and_record(
    drop: Drop, monkeypatch: pytest.MonkeyPatch, step: str, is_read: bool
) -> None:
    die_at(monkeypatch, step, lambda: dispatch_on(drop.firm, drop.store, 1))
    if is_read:
        for file in drop.files:
            file.rename(drop.firm.directory / "done" / f"20261116-{file.name}")
    dispatch_on(drop.firm, drop.store, 1, hours=LATER)
    assert only(drop.store)[0] == "sent"
    everything = [*drop.files, *(drop.firm.directory / "done").iterdir()]
    assert len(everything) == 1


def test_a_folder_that_is_away_is_tried_again(drop: Drop) -> None:
    place = drop.firm.directory / "in"
    place.rmdir()
    dispatch_on(drop.firm, drop.store, 1)
    assert only(drop.store)[0] == "approved"
    with pytest.raises(ChannelFailed, match="is no folder"):
        configured.open_channel(drop.firm, "crm").check()
    place.mkdir()
    assert "can be written to" in configured.open_channel(drop.firm, "crm").check()
    assert dispatch_on(drop.firm, drop.store, 1) == ["sent"]


def test_no_cell_is_a_formula(drop: Drop) -> None:
    firm = configure(drop.firm, kind='"folder"', path='"in"', format='"csv"')
    name = {"project_id": "p2", "party_name": "=cmd|'/C calc'!A0"}
    approve_on(firm, drop.store, 1, name)
    dispatch_on(firm, drop.store, 1, name)
    (file,) = drop.files
    (row,) = csv.DictReader(file.read_text().splitlines())
    assert row["client"] == "'=cmd|'/C calc'!A0"
    assert row["type"] == "opslayer.follow_up"
