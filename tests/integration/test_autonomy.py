"""Earned autonomy on both stores: proposed when earned, confirmed by the owner, ended by anything wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from opslayer import actions
from opslayer.actions.autonomy import wilson_lower
from opslayer.actions.bounces import record_bounces
from opslayer.actions.grant import AUTONOMY
from opslayer.actions.transition import move
from opslayer.actions.version import rule_version
from opslayer.config import Firm, load_firm
from opslayer.errors import ConfigurationError, GuardrailHeld, UsageError
from opslayer.store import AuditEvent, AutonomyGrant, Decision, Store, open_store
from opslayer.store import Proposal as Record
from tests.messages import snapshot, write_rule
from tests.reminders import AS_OF, MOMENT, bounce, received, serving, write_firm

MAEVE, TOMAS, INES = "maeve@harrow.example", "tomas@harrow.example", "ines@harrow.example"
RULE = "overrun_escalation"
OVER = 35
SHIPPED = (Path(actions.__file__).parent / "rules" / f"{RULE}.yaml").read_text()
ASKS = f"autonomy: {{at_least: 0.9, over: {OVER}, up_to: 70000}}\n"


DECIDED: dict[str, Any] = {
    "rule": RULE, "kind": "message", "level": 0, "subject": "x", "title": "x", "amount": 0, "currency": "EUR",
    "evidence_hash": "", "content": {}, "snapshot": "", "state": "sent", "created_at": MOMENT,
    "expires_at": MOMENT,
}  # fmt: skip


@dataclass
class Desk:
    """A firm with a rule that may earn its autonomy."""

    firm: Firm
    store: Store
    mail: Path
    number: int = 0

    def ask(self, more: str = ASKS, cap: int = 15) -> None:
        text = SHIPPED.replace("daily_cap: 15", f"daily_cap: {cap}")
        text = text.replace("owner: delivery", "owner: partner").replace(
            "expires_days", "edit_roles: [partner], expires_days"
        )
        write_rule(self.firm, RULE, text + more)

    def past(self, count: int, *, rejected: int = 0) -> None:
        """So many proposals of the rule as it is now, each decided by a person."""
        (rule,) = [one for one in actions.load_rules(self.firm) if one.name == RULE]
        version = rule_version(self.firm, rule)
        with self.store.session() as session:
            for number in range(count):
                self.number += 1
                verdict = "rejected" if number < rejected else "approved"
                record = Record(
                    idempotency_key=f"{self.number:064}",
                    evidence={"rule_version": version},
                    as_of=AS_OF - timedelta(days=60),
                    **DECIDED,
                )
                record.decisions.append(
                    Decision(verdict=verdict, person=MAEVE, reason="x", evidence_hash="", decided_at=MOMENT)
                )
                session.add(record)
                session.flush()

    def propose(self, *projects: str, money: int = 60000) -> list[actions.Proposal]:
        rows = [{"project_id": one, "name": one, "money_at_risk_base": money} for one in projects]
        with snapshot(self.firm, *rows) as layer:
            return actions.propose(
                self.firm, layer, self.store, as_of=AS_OF, moment=MOMENT, job="monday", rule=None
            )

    def confirm(self, person: str = MAEVE, reason: str = "no mistake") -> None:
        actions.confirm_autonomy(self.firm, self.store, RULE, person=person, reason=reason, moment=MOMENT)

    def granted(self) -> None:
        self.ask()
        self.past(OVER)
        self.propose("p0")
        self.confirm()

    @property
    def standing(self) -> str:
        (row,) = actions.list_autonomy(self.firm, self.store)
        return str(row["standing"])

    def events(self) -> list[str]:
        with self.store.reading() as session:
            query = select(AuditEvent.event).where(AuditEvent.event.like("autonomy%")).order_by(AuditEvent.id)
            return [event.removeprefix("autonomy ") for event in session.scalars(query)]

    def dispatch(self, *projects: str) -> int:
        rows = [{"project_id": one, "name": one} for one in projects]
        with snapshot(self.firm, *rows) as layer:
            actions.dispatch(self.firm, self.store, layer=layer, moment=MOMENT)
        return len(received(self.mail, "ada@harrow.example"))


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:
        yield Desk(write_firm(tmp_path / "firm", store=store_url, port=server.port), store, tmp_path / "mail")


def test_it_is_earned_then_confirmed_by_the_owner_and_only_then_does_it_approve(desk: Desk) -> None:
    desk.ask()
    desk.past(OVER - 1)
    assert [one.state for one in desk.propose("p0")] == ["proposed"]
    assert (desk.standing, desk.events()) == ("not earned", [])
    with pytest.raises(GuardrailHeld, match="has not earned it"):
        desk.confirm()
    desk.past(1)
    assert [one.state for one in desk.propose("p0", "p1")] == ["proposed"]
    assert (desk.standing, desk.events()) == ("proposed", ["proposed"])
    for person, reason, wrong in ((INES, "yes", "takes the role partner"), (TOMAS, "yes", "takes the role")):
        with pytest.raises(GuardrailHeld, match=wrong):
            desk.confirm(person, reason)
    with pytest.raises(UsageError, match="needs a reason"):
        desk.confirm(reason=" ")
    desk.confirm()
    desk.confirm()
    assert desk.events() == ["proposed", "confirmed"]
    made = desk.propose("p0", "p1", "p2")
    assert [(one.party_id, one.state, one.approvals) for one in made] == [
        ("p2", "approved", (AUTONOMY + RULE,))
    ]
    assert [one.state for one in desk.propose("p0", "p1", "p2", "p3", money=70001)][-1] == "proposed"
    assert desk.dispatch("p2") == 1
    assert desk.dispatch("p2") == 1


def reject(desk: Desk, number: int) -> None:
    actions.reject(desk.firm, desk.store, number, person=MAEVE, reason="no", moment=MOMENT)


def fail(desk: Desk, number: int) -> None:
    with desk.store.session() as session:
        record = session.get(Record, number)
        assert record is not None
        move(session, record, "failed", moment=MOMENT, reason="550 no such mailbox")


def edit(desk: Desk, number: int) -> None:
    actions.edit(desk.firm, desk.store, number, subject="Another", person=MAEVE, reason="no", moment=MOMENT)


def change(desk: Desk, _: int) -> None:
    desk.ask(cap=14)
    desk.propose()


def drift(desk: Desk, _: int) -> None:
    desk.past(5, rejected=5)
    desk.propose()


def switch(desk: Desk, _: int) -> None:
    desk.ask("")
    desk.propose()


def say(desk: Desk, _: int) -> None:
    actions.stop_autonomy(desk.firm, desk.store, RULE, person=INES, reason="new staff", moment=MOMENT)


@pytest.mark.parametrize("wrong", [reject, fail, edit, change, drift, switch, say])
def test_anything_wrong_ends_it_at_once_and_takes_back_what_has_not_left(desk: Desk, wrong: object) -> None:
    desk.granted()
    (waiting,) = actions.list_proposals(desk.store, "proposed")
    (approved,) = desk.propose("p0", "p1")
    assert (approved.state, approved.party_id) == ("approved", "p1")
    wrong(desk, waiting.id)  # type: ignore[operator]
    assert desk.events() == ["proposed", "confirmed", "ended"]
    told = actions.show_proposal(desk.store, approved.id or 0)
    assert told.proposal.state in (
        "cancelled",
        "proposed",
    )  # the review that ends it proposes to people again
    assert any("approves no more by itself" in str(event.get("reason")) for event in told.events)
    assert desk.dispatch("p0", "p1") == 0
    assert [one.state for one in desk.propose("p0", "p1", "p2")][-1] == "proposed"


def undo(desk: Desk, number: int) -> None:
    actions.undo(desk.firm, desk.store, number, person=MAEVE, reason="another project", moment=MOMENT)


def come_back(desk: Desk, number: int) -> None:
    folder = desk.firm.directory / "came_back" / "new"
    folder.mkdir(parents=True)
    (sent,) = received(desk.mail, "ada@harrow.example")
    (folder / "1").write_bytes(bounce(str(sent["Message-ID"]), "ada@harrow.example"))
    assert record_bounces(desk.firm, desk.store, moment=MOMENT) == [number]


def complain(desk: Desk, number: int) -> None:
    actions.complain(desk.firm, desk.store, number, person=INES, reason="it is done", moment=MOMENT)


@pytest.mark.parametrize("wrong", [undo, come_back, complain])
def test_what_left_and_was_wrong_ends_it_at_once_too(desk: Desk, wrong: object) -> None:
    path = desk.firm.directory / "firm.toml"
    path.write_text(path.read_text() + 'bounces = "maildir:came_back"\n')
    desk.firm = load_firm(path)
    desk.granted()
    (first,) = actions.list_proposals(desk.store, "proposed")
    with snapshot(desk.firm, {"project_id": "p0", "name": "p0"}) as layer:
        actions.approve(
            desk.firm, desk.store, first.id or 0, person=MAEVE, reason="y", moment=MOMENT, layer=layer
        )
    assert desk.dispatch("p0") == 1
    (approved,) = desk.propose("p0", "p1")
    assert approved.state == "approved"
    wrong(desk, first.id)  # type: ignore[operator]
    assert desk.events() == ["proposed", "confirmed", "ended"]
    told = actions.show_proposal(desk.store, approved.id or 0).proposal
    assert (told.state, "approves no more by itself" in str(told.reason)) == ("cancelled", True)
    assert desk.dispatch("p0", "p1") == 1
    assert desk.propose("p0", "p1", "p2")[-1].state == "proposed"
    assert desk.standing == "ended"
    with pytest.raises(GuardrailHeld, match="has not earned it"):
        desk.confirm()


def test_what_is_tampered_with_does_not_leave(desk: Desk) -> None:
    desk.granted()
    (approved,) = desk.propose("p0", "p1")
    with desk.store.session() as session:  # behind everybody's back
        session.execute(update(AutonomyGrant).values(rule_version="another"))
    assert desk.dispatch("p0", "p1") == 0
    row = actions.show_proposal(desk.store, approved.id or 0).proposal
    assert (row.state, row.reason) == ("cancelled", "it is not what was approved")


def test_a_grant_that_no_person_gave_is_found_by_the_trail(desk: Desk) -> None:
    desk.ask()
    with desk.store.session() as session:
        session.add(
            AutonomyGrant(
                rule=RULE, rule_version="x", state="confirmed", approved=1, decided=1, lower_bound=1,
                proposed_at=MOMENT,
            )
        )  # fmt: skip
    assert "autonomy 1 is not what the trail says" in str(actions.verify(desk.store).why)


def test_a_rate_that_is_too_low_earns_nothing(desk: Desk) -> None:
    desk.ask()
    desk.past(OVER - 1)
    desk.past(1, rejected=1)
    desk.propose("p0")
    assert desk.standing == "not earned"
    assert wilson_lower(OVER, OVER) > 0.9 > wilson_lower(OVER - 1, OVER)
    desk.past(OVER)  # the last decisions count
    desk.propose("p0")
    assert desk.standing == "proposed"


def test_too_few_decisions_to_ever_show_it_are_refused_by_name(tmp_path: Path) -> None:
    firm = write_firm(tmp_path / "firm")
    path = write_rule(firm, RULE, SHIPPED + "autonomy: {at_least: 0.95, over: 50, up_to: 0}\n")
    with pytest.raises(ConfigurationError, match="73 or more: fewer cannot show 95%") as caught:
        actions.load_rules(firm)
    assert str(path) in caught.value.message
    assert wilson_lower(73, 73) >= 0.95 > wilson_lower(72, 72)
