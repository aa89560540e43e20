"""Undo: taken back while it waits; afterwards an action of its own, approved, exactly once, told on both."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from opslayer import actions, cli
from opslayer.config import Firm
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.store import Store
from tests.billing import Milestone, Work, billing_firm
from tests.channels import MAEVE, approve_on, configure, die_at, dispatch_on, write_follow_up
from tests.messages import days_later, snapshot
from tests.receiver import receiving
from tests.reminders import received, serving, write_firm

INES = "ines@harrow.example"


@pytest.fixture
def firm(tmp_path: Path, store_url: str) -> Iterator[Firm]:
    with serving(tmp_path / "mail") as server:
        yield write_firm(tmp_path / "firm", store=store_url, port=server.port)


def undo(firm: Firm, store: Store, number: int | None, person: str = MAEVE, day: int = 2) -> actions.Proposal:
    moment = days_later(day)[1]
    reason = "It was for another client."
    return actions.undo(firm, store, number or 0, person=person, reason=reason, moment=moment)


def approve(firm: Firm, store: Store, number: int | None, day: int = 2) -> actions.Proposal:
    as_of, moment = days_later(day)
    with snapshot(firm, as_of=as_of) as layer:
        return actions.approve(
            firm, store, number or 0, person=MAEVE, reason="yes", moment=moment, layer=layer
        )  # fmt: skip


def events(store: Store, number: int | None) -> list[str]:
    return [event["what"] for event in actions.show_proposal(store, number or 0).events]


def test_what_has_not_left_is_taken_back(firm: Firm, store: Store, tmp_path: Path) -> None:
    write_follow_up(firm)
    (one,) = approve_on(firm, store, 1)
    shown = actions.preview_undo(firm, store, one.id or 0)
    assert shown is not None
    assert "taken back" in shown.does
    assert [undo(firm, store, one.id).state for _ in "ab"] == ["rejected", "rejected"]
    assert dispatch_on(firm, store, 2) == []
    assert received(tmp_path / "mail", "ada@harrow.example") == []
    assert len(actions.list_proposals(store)) == 1


def test_a_mail_that_left_is_corrected_in_its_thread_once(firm: Firm, store: Store, tmp_path: Path) -> None:
    write_follow_up(firm)
    (one,) = approve_on(firm, store, 1)
    dispatch_on(firm, store, 1)
    shown = actions.preview_undo(firm, store, one.id or 0)
    assert shown is not None
    assert '"Correction: Data for Acme: 60,000 EUR at risk"' in shown.does
    with pytest.raises(GuardrailHeld, match="may not decide"):
        undo(firm, store, one.id, INES)
    made = undo(firm, store, one.id)
    assert (made.kind, made.state) == ("compensation", "proposed")
    assert undo(firm, store, one.id).id == made.id
    assert dispatch_on(firm, store, 2) == []  # it waits for its own approval
    with pytest.raises(GuardrailHeld, match="may not decide"):
        actions.approve(
            firm, store, made.id or 0, person=INES, reason="yes", moment=days_later(2)[1],
            layer=snapshot(firm, as_of=days_later(2)[0]),
        )  # fmt: skip
    approve(firm, store, made.id)
    assert dispatch_on(firm, store, 2) == ["sent"]
    assert dispatch_on(firm, store, 2) == []
    assert undo(firm, store, one.id).id == made.id
    first, second = sorted(
        received(tmp_path / "mail", "ada@harrow.example"), key=lambda m: m["Date"].datetime
    )
    assert second["In-Reply-To"] == first["Message-ID"]
    assert "It was for another client." in str(second.get_body(("plain",)))
    assert events(store, one.id)[-2:] == ["undo asked", "compensated"]
    rows = dict(actions.show_proposal(store, made.id or 0).rows.iter_rows())
    assert rows["Undoes"] == f"{one.title} (number {one.id})"
    with pytest.raises(UsageError, match="undoes another itself"):
        undo(firm, store, made.id)
    assert actions.verify(store).holds


def test_neither_old_data_nor_a_stopped_rule_stands_in_its_way(firm: Firm, store: Store) -> None:
    """The rule that went wrong is switched off and stopped first; then what it sent is undone."""
    write_follow_up(firm)
    (one,) = approve_on(firm, store, 1)
    dispatch_on(firm, store, 1)
    path = firm.directory / "rules" / "follow_up.yaml"
    path.write_text(path.read_text() + "enabled: false\ndaily_cap: 1\nfresh_hours: 1\n")
    moment = days_later(1)[1]
    actions.stop(firm, store, rule="follow_up", person=MAEVE, reason="wrong", moment=moment)
    made = undo(firm, store, one.id)
    approve(firm, store, made.id)
    actions.stop(firm, store, rule=None, person=MAEVE, reason="wait", moment=moment)
    assert dispatch_on(firm, store, 2) == ["held"]
    actions.resume(firm, store, rule=None, person=MAEVE, reason="go", moment=moment)
    assert dispatch_on(firm, store, 2) == ["sent"]


def test_one_that_was_rejected_may_be_asked_for_again(firm: Firm, store: Store) -> None:
    write_follow_up(firm)
    (one,) = approve_on(firm, store, 1)
    dispatch_on(firm, store, 1)
    made = undo(firm, store, one.id)
    actions.reject(firm, store, made.id or 0, person=MAEVE, reason="no", moment=days_later(2)[1])
    again = undo(firm, store, one.id)
    assert again.id != made.id
    assert again.state == "proposed"


def test_it_does_not_take_the_place_of_the_next_step(firm: Firm, store: Store) -> None:
    """An undo that waits is no proposal of its rule: neither superseded, nor counted as asked."""
    write_follow_up(firm)
    (one,) = approve_on(firm, store, 1)
    dispatch_on(firm, store, 1)
    made = undo(firm, store, one.id, day=6)
    (second,) = approve_on(firm, store, 7)
    assert second.rung == "Second"
    assert actions.show_proposal(store, made.id or 0).proposal.state == "proposed"


@pytest.mark.parametrize("step", ["before", "after"])
def test_a_webhook_says_so_once_however_the_dispatch_ends(
    tmp_path: Path, store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setenv("HOOK", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    with receiving() as receiver:
        firm = configure(
            write_firm(tmp_path, store=store_url), kind='"webhook"', url=f'"{receiver.url}"',
            secret='"env:HOOK"', allowed_hosts='["localhost"]',
            status_url=f'"http://localhost:{receiver.port}/{{key}}"',
        )  # fmt: skip
        write_follow_up(firm, "crm")
        (one,) = approve_on(firm, store, 1)
        dispatch_on(firm, store, 1)
        made = undo(firm, store, one.id)
        approve(firm, store, made.id)
        die_at(monkeypatch, step, lambda: dispatch_on(firm, store, 2))
        dispatch_on(firm, store, 2, hours=timedelta(minutes=30) / timedelta(hours=1))
        first, second = receiver.bodies
    assert second["type"] == "opslayer.follow_up.compensated"
    assert second["data"]["compensates"] == first["data"]["key"]
    assert len(set(receiver.keys)) == 2
    assert actions.show_proposal(store, made.id or 0).proposal.state == "sent"


def test_the_command_line_undoes(
    firm: Firm, store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_follow_up(firm)
    (one,) = approve_on(firm, store, 1)
    dispatch_on(firm, store, 1)
    words = ("actions", "undo", str(one.id), "--as", MAEVE, "--reason", "wrong")
    monkeypatch.setattr(sys, "argv", ["opslayer", "--firm", str(firm.directory), *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    assert f"{one.id} is undone by 2: proposed" in capsys.readouterr().out


def test_an_invoice_is_taken_back_by_its_credit_note(tmp_path: Path, store: Store, store_url: str) -> None:
    with serving(tmp_path / "mail") as server:
        work = Work(
            billing_firm(tmp_path / "firm", store=store_url, port=server.port), store, [Milestone("a")]
        )
        work.publish()
        (bill,) = work.propose()
        work.approve(bill.id)
        work.dispatch()
        with pytest.raises(UsageError, match="a credit note takes it back"):
            undo(work.firm, store, bill.id)
        work.change("a", status="reopened", completed_on=None)
        work.publish()
        (note,) = work.propose()
        assert undo(work.firm, store, bill.id).id == note.id
        assert len(actions.list_proposals(store)) == 2
        assert work.layer is not None
        work.layer.close()
