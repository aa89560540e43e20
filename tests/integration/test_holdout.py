"""The holdout on both stores: who is left alone, for how long, what is kept of it, and what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from opslayer import actions
from opslayer.actions.holdout import is_drawn
from opslayer.actions.kind import Followed
from opslayer.config import Firm, load_firm
from opslayer.errors import ConfigurationError, UsageError
from opslayer.store import Assignment, AuditEvent, Bounce, Store, open_store
from opslayer.warehouse import blank_layer
from tests.messages import days_later, snapshot, write_rule
from tests.reminders import AS_OF, MOMENT, Books, Owed, received, serving, write_firm

MAEVE = "maeve@harrow.example"
SHIPPED = Path(actions.__file__).parent / "rules"
RULE = "overrun_escalation"


def shipped(name: str, more: str) -> str:
    """A shipped rule with a few lines more."""
    return (SHIPPED / f"{name}.yaml").read_text() + more + "\n"


@dataclass
class Desk:
    """A firm that tells who leads a project that it heads over its budget, and leaves a share alone."""

    firm: Firm
    store: Store

    def leave_alone(self, share: float | None) -> None:
        more = f"holdout: {share}\nfollow_days: 10" if share else ""
        write_rule(self.firm, RULE, shipped(RULE, more))

    def day(self, days: int, *projects: str, dry_run: bool = False) -> set[str]:
        """Who is proposed to so many days on, each approved and recorded as sent; then what became of all."""
        as_of, moment = days_later(days)
        over = [{"project_id": one, "name": f"Project {one}"} for one in projects]
        with snapshot(self.firm, *over, as_of=as_of) as layer:
            made = actions.propose(
                self.firm, layer, self.store, as_of=as_of, moment=moment, job="monday", dry_run=dry_run
            )
            for one in made if not dry_run else ():
                actions.approve(
                    self.firm, self.store, one.id or 0, person=MAEVE, reason="yes", moment=moment, layer=layer
                )
            actions.dispatch(self.firm, self.store, layer=layer, moment=moment)
            actions.record_outcomes(layer, self.store, moment=moment)
        return {one.party_id for one in made}

    def arms(self) -> dict[str, set[str]]:
        with self.store.reading() as session:
            drawn = list(session.scalars(select(Assignment)))
        return {arm: {one.subject for one in drawn if one.arm == arm} for arm in ("treatment", "control")}

    def withheld(self) -> list[actions.Proposal]:
        return actions.list_proposals(self.store, "withheld")


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:
        yield Desk(write_firm(tmp_path / "firm", store=store_url, port=server.port), store)


def drawn(share: float, *projects: str) -> set[str]:
    return {one for one in projects if is_drawn(RULE, one, share)}


FIRST = [f"p{n}" for n in range(8)]
NEWER = [f"q{n}" for n in range(6)]


def test_who_is_drawn_is_left_alone_for_ever_and_what_would_have_been_is_kept(
    desk: Desk, tmp_path: Path
) -> None:
    desk.leave_alone(0.4)
    alone = drawn(0.4, *FIRST)
    assert 1 < len(alone) < 7
    assert desk.day(0, *FIRST, dry_run=True) == set(FIRST) - alone
    assert desk.arms() == {"treatment": set(), "control": set()}
    assert desk.day(0, *FIRST) == set(FIRST) - alone
    arms = desk.arms()
    assert arms == {"treatment": set(FIRST) - alone, "control": alone}
    assert {(p.party_id, p.amount, p.as_of) for p in desk.withheld()} == {(c, 60000, AS_OF) for c in alone}
    assert {p.state for p in actions.list_proposals(desk.store)} == {"sent"}
    assert len(received(tmp_path / "mail", "ada@harrow.example")) == len(arms["treatment"])
    assert desk.day(1, *FIRST) == set()
    assert len(desk.withheld()) == len(alone)
    assert desk.day(14, *FIRST) == arms["treatment"]  # asked again when it is due, in both arms
    assert len(desk.withheld()) == 2 * len(alone)
    assert desk.arms() == arms
    assert actions.verify(desk.store).holds


def test_a_share_that_changes_takes_in_only_who_is_new_and_lets_go_who_is_drawn_no_more(desk: Desk) -> None:
    desk.leave_alone(0.2)
    desk.day(0, *FIRST)
    before = desk.arms()
    assert before["control"] == drawn(0.2, *FIRST) < drawn(0.5, *FIRST)
    desk.leave_alone(0.5)
    assert desk.day(14, *FIRST, *NEWER) == before["treatment"] | set(NEWER) - drawn(0.5, *NEWER)
    desk.leave_alone(None)
    assert desk.day(28, *FIRST, *NEWER) == {*FIRST, *NEWER}
    assert desk.arms()["control"] == before["control"] | drawn(0.5, *NEWER)  # who was drawn is never another


def test_what_was_open_is_taken_back_from_who_is_left_alone(desk: Desk) -> None:
    with snapshot(desk.firm, *({"project_id": one} for one in FIRST)) as layer:
        now = {"as_of": AS_OF, "moment": MOMENT, "job": "monday"}
        assert len(actions.propose(desk.firm, layer, desk.store, **now)) == len(FIRST)  # type: ignore[arg-type]
        desk.leave_alone(0.4)
        for _ in range(2):
            assert actions.propose(desk.firm, layer, desk.store, **now) == []  # type: ignore[arg-type]
        assert {p.party_id for p in actions.list_proposals(desk.store)} == desk.arms()["treatment"]
        assert {p.party_id for p in desk.withheld()} == desk.arms()["control"] == drawn(0.4, *FIRST)
        with pytest.raises(UsageError, match="is withheld; there is nothing to approve"):
            actions.approve(
                desk.firm, desk.store, desk.withheld()[0].id or 0, person=MAEVE, reason="yes", moment=MOMENT,
                layer=layer,
            )  # fmt: skip


def test_a_message_is_judged_by_its_own_question_in_both_arms_alike(desk: Desk) -> None:
    desk.leave_alone(0.5)
    desk.day(0, *FIRST)
    desk.day(9, *FIRST[:3])
    assert effect(desk)["treated_judged"] == 0
    desk.day(10, *FIRST[:3])
    with desk.store.reading() as session:
        judged = {one.subject: one.is_settled for one in session.scalars(select(Assignment))}
        events = session.scalars(select(AuditEvent.event).where(AuditEvent.event.in_(("assigned", "judged"))))
        assert sorted(events) == ["assigned"] * len(FIRST) + ["judged"] * len(FIRST)
    assert judged == {one: one not in FIRST[:3] for one in FIRST}
    row = effect(desk)
    assert (row["treated_judged"], row["left_alone_judged"]) == tuple(map(len, desk.arms().values()))
    assert (row["verdict"], row["supported_amount"]) == ("unproven", 0)


def test_what_was_undone_or_came_back_stays_in_its_arm_and_counts_as_reached_no_more(desk: Desk) -> None:
    desk.leave_alone(0.4)
    sent = desk.day(0, *FIRST)
    row = effect(desk)
    assert (row["treated"], row["reached"]) == (len(sent), len(sent))
    first, second = [p.id or 0 for p in actions.list_proposals(desk.store, "sent")][:2]
    with desk.store.session() as session:
        session.add(Bounce(proposal_id=first, address="ada@harrow.example", status="5.1.1", diagnostic="",
                           bounced_at=MOMENT))  # fmt: skip
    made = actions.undo(desk.firm, desk.store, second, person=MAEVE, reason="wrong", moment=MOMENT)
    assert actions.without_effect(desk.store) == {first}
    with desk.store.session() as session:
        session.execute(delete(Bounce))  # its reader is the same, and its correction would be held
    with snapshot(desk.firm, as_of=AS_OF) as layer:
        actions.approve(
            desk.firm, desk.store, made.id or 0, person=MAEVE, reason="yes", moment=MOMENT, layer=layer
        )
        actions.dispatch(desk.firm, desk.store, layer=layer, moment=MOMENT)
    assert actions.without_effect(desk.store) == {second}
    row = effect(desk)
    assert (row["treated"], row["reached"]) == (len(sent), len(sent) - 1)


def test_a_control_arm_that_went_missing_stops_the_claim(desk: Desk) -> None:
    desk.leave_alone(0.5)
    many = [f"r{n}" for n in range(40)]
    write_rule(desk.firm, RULE, shipped(RULE, "holdout: 0.5").replace("daily_cap: 15", "daily_cap: 40"))
    with snapshot(desk.firm, *({"project_id": one} for one in many)) as layer:
        actions.propose(desk.firm, layer, desk.store, as_of=AS_OF, moment=MOMENT, job="monday")
    with desk.store.session() as session:
        session.execute(delete(Assignment).where(Assignment.arm == "control"))
    assert (effect(desk)["verdict"], effect(desk)["supported_amount"]) == ("stopped", 0)
    assert "is not the one that was drawn" in str(actions.verify(desk.store).why)


def effect(desk: Desk) -> dict[str, object]:
    return actions.rule_effects(desk.firm, desk.store, RULE).row(0, named=True)


def test_a_reminder_is_judged_by_what_was_paid_in_time(tmp_path: Path) -> None:
    payments = {  # of invoices of 1,000: (days after, kind, amount)
        "paid": [(-5, "payment", 400), (12, "payment", 600)],
        "late": [(31, "payment", 1000)],
        "part": [(30, "payment", 999)],
        "credited": [(3, "credit", 1000)],
        "both": [(3, "credit", 100), (30, "payment", 900)],
        "void": [(3, "payment", 1000)],
    }
    rows: dict[str, list[dict[str, Any]]] = {
        "core.invoice": [
            {"invoice_id": one, "total": 1000, "status": "void" if one == "void" else "open"}
            for one in payments
        ],
        "core.payment": [
            {"document_id": one, "direction": "in", "kind": kind, "paid_on": AS_OF + timedelta(days=days),
             "amount": amount, "amount_base": 2 * amount}
            for one, given in payments.items()
            for days, kind, amount in given
        ],
    }  # fmt: skip
    followed = [
        Followed(one, {"invoices": [one]}, AS_OF, AS_OF + timedelta(days=30)) for one in (*payments, "gone")
    ]
    followed += [Followed("two", {"invoices": ["paid", "both"]}, AS_OF, AS_OF + timedelta(days=30))]
    judge = actions.KINDS["reminder"].judge
    assert judge is not None
    with blank_layer(write_firm(tmp_path / "firm"), rows, as_of=AS_OF + timedelta(days=40)) as layer:
        found = judge(layer, followed)
    assert {name: (one.is_settled, one.days, one.amount) for name, one in found.items()} == {
        "paid": (True, 12, 1200),
        "late": (False, 30, 0),
        "part": (False, 30, 1998),
        "credited": (False, 30, 0),
        "both": (True, 30, 1800),
        "void": (False, 30, 2000),
        "gone": (False, 30, 0),
        "two": (True, 30, 3000),
    }


def test_a_reminder_left_alone_is_followed_from_the_day_it_was_due(store_url: str, tmp_path: Path) -> None:
    firm = write_firm(tmp_path / "firm", store=store_url)
    write_rule(firm, "payment_reminder", shipped("payment_reminder", "holdout: 0.5"))
    books = Books(firm, [Owed(str(n), f"c{n}", 16) for n in range(4)])
    with open_store(store_url) as store:
        with books.publish() as layer:
            made = actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT)
        alone = actions.list_proposals(store, "withheld")
        assert {p.party_id for p in made} | {p.party_id for p in alone} == {f"c{n}" for n in range(4)}
        assert {p.party_id for p in alone} == {
            f"c{n}" for n in range(4) if is_drawn("payment_reminder", f"c{n}", 0.5)
        }
        books.change("0", paid="1000.00")
        as_of, moment = days_later(30)
        with books.publish(as_of=as_of, moment=moment) as layer:
            actions.record_outcomes(layer, store, moment=moment)
        with store.reading() as session:
            judged = list(session.scalars(select(Assignment)))
    assert {(one.subject, one.is_settled, one.settled_amount) for one in judged} == {
        ("c0", True, 1000), ("c1", False, 0), ("c2", False, 0), ("c3", False, 0),
    }  # fmt: skip


def test_the_firms_share_holds_where_a_rule_names_none_and_owes_no_duty(tmp_path: Path) -> None:
    firm = write_firm(tmp_path / "firm")
    path = firm.directory / "firm.toml"
    path.write_text(path.read_text() + "\n[limits]\nholdout = 0.05\n")
    write_rule(firm, "payment_reminder", shipped("payment_reminder", "holdout: 0"))
    write_rule(firm, RULE, shipped(RULE, "holdout: 0.2"))
    shares = {rule.name: rule.holdout for rule in actions.load_rules(load_firm(firm.directory))}
    assert shares[RULE] == 0.2, "its own"
    assert shares["payment_reminder"] is None, "off by choice"
    assert shares["milestone_invoice"] is None, "a duty of law"
    assert shares["staffing_change"] is None, "what becomes of it is not followed"
    assert shares["inquiry_to_person"] is None, "no inquiry is left lying"
    assert shares["no_contact"] == 0.05


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("milestone_invoice", "holdout: 0.05", "the rule is a legal duty"),
        ("payment_reminder", "legal_duty: true\nholdout: 0.05", "the rule is a legal duty"),
        ("staffing_change", "holdout: 0.05", "what becomes of a staffing is not followed"),
        ("payment_reminder", "holdout: 0.6", "less than or equal to 0.5"),
        ("payment_reminder", "holdout: -0.1", "greater than or equal to 0"),
    ],
)
def test_a_holdout_that_may_not_be_is_refused_by_name(
    tmp_path: Path, name: str, line: str, said: str
) -> None:
    firm = write_firm(tmp_path / "firm")
    path = write_rule(firm, name, shipped(name, line))
    row = 1 + next(n for n, text in enumerate(path.read_text().splitlines()) if text.startswith("holdout"))
    with pytest.raises(ConfigurationError, match=said) as caught:
        actions.load_rules(firm)
    assert f"{path}:{row}:" in caught.value.message
    assert "at key: holdout" in caught.value.message
