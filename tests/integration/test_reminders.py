"""From the ledger to the client's mailbox, and everything that may come between; on both engines."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from opslayer import actions
from opslayer.actions import Proposal
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.store import Store, open_store
from opslayer.warehouse import Layer
from tests.reminders import AS_OF, MOMENT, Books, Owed, Server, everything, received, serving, write_firm

MAEVE, TOMAS, INES = "maeve@harrow.example", "tomas@harrow.example", "ines@harrow.example"
RULE = "lib/opslayer/actions/rules/payment_reminder.yaml"


@dataclass
class Desk:
    """A firm with books, a store, a mail server, and what people do at it."""

    books: Books
    store: Store
    server: Server
    mail: Path
    layer: Layer

    def propose(self, **given: Any) -> list[Proposal]:
        moment = given.pop("moment", MOMENT)
        return actions.propose(
            self.books.firm, self.layer, self.store, as_of=self.layer.as_of, moment=moment, **given
        )

    def approve(self, number: int | None, person: str = MAEVE, **given: Any) -> Proposal:
        assert number is not None
        values = {"reason": "looked at it", "moment": MOMENT, "layer": self.layer, **given}
        return actions.approve(self.books.firm, self.store, number, person=person, **values)

    def reject(self, number: int | None, person: str = MAEVE) -> Proposal:
        assert number is not None
        return actions.reject(
            self.books.firm, self.store, number, person=person, reason="not now", moment=MOMENT
        )

    def dispatch(self, **given: Any) -> list[Proposal]:
        values = {"layer": self.layer, "moment": MOMENT, **given}
        return actions.dispatch(self.books.firm, self.store, **values)

    def state(self, number: int | None) -> tuple[str, str | None]:
        assert number is not None
        proposal = actions.show_proposal(self.store, number).proposal
        return proposal.state, proposal.reason

    def publish(self, **given: Any) -> None:
        self.layer.close()
        self.layer = self.books.publish(**given)

    def configure(self, *changes: tuple[str, str]) -> None:
        """The firm's own copy of the rule, changed."""
        rule = Path(__file__).resolve().parents[2] / RULE
        place = self.books.firm.directory / "rules" / rule.name
        place.parent.mkdir(exist_ok=True)
        words = place.read_text() if place.exists() else rule.read_text()
        for old, new in changes:
            assert old in words
            words = words.replace(old, new)
        place.write_text(words)


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port)
        books = Books(
            firm,
            [
                Owed("1", "acme", 46, "1000.00"),
                Owed("2", "acme", 16, "2345.67", "USD", "0.9"),
                Owed("3", "acme", -2, "300.00"),
                Owed("4", "acme", -10, "999.00"),
                Owed("5", "beta", 1, "50.00"),
                Owed("6", "gamma", 20, "70.00", disputed=True),
            ],
        )
        made = Desk(books, store, server, tmp_path / "mail", books.publish())
        yield made
        made.layer.close()


def test_what_arrives_is_what_was_approved(desk: Desk) -> None:
    acme, beta = desk.propose()
    assert (acme.level, acme.party_name, acme.invoices, str(acme.amount)) == (45, "Acme", 3, "3411.10")
    assert (beta.level, beta.state) == (1, "proposed")
    assert desk.dispatch() == []
    desk.approve(acme.id)
    (sent,) = desk.dispatch()
    assert (sent.id, sent.state) == (acme.id, "sent")
    (message,) = received(desk.mail, "acme@client.example")
    shown = actions.show_proposal(desk.store, sent.id or 0)
    assert message["From"] == "Maeve Harrow <maeve@harrow.example>"
    assert message["To"] == "acme@client.example"
    assert message["X-RcptTo"] == "acme@client.example"
    assert message["Subject"] == shown.subject
    assert "final reminder" in shown.subject
    body = message.get_body(("plain",))
    page = message.get_body(("html",))
    assert body is not None
    assert page is not None
    assert body.get_content().replace("\r\n", "\n") == shown.text
    assert page.get_content().replace("\r\n", "\n").strip() == shown.html.strip()
    (statement,) = message.iter_attachments()
    assert statement.get_content() == shown.pdf
    words = "".join(p.extract_text() for p in PdfReader(io.BytesIO(shown.pdf)).pages)
    for number, amount in (("INV-1", "1,000.00 EUR"), ("INV-2", "2,345.67 USD"), ("INV-3", "300.00 EUR")):
        assert number in shown.text
        assert number in words
        assert amount in words
    assert "INV-4" not in words
    assert actions.verify(desk.store).holds
    assert [event["what"] for event in shown.events] == [
        "proposed", "decision: approved", "approved", "sending", "sent",
    ]  # fmt: skip


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    before = desk.store.change_counter()
    assert [proposal.id for proposal in desk.propose(dry_run=True)] == [None, None]
    assert actions.list_proposals(desk.store) == []
    assert desk.store.change_counter() == before


def test_nothing_is_proposed_or_sent_twice(desk: Desk) -> None:
    proposals = desk.propose()
    assert desk.propose() == []
    for proposal in proposals:
        desk.approve(proposal.id)
    assert desk.propose() == []
    desk.dispatch()
    assert desk.dispatch() == []
    assert desk.propose() == []
    assert len(everything(desk.mail)) == 2
    with pytest.raises(UsageError, match="is sent"):
        desk.approve(proposals[0].id)


def test_the_next_rung_comes_on_its_day(desk: Desk) -> None:
    for proposal in desk.propose():
        desk.approve(proposal.id)
    desk.dispatch()
    for days, levels in ((2, []), (12, [15]), (1, [])):
        desk.books.pass_days(days)
        as_of = desk.layer.as_of + timedelta(days=days)
        moment = MOMENT + (as_of - AS_OF)
        desk.publish(as_of=as_of, moment=moment)
        proposals = desk.propose(moment=moment)
        assert [p.level for p in proposals if p.party_name == "Beta"] == levels
        for proposal in proposals:
            desk.approve(proposal.id, moment=moment)
        desk.dispatch(moment=moment)


Change = Callable[[Books], None]
CHANGES: dict[str, Change] = {
    "was paid": lambda books: books.change("1", paid="1000.00"),
    "was credited": lambda books: books.change("1", credited="1000.00"),
    "is disputed": lambda books: books.change("1", disputed=True),
    "is void": lambda books: books.change("1", status="void"),
    "paid or credited in part": lambda books: books.change("1", paid="10.00"),
    "grew": lambda books: books.change("1", total="1000.01"),
    "no longer in the books": lambda books: books.invoices.pop(0) and None,
    "address has changed": lambda books: books.emails.update(acme="new@client.example"),
}


@pytest.mark.parametrize("reason", CHANGES)
def test_what_changed_since_it_was_approved_is_not_sent_and_says_why(desk: Desk, reason: str) -> None:
    acme, beta = desk.propose()
    desk.approve(acme.id)
    desk.approve(beta.id)
    CHANGES[reason](desk.books)
    desk.publish()
    desk.dispatch()
    state, said = desk.state(acme.id)
    assert state == "cancelled"
    assert reason in str(said)
    assert desk.state(beta.id)[0] == "sent"
    assert not received(desk.mail, "acme@client.example")
    assert desk.dispatch() == []


@pytest.mark.parametrize("reason", CHANGES)
def test_what_changed_since_it_was_proposed_is_not_approved(desk: Desk, reason: str) -> None:
    acme, _ = desk.propose()
    CHANGES[reason](desk.books)
    desk.publish()
    with pytest.raises(GuardrailHeld, match=reason) as caught:
        desk.approve(acme.id)
    assert caught.value.exit_code == 4
    assert desk.state(acme.id)[0] == "cancelled"


def test_what_may_pass_is_held_until_it_has(desk: Desk) -> None:
    acme, _ = desk.propose()
    desk.approve(acme.id)
    desk.books.broken = [("marts.aging", "unique", "block", "uniqueness")]
    desk.publish()
    desk.dispatch()
    assert desk.state(acme.id) == ("held", "the contract of marts.aging is red: unique")
    assert desk.dispatch() == []  # said once, not every ten minutes
    desk.books.broken = [("core.invoice", "fresh issued_on", "warn", "timeliness")]
    desk.publish()
    desk.dispatch()
    assert "stale" in str(desk.state(acme.id)[1])
    desk.books.broken = []
    desk.publish()
    assert [p.state for p in desk.dispatch()] == ["sent"]


def test_a_stale_snapshot_holds(desk: Desk) -> None:
    acme, _ = desk.propose()
    desk.publish(moment=MOMENT - timedelta(hours=80))
    with pytest.raises(GuardrailHeld, match="80 hours old"):
        desk.approve(acme.id)
    assert desk.state(acme.id)[0] == "proposed"


def test_the_switch_stops_what_was_approved(desk: Desk) -> None:
    acme, _ = desk.propose()
    desk.approve(acme.id)
    desk.configure(("enabled: true", "enabled: false"))
    desk.dispatch()
    assert desk.state(acme.id) == ("held", "the rule payment_reminder is switched off")
    assert desk.propose() == []
    assert desk.state(acme.id)[0] == "held"
    assert everything(desk.mail) == []


def test_the_daily_cap_holds_the_rest_for_another_day(desk: Desk) -> None:
    desk.configure(("daily_cap: 200", "daily_cap: 1"))
    for proposal in desk.propose():
        desk.approve(proposal.id)
    desk.dispatch()
    assert sorted(p.state for p in actions.list_proposals(desk.store)) == ["held", "sent"]
    desk.dispatch(moment=MOMENT + timedelta(days=1))
    assert len(everything(desk.mail)) == 2


def test_no_address_is_seen_at_once_and_mended_by_the_next_snapshot(desk: Desk) -> None:
    desk.books.emails["acme"] = None
    desk.publish()
    acme = desk.propose()[0]
    assert acme.reason == "no e-mail address of the client is known"
    with pytest.raises(GuardrailHeld, match="no e-mail address"):
        desk.approve(acme.id)
    desk.books.emails["acme"] = "pay@client.example"
    desk.publish()
    (again,) = desk.propose()
    assert (again.id, again.reason) == (acme.id, None)
    desk.approve(acme.id)
    desk.dispatch()
    assert len(received(desk.mail, "pay@client.example")) == 1


def test_four_eyes_are_four(desk: Desk) -> None:
    desk.books.change("1", total="30000.00")
    desk.publish()
    acme, _ = desk.propose()
    assert "two people" in actions.show_proposal(desk.store, acme.id or 0).policy
    assert desk.approve(acme.id, MAEVE).state == "proposed"
    again = desk.approve(acme.id, MAEVE)  # a second click is no second pair of eyes
    assert (again.state, again.approvals) == ("proposed", (MAEVE,))
    assert desk.dispatch() == []
    second = desk.approve(acme.id, TOMAS)
    assert (second.state, second.approvals) == ("approved", (MAEVE, TOMAS))


def test_two_approvals_are_on_the_same_evidence(desk: Desk) -> None:
    desk.books.change("1", total="30000.00")
    desk.publish()
    acme, _ = desk.propose()
    seen = acme.evidence_hash
    desk.approve(acme.id, MAEVE, evidence_hash=seen)
    desk.books.change("1", total="40000.00")
    desk.publish()
    (again,) = desk.propose()
    assert again.id == acme.id
    with pytest.raises(GuardrailHeld, match="has changed since you looked"):
        desk.approve(acme.id, TOMAS, evidence_hash=seen)
    assert desk.approve(acme.id, TOMAS).state == "proposed"  # Maeve's was on what is no more
    assert desk.approve(acme.id, MAEVE).state == "approved"


def test_who_may_not_does_not(desk: Desk) -> None:
    acme, _ = desk.propose()
    for decide in (desk.approve, desk.reject):
        with pytest.raises(GuardrailHeld, match="takes the role"):
            decide(acme.id, INES)
        with pytest.raises(UsageError, match="no person"):
            decide(acme.id, "stranger@harrow.example")
    with pytest.raises(UsageError, match="reason"):
        desk.approve(acme.id, reason=" ")
    with pytest.raises(UsageError, match="no proposal"):
        desk.approve(99)
    assert desk.state(acme.id)[0] == "proposed"


def test_what_nobody_approved_in_time_is_void_and_comes_back(desk: Desk) -> None:
    acme, beta = desk.propose()
    desk.publish(moment=MOMENT + timedelta(days=4))
    desk.approve(beta.id, moment=MOMENT + timedelta(days=4))
    late = MOMENT + timedelta(days=5)
    with pytest.raises(GuardrailHeld, match="expired"):
        desk.approve(acme.id, moment=late)
    desk.publish(moment=late)
    desk.dispatch(moment=late)
    assert [desk.state(p.id)[0] for p in (acme, beta)] == ["expired", "expired"]
    assert [p.id for p in desk.propose(moment=late)] == [acme.id, beta.id]
    assert desk.approve(acme.id, moment=late).approvals == (MAEVE,)
    desk.dispatch(moment=late)
    assert len(everything(desk.mail)) == 1


def test_the_next_morning_asks_again_for_what_ran_out_over_night(desk: Desk) -> None:
    first = [proposal.id for proposal in desk.propose()]
    late = MOMENT + timedelta(days=5)
    desk.publish(moment=late)
    assert [p.id for p in desk.propose(moment=late)] == first


def test_an_approval_can_be_taken_back_while_it_is_held_back(desk: Desk, tmp_path: Path) -> None:
    desk.books.firm = write_firm(tmp_path / "firm", port=desk.server.port, hold=15)
    acme, beta = desk.propose()
    desk.approve(acme.id)
    desk.approve(beta.id)
    assert desk.dispatch(moment=MOMENT + timedelta(minutes=14)) == []
    desk.reject(acme.id)
    desk.dispatch(moment=MOMENT + timedelta(minutes=15))
    assert [desk.state(p.id)[0] for p in (acme, beta)] == ["rejected", "sent"]
    with pytest.raises(UsageError, match="is sent"):
        desk.reject(beta.id)
    assert desk.propose() == []  # a no is not asked again at this rung


def test_an_open_proposal_makes_way_for_what_is_true_now(desk: Desk) -> None:
    acme, _ = desk.propose()
    desk.books.change("1", paid="1000.00")
    desk.publish()
    (smaller,) = desk.propose()
    assert (smaller.level, smaller.invoices) == (15, 2)
    assert desk.state(acme.id) == ("cancelled", "superseded: no longer due: INV-1")
    desk.books.change("1", paid="0")
    desk.publish()
    (back,) = desk.propose()
    assert back.id == acme.id
    assert desk.state(smaller.id)[0] == "cancelled"
    assert actions.verify(desk.store).holds


def test_a_small_one_goes_by_itself_where_the_rule_says_so(desk: Desk) -> None:
    desk.configure(("roles: [finance, partner], expires_days: 5", "roles: [finance], automatic_up_to: 60"))
    acme, beta = desk.propose()
    assert (acme.state, beta.state, beta.approvals) == ("proposed", "approved", ("rule payment_reminder",))
    desk.dispatch()
    assert len(received(desk.mail, "beta@client.example")) == 1


def test_what_was_changed_behind_our_back_is_not_sent(desk: Desk) -> None:
    acme, _ = desk.propose()
    desk.approve(acme.id)
    with desk.store.engine.begin() as connection:
        changed = "replace(cast(content as text), 'acme@client.example', 'spy@client.example')"
        if desk.store.engine.dialect.name == "postgresql":
            changed = f"cast({changed} as json)"
        connection.execute(text(f"update proposal set content = {changed}"))
    desk.dispatch()
    assert desk.state(acme.id)[0] == "cancelled"
    assert everything(desk.mail) == []


TROUBLE: dict[str, Callable[[Books], None]] = {
    "Work for acme is heading over its budget (ask Ada Manager)": lambda books: books.over.update(acme=30000),
    "Work for acme has a milestone that was reopened (ask Ada Manager)": lambda books: books.reopened.add(
        "acme"
    ),
    "Work for acme is late: it was due on 26 October 2026 (ask Ada Manager)": lambda books: books.late.update(
        acme=21
    ),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_a_client_in_trouble_is_talked_to_first_and_that_is_said(desk: Desk, trouble: str) -> None:
    TROUBLE[trouble](desk.books)
    desk.publish()
    acme, beta = desk.propose()
    assert (acme.state, acme.reason) == ("proposed", f"talk to the project manager first: {trouble}")
    assert beta.reason is None
    with pytest.raises(GuardrailHeld, match="talk to the project manager first"):
        desk.approve(acme.id)
    desk.books.over, desk.books.reopened, desk.books.late = {}, set(), {}
    desk.publish()
    (again,) = desk.propose()
    assert (again.id, again.reason) == (acme.id, None)
    desk.approve(acme.id)
    assert [p.state for p in desk.dispatch()] == ["sent"]


def test_trouble_that_comes_after_the_approval_holds_the_message(desk: Desk) -> None:
    acme, _ = desk.propose()
    desk.approve(acme.id)
    desk.books.over = {"acme": 30000}
    desk.publish()
    desk.dispatch()
    assert desk.state(acme.id)[0] == "held"
    assert "talk to the project manager first" in str(desk.state(acme.id)[1])
    assert not received(desk.mail, "acme@client.example")


def test_small_trouble_is_none_and_a_firm_may_be_warned_or_ask_anyway(desk: Desk) -> None:
    desk.books.over = {"acme": 24999}
    desk.publish()
    assert desk.propose(dry_run=True)[0].reason is None
    desk.books.over = {"acme": 25000}
    desk.publish()
    desk.configure(("exclude_troubled: hold", "exclude_troubled: ignore"))
    assert desk.propose(dry_run=True)[0].reason is None
    desk.configure(("exclude_troubled: ignore", "exclude_troubled: warn"))
    acme, _ = desk.propose()
    assert "Caution: talk to the project manager first: Work for acme" in (
        actions.show_proposal(desk.store, acme.id or 0).policy
    )
    assert desk.approve(acme.id).state == "approved"


def test_what_became_of_it(desk: Desk) -> None:
    acme, _ = desk.propose()
    desk.approve(acme.id)
    desk.dispatch()
    assert actions.record_outcomes(desk.layer, desk.store, moment=MOMENT) == []
    desk.books.change("1", paid="1000.00")
    desk.books.change("3", credited="300.00")
    desk.publish(as_of=AS_OF + timedelta(days=9))
    found = actions.record_outcomes(desk.layer, desk.store, moment=MOMENT)
    assert [(o.invoice_id, o.outcome, o.days_after, str(o.amount_base)) for o in found] == [
        ("1", "paid", 9, "1000.00"),
        ("3", "credited", 9, "300.00"),
    ]
    assert actions.record_outcomes(desk.layer, desk.store, moment=MOMENT) == []


def test_a_snapshot_of_another_day_proposes_nothing(desk: Desk) -> None:
    with pytest.raises(UsageError, match="as of 2026-11-16"):
        actions.propose(
            desk.books.firm, desk.layer, desk.store, as_of=AS_OF + timedelta(days=1), moment=MOMENT
        )


def test_the_end_of_the_trail_is_missed(desk: Desk) -> None:
    acme, _ = desk.propose()
    desk.approve(acme.id)
    desk.dispatch()
    drop = ["drop trigger audit_event_no_delete"]
    if desk.store.engine.dialect.name == "postgresql":
        drop = ["drop trigger audit_event_append_only on audit_event"]
    with desk.store.engine.begin() as connection:
        for statement in [*drop, "delete from audit_event where event = 'sent'"]:
            connection.execute(text(statement))
    outcome = actions.verify(desk.store)
    assert not outcome.holds
    assert "is sent, and its last event says sending" in str(outcome.why)


def test_states_and_numbers_that_do_not_exist(desk: Desk) -> None:
    with pytest.raises(UsageError, match="proposed"):
        actions.list_proposals(desk.store, "propsed")
    with pytest.raises(UsageError, match="no proposal"):
        actions.show_proposal(desk.store, 1)
    assert actions.as_table([]).columns[:3] == ["id", "proposed_on", "party_name"]
