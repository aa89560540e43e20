"""Whatever happens in whatever order: nothing arrives unapproved, on what no longer holds, or twice.

A reminder is proposed, decided, edited behind everybody's back, stopped and sent, while its invoices are paid
and disputed, addresses change and contracts turn red. What arrives at a real mail server is held against what
the test itself knows of that moment.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import create_engine, text

from opslayer import actions
from opslayer.actions import Proposal
from opslayer.errors import OpslayerError
from opslayer.store import open_store
from tests.reminders import AS_OF, MOMENT, Books, Owed, received, serving, write_firm

PEOPLE = ("maeve@harrow.example", "tomas@harrow.example", "ines@harrow.example")
MAY_DECIDE = PEOPLE[:2]
FOUR_EYES = {15: 100_000, 30: 50_000, 45: 25_000}  # days overdue -> amount above which two must approve
CLIENTS = ("acme", "beta", "gamma")
RED = ("core.invoice", "number is unique", "block", "uniqueness")
places = st.integers(0, 5)


@dataclass
class Known:
    """What the test knows: what was published last, who said yes to what, what was tampered with."""

    published_at: datetime = MOMENT
    invoices: dict[str, Owed] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    red: bool = False
    stopped: bool = False
    yes: dict[int, dict[str, str]] = field(default_factory=dict)
    no: set[int] = field(default_factory=set)
    tampered: set[int] = field(default_factory=set)
    touched: bool = False
    edited: list[str] = field(default_factory=list)
    written_to: dict[str, str] = field(default_factory=dict)
    arrived: list[str] = field(default_factory=list)


class Life(RuleBasedStateMachine):
    store_url = ""
    sent: ClassVar[Counter[str]] = Counter()

    @initialize(in_the_end=st.sampled_from(["decide", "publish", "propose"]))
    def begin(self, in_the_end: str) -> None:
        self.in_the_end = in_the_end
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.mail = folder / "mail"
        server = self.stack.enter_context(serving(self.mail))
        url = fresh(self.store_url, folder)
        self.store = self.stack.enter_context(open_store(url))
        self.firm = write_firm(folder / "firm", store=url, port=server.port)
        self.books = Books(
            self.firm,
            [
                Owed("1", "acme", 46, "30000.00"),
                Owed("2", "acme", 16),
                Owed("3", "beta", 31, "60000.00"),
                Owed("4", "gamma", 16, "700.00"),
            ],
        )
        self.moment, self.day = MOMENT, AS_OF
        self.known = Known()
        self.layer = self.books.publish()
        self.publish()
        self.propose()

    @rule(hours=st.sampled_from([1, 8, 30, 150]))
    def pass_time(self, hours: int) -> None:
        self.moment += timedelta(hours=hours)

    @rule()
    def publish(self) -> None:
        day = self.moment.date()
        self.books.pass_days((day - self.day).days)
        self.day = day
        self.layer.close()
        self.layer = self.books.publish(as_of=day, moment=self.moment)
        known = self.known
        known.published_at, known.red = self.moment, bool(self.books.broken)
        known.invoices = {owed.invoice: owed for owed in self.books.invoices}
        known.emails = {c: self.books.emails.get(c) or f"{c}@client.example" for c in CLIENTS}

    @rule(invoice=st.sampled_from("1234"), amount=st.sampled_from(["10.00", "500.00", "60000.00"]))
    def pay(self, invoice: str, amount: str) -> None:
        total = next(owed.total for owed in self.books.invoices if owed.invoice == invoice)
        self.books.change(invoice, paid=str(min(Decimal(amount), Decimal(total))))

    @rule(invoice=st.sampled_from("1234"), disputed=st.booleans())
    def dispute(self, invoice: str, disputed: bool) -> None:
        self.books.change(invoice, disputed=disputed)

    @rule(client=st.sampled_from(CLIENTS), domain=st.sampled_from(["client.example", "new.example"]))
    def move_address(self, client: str, domain: str) -> None:
        self.books.emails[client] = f"{client}@{domain}"

    @rule(red=st.booleans())
    def break_contract(self, red: bool) -> None:
        self.books.broken = [RED] if red else []

    @rule(stopped=st.booleans())
    def switch(self, stopped: bool) -> None:
        throw = actions.stop if stopped else actions.resume
        self.tried(throw, rule=None, person=PEOPLE[0], reason="because")
        self.known.stopped = stopped

    @rule()
    def propose(self) -> None:
        actions.propose(self.firm, self.layer, self.store, as_of=self.layer.as_of, moment=self.moment)

    @rule(people=st.sets(st.sampled_from(PEOPLE), min_size=1), and_send=st.booleans())
    def approve(self, people: set[str], and_send: bool) -> None:
        for proposal in actions.list_proposals(self.store, "proposed"):
            for person in sorted(people):
                self.say_yes(proposal, person)
        if and_send:
            self.dispatch()

    @rule(place=places, person=st.sampled_from(PEOPLE))
    def approve_one(self, place: int, person: str) -> None:
        """Whatever became of it."""
        proposal = self.chosen(place)
        if proposal is not None:
            self.say_yes(proposal, person)

    def say_yes(self, proposal: Proposal, person: str) -> None:
        number = proposal.id or 0
        said = self.tried(
            actions.approve, number, person=person, reason="yes", layer=self.layer,
            evidence_hash=proposal.evidence_hash,
        )  # fmt: skip
        if said:
            self.known.yes.setdefault(number, {})[person] = proposal.evidence_hash

    @rule(place=places, person=st.sampled_from(PEOPLE))
    def reject(self, place: int, person: str) -> None:
        proposal = self.chosen(place)
        if proposal is not None and self.tried(actions.reject, proposal.id, person=person, reason="no"):
            self.known.no.add(proposal.id or 0)

    @rule(place=places, person=st.sampled_from(PEOPLE))
    def edit(self, place: int, person: str) -> None:
        """Other words: whoever said yes did not say it to these."""
        proposal = self.chosen(place)
        if proposal is not None:
            subject = f"Words of step {len(self.known.edited)}"
            if self.tried(actions.edit, proposal.id, person=person, reason="softer", subject=subject):
                assert person in MAY_DECIDE
                self.known.edited.append(subject)

    @precondition(lambda self: not self.known.touched)
    @rule(place=places, what=st.sampled_from(["content", "amount", "sent on its way"]))
    def tamper(self, place: int, what: str) -> None:
        """Somebody who can write to the database helps a message along."""
        proposal = self.chosen(place)
        if proposal is None or proposal.state not in ("proposed", "approved", "held"):
            return
        statements = {
            "content": [
                'update proposal set content = \'{"recipient": "eve@client.example"}\' where id = :n'
            ],
            "amount": ["update proposal set amount = 1 where id = :n"],
            "sent on its way": [
                "update proposal set state = 'approved' where id = :n",
                "delete from outbox where proposal_id = :n",
                "insert into outbox (proposal_id, message_id, not_before, state, attempts) "
                f"values (:n, '<{self.key(proposal)}@harrow.example>', '{MOMENT}', 'waiting', 0)",
            ],
        }[what]
        with self.store.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), {"n": proposal.id})
        self.known.touched = True
        if what != "sent on its way":  # where it has its approvals, it may go
            self.known.tampered.add(proposal.id or 0)

    @rule()
    def dispatch(self) -> None:
        actions.dispatch(self.firm, self.store, layer=self.layer, moment=self.moment)
        sent = {p.id: p for p in actions.list_proposals(self.store, "sent")}
        for address, message_id in self.arrivals():
            assert message_id not in self.known.arrived, "it arrived twice"
            self.known.arrived.append(message_id)
            [proposal] = [p for p in sent.values() if message_id.startswith(f"<{self.key(p)}@")]
            self.holds(proposal, address)

    def holds(self, proposal: Proposal, address: str) -> None:
        """Everything that must be so as this message leaves."""
        known, number, client = self.known, proposal.id or 0, proposal.party_id
        assert not known.stopped
        assert not known.red
        assert number not in known.tampered
        assert number not in known.no
        assert self.moment - known.published_at <= timedelta(hours=72)
        assert self.moment < proposal.expires_at
        assert address == known.emails[client]
        for row in proposal.evidence["invoices"]:
            owed = known.invoices[row["invoice_id"]]
            assert Decimal(row["open_amount"]) == Decimal(owed.total) - Decimal(owed.paid) > 0
            assert not owed.disputed
        on_this = {who for who, seen in known.yes[number].items() if seen == proposal.evidence_hash}
        before = known.written_to.get(client, address)
        is_new = before.rpartition("@")[2] != address.rpartition("@")[2]
        four_eyes = is_new or proposal.amount > FOUR_EYES.get(proposal.level, 10**9)
        assert len(on_this & set(MAY_DECIDE)) >= (2 if four_eyes else 1)
        self.sent["by two" if four_eyes else "by one"] += 1
        known.written_to[client] = address

    def teardown(self) -> None:
        if not hasattr(self, "stack"):
            return
        try:
            self.come_to_an_end()
            assert self.known.touched or actions.verify(self.store).holds
        finally:
            self.layer.close()
            self.stack.close()

    def come_to_an_end(self) -> None:
        """However it went: what may still leave does, so that no life ends before its test."""
        if self.in_the_end != "decide":
            self.publish()
        if self.in_the_end == "propose":
            self.propose()
        self.approve(set(MAY_DECIDE), and_send=True)

    def chosen(self, place: int) -> Proposal | None:
        listed = actions.list_proposals(self.store)
        return listed[place % len(listed)] if listed else None

    def tried(self, act: Any, *given: Any, **values: Any) -> bool:
        """Do it; a refusal is an answer as good as another."""
        try:
            act(self.firm, self.store, *given, moment=self.moment, **values)
        except OpslayerError:
            return False
        return True

    def arrivals(self) -> list[tuple[str, str]]:
        """Address and message id of what arrived since it was last asked."""
        found = [
            (place.name, str(message["Message-ID"]))
            for place in sorted(self.mail.glob("*@*"))
            for message in received(self.mail, place.name)
        ]
        seen = list(self.known.arrived)
        fresh_ones = []
        for address, message_id in found:
            if message_id in seen:
                seen.remove(message_id)
            else:
                fresh_ones.append((address, message_id))
        return fresh_ones

    def key(self, proposal: Proposal) -> str:
        with self.store.engine.connect() as connection:
            return str(
                connection.execute(
                    text("select idempotency_key from proposal where id = :n"), {"n": proposal.id}
                ).scalar_one()
            )


def fresh(url: str, folder: Path) -> str:
    """An empty store."""
    if url.startswith("sqlite"):
        return f"sqlite:///{folder / 'store.db'}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("drop schema public cascade"))
        connection.execute(text("create schema public"))
    engine.dispose()
    return url


@pytest.mark.timeout(600)
def test_nothing_leaves_without_a_valid_approval_on_what_still_holds(store_url: str) -> None:
    machine = type("Life", (Life,), {"store_url": store_url, "sent": Counter()})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30, stateful_step_count=25, deadline=None, derandomize=True,
            phases=(Phase.generate,),  # to make it small takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert min(machine.sent["by one"], machine.sent["by two"]) >= 3, (
        f"little was put to the test: {machine.sent}"
    )
