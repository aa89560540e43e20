"""A bank account that is another than the last time takes two people, and is told by its last four."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from opslayer import actions
from opslayer.actions.accounts import masked
from opslayer.config import load_firm
from opslayer.errors import GuardrailHeld
from opslayer.store import AuditEvent, Proposal, Store
from tests.billing import Milestone, Work, billing_firm
from tests.reminders import AS_OF, MOMENT, Books, Owed, serving, write_firm

MAEVE, TOMAS = "maeve@harrow.example", "tomas@harrow.example"
OLD, NEW = "IE45 BOFI 9000 0112 3456 78", "IE17 BOFI 9058 3812 3456 78"  # alike in their last four
LATER, AFTER = AS_OF + timedelta(days=14), MOMENT + timedelta(days=14)


def test_an_account_is_kept_by_its_last_four_and_a_fingerprint() -> None:
    assert masked(None) is None
    assert masked(" - ") is None
    old, new = masked(OLD), masked(NEW)
    assert old is not None
    assert new is not None
    assert (old["ends"], old["is_right"], new["ends"]) == ("5678", True, "5678")
    assert old["print"] != new["print"]
    assert masked(OLD.lower().replace(" ", "")) == old
    wrong, other = masked("IE13 BOFI 9000 0112 3456 78"), masked("12-34-56 00012345")
    assert wrong is not None
    assert other is not None
    assert not wrong["is_right"]
    assert other["is_right"]  # no IBAN at all


def test_a_clients_new_account_takes_two_people_and_what_was_approved_before_is_void(
    tmp_path: Path, store_url: str, store: Store
) -> None:
    with serving(tmp_path / "mail") as server:
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port)
        books = Books(firm, [Owed("1", "acme", 16)], accounts={"acme": OLD})

        def say_yes(number: int | None, person: str) -> actions.Proposal:
            moment = layer.version.published_at
            return actions.approve(
                firm, store, number or 0, person=person, reason="y", moment=moment, layer=layer
            )

        with books.publish() as layer:
            (one,) = actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT)
            assert say_yes(one.id, MAEVE).state == "approved"
            actions.dispatch(firm, store, layer=layer, moment=MOMENT)
        books.pass_days(14)
        with books.publish(as_of=LATER, moment=AFTER) as layer:
            (two,) = actions.propose(firm, layer, store, as_of=LATER, moment=AFTER)
            assert say_yes(two.id, MAEVE).state == "approved"
        books.accounts["acme"] = NEW
        with books.publish(as_of=LATER, moment=AFTER) as layer:
            (void,) = actions.dispatch(firm, store, layer=layer, moment=AFTER)
            assert (void.state, void.reason) == (
                "cancelled", "the client's bank account ended in 5678, and ends in 5678 now",
            )  # fmt: skip
            (three,) = actions.propose(firm, layer, store, as_of=LATER, moment=AFTER)
            policy = actions.show_proposal(store, three.id or 0).policy
            assert (
                "ended in 5678 and ends in 5678 now (another, all the same). Needs approval by two" in policy
            )
            assert "bank account" in actions.need_attention(firm, store, [three.id or 0])[three.id or 0]
            assert say_yes(three.id, MAEVE).state == "proposed"
            assert actions.dispatch(firm, store, layer=layer, moment=AFTER) == []
            assert say_yes(three.id, TOMAS).state == "approved"
            (sent,) = actions.dispatch(firm, store, layer=layer, moment=AFTER)
            assert sent.state == "sent"
    with store.reading() as session:
        kept = [str(vars(one)) for model in (Proposal, AuditEvent) for one in session.scalars(select(model))]
    for account in (OLD, NEW):
        assert not any(account.replace(" ", "") in text or account in text for text in kept)


def test_the_first_invoice_that_asks_to_pay_into_another_account_takes_two_people(
    tmp_path: Path, store_url: str, store: Store
) -> None:
    with serving(tmp_path / "mail") as server:
        firm = billing_firm(tmp_path / "firm", store=store_url, port=server.port)
        work = Work(firm, store, [Milestone("a")])
        work.publish()
        (first,) = work.propose()
        assert work.approve(first.id).state == "approved"
        path = firm.directory / "firm.toml"
        path.write_text(path.read_text().replace("IE29 AIBK 9311 5212 3456 78", OLD))
        work.firm = load_firm(path)
        work.milestones.append(Milestone("b"))
        work.publish()
        (second,) = work.propose()
        policy = actions.show_proposal(store, second.id or 0).policy
        assert "Our bank account on the invoice ended in 5678 and ends in 5678 now" in policy
        assert work.approve(second.id).state == "proposed"
        with pytest.raises(GuardrailHeld):
            actions.approve(
                work.firm, store, second.id or 0, person="ines@harrow.example", reason="y", moment=MOMENT,
                layer=work.publish(),
            )  # fmt: skip
        assert work.approve(second.id, person=TOMAS).state == "approved"
        work.milestones.append(Milestone("c"))
        work.publish()
        (third,) = work.propose()
        assert work.approve(third.id).state == "approved"
        assert work.layer is not None
        work.layer.close()
