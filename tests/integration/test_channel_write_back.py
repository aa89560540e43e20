"""A field of another system's database: set once, from what it was, and restored only if it still stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from opslayer import actions
from opslayer.actions.channels import configured
from opslayer.actions.outbox import GRACE, LEASE
from opslayer.config import Firm
from opslayer.errors import ChannelFailed
from opslayer.store import Store, open_store
from tests.channels import MAEVE, approve_on, configure, die_at, dispatch_on, only, write_follow_up
from tests.messages import days_later, snapshot
from tests.reminders import write_firm

LATER = (LEASE + GRACE) / timedelta(hours=1) + 0.1
STATEMENT = """
-- what a deal's stage and margin are set to
update deal set stage = :stage, margin = :margin
where deal_id = :deal_id and stage = :stage_before and margin is not distinct from :margin_before
"""
COLUMNS = ("deal_id", "stage", "stage_before", "margin", "margin_before")


@dataclass
class Crm:
    """Another system's database, on the engine of the store beside it."""

    firm: Firm
    store: Store
    engine: sa.Engine

    def run(self, text: str) -> list[tuple[object, ...]]:
        with self.engine.begin() as connection:
            found = connection.execute(sa.text(text))
            return [tuple(row) for row in found] if found.returns_rows else []

    @property
    def deal(self) -> tuple[str, float | None]:
        ((stage, margin),) = self.run("select stage, margin from deal where deal_id = 'p1'")
        return str(stage), None if margin is None else float(str(margin))


@pytest.fixture(params=["ledger", "row"])
def crm(
    request: pytest.FixtureRequest, tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Crm]:
    url = store_url if store_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'crm.db'}"
    monkeypatch.setenv("CRM", url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with open_store(store_url) as store:
        ledger = {"ledger": '"opslayer_done"'} if request.param == "ledger" else {}
        firm = configure(
            write_firm(tmp_path, store=store_url), kind='"sql"', url='"env:CRM"', statement='"set_stage"',
            table='"deal"', key='"deal_id"', **ledger,
        )  # fmt: skip
        (tmp_path / "statements").mkdir()
        (tmp_path / "statements" / "set_stage.sql").write_text(STATEMENT)
        made = Crm(firm, store, engine)
        made.run("create table deal (deal_id varchar(9), stage varchar(20), margin numeric(9, 2))")
        made.run("create table opslayer_done (idempotency_key char(64) primary key)")
        made.run("insert into deal values ('p1', 'open', null), ('p2', 'open', null)")
        write_follow_up(firm, "crm", *COLUMNS)
        approve_on(firm, store, 1)
        yield made


def test_one_row_is_set_once(crm: Crm) -> None:
    assert dispatch_on(crm.firm, crm.store, 1) == ["sent"]
    assert crm.deal == ("at risk", 12.5)
    assert crm.run("select stage from deal where deal_id = 'p2'") == [("open",)]
    assert dispatch_on(crm.firm, crm.store, 1) == []
    assert actions.verify(crm.store).holds


def test_what_is_not_as_it_was_is_left_alone(crm: Crm) -> None:
    crm.run("update deal set stage = 'won'")
    assert dispatch_on(crm.firm, crm.store, 1) == ["failed"]
    assert "not what it was when this was approved" in only(crm.store)[1]
    assert crm.deal == ("won", None)
    assert crm.run("select * from opslayer_done") == []


@pytest.mark.parametrize("step", ["before", "after"])
def test_killed_between_send_and_record(crm: Crm, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    die_at(monkeypatch, step, lambda: dispatch_on(crm.firm, crm.store, 1))
    if step == "after" and crm.firm.channels["crm"].ledger:  # type: ignore[union-attr]
        crm.run("update deal set stage = 'open', margin = null")  # somebody else, meanwhile: it stays so
    dispatch_on(crm.firm, crm.store, 1, hours=LATER)
    assert only(crm.store)[0] == "sent"
    done = crm.run("select count(*) from opslayer_done")
    if crm.firm.channels["crm"].ledger:  # type: ignore[union-attr]
        assert done == [(1,)]
        assert crm.deal[0] == ("open" if step == "after" else "at risk")
    else:
        assert crm.deal == ("at risk", 12.5)


@pytest.mark.parametrize("meanwhile", ["at risk", "won"])
def test_undo_sets_it_back_unless_another_has_changed_it(crm: Crm, meanwhile: str) -> None:
    dispatch_on(crm.firm, crm.store, 1)
    (one,) = actions.list_proposals(crm.store)
    as_of, moment = days_later(1)
    made = actions.undo(crm.firm, crm.store, one.id or 0, person=MAEVE, reason="wrong", moment=moment)
    with snapshot(crm.firm, as_of=as_of) as layer:
        actions.approve(
            crm.firm, crm.store, made.id or 0, person=MAEVE, reason="yes", moment=moment, layer=layer
        )
    assert (
        dict(actions.show_proposal(crm.store, made.id or 0).rows.iter_rows())["stage"]
        == "at risk back to open"
    )
    crm.run(f"update deal set stage = '{meanwhile}' where deal_id = 'p1'")
    is_ours = meanwhile == "at risk"
    assert dispatch_on(crm.firm, crm.store, 1) == ["sent" if is_ours else "failed"]
    assert crm.deal == (("open", None) if is_ours else ("won", 12.5))


def test_check_tries_the_statement_and_changes_nothing(crm: Crm) -> None:
    channel = configured.open_channel(crm.firm, "crm")
    assert "can run on deal" in channel.check()
    assert crm.deal == ("open", None)
    crm.run("alter table deal rename column stage to phase")
    with pytest.raises(ChannelFailed, match="stage"):
        channel.check()


def test_a_row_that_is_locked_is_tried_again(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    from opslayer.actions.channels import write_back

    monkeypatch.setattr(write_back, "TIMEOUT", 1)
    with crm.engine.connect() as other:
        other.execute(sa.text("update deal set stage = stage"))
        dispatch_on(crm.firm, crm.store, 1)
        other.rollback()
    assert only(crm.store)[0] == "approved"
    assert dispatch_on(crm.firm, crm.store, 1, hours=1) == ["sent"]
    assert crm.deal == ("at risk", 12.5)
