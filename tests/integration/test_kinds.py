"""The seam that kinds of action share: one is done when approved, one mails the firm's own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy.orm import Session

from opslayer import actions
from opslayer.actions.kind import Column, Kind, Occasion, Wanted
from opslayer.actions.kinds import KINDS
from opslayer.actions.mail import attachment
from opslayer.actions.rule import Approval, Rule
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.store import Proposal as Record
from opslayer.store import Store, append
from opslayer.warehouse import Layer
from tests.reminders import AS_OF, MOMENT, Books, Owed, received, serving, write_firm

MAEVE = "maeve@harrow.example"
WORDS = {"subject": "What is owed", "text": "See the table.\n", "html": "<p>See the table.</p>"}
RULE = """
rule: {kind}
kind: {kind}
description: what clients owe
owner: finance
approval: {approval}
"""


class OneStep(Rule):
    """A rule with one level."""

    kind: Literal["note", "digest"]
    approval: Approval

    def approval_at(self, level: int) -> Approval | None:
        return self.approval


def gather(occasion: Occasion) -> list[dict[str, Any]]:
    return occasion.layer.query("reminder_candidates", from_days=0).to_dicts()


def wanted(session: Session, occasion: Occasion, rows: list[dict[str, Any]]) -> list[Wanted]:
    names = [row["number"] for row in rows]
    return [
        Wanted(
            key=hashlib.sha256(occasion.rule.kind.encode()).hexdigest(),
            subject="firm",
            name="The firm",
            title="What is owed",
            step="Note",
            approval=occasion.rule.approval,
            basis=names,
        )
    ]


def evidence(occasion: Occasion, one: Wanted) -> dict[str, Any]:
    return {"rows": [{"number": name} for name in one.basis]}


def content(occasion: Occasion, one: Wanted, found: dict[str, Any]) -> dict[str, Any]:
    people = ", ".join(person.email for person in occasion.firm.people[:2])
    files = [attachment("owed.csv", "text/csv", "\n".join(one.basis).encode())]
    return {"recipient": people, "sender": None, **WORDS, "attachments": files}


def note(session: Session, occasion: Occasion, record: Record) -> None:
    append(session, moment=occasion.moment, actor="opslayer", event="noted", proposal_id=record.id)


COLUMNS = (Column("number", "Invoice"),)
NOTE = Kind(
    OneStep,
    gather,
    wanted,
    evidence,
    lambda *_: dict(WORDS),
    channel="record",
    columns=COLUMNS,
    approved=note,
)
DIGEST = Kind(OneStep, gather, wanted, evidence, content, columns=COLUMNS)


@pytest.fixture
def books(tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    monkeypatch.setitem(KINDS, "note", NOTE)
    monkeypatch.setitem(KINDS, "digest", DIGEST)
    with serving(tmp_path / "mail") as server:
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port)
        (firm.directory / "rules").mkdir()
        for kind, approval in (
            ("note", "{roles: [finance]}"),
            ("digest", "{roles: [finance], automatic_up_to: 0}"),
        ):
            (firm.directory / "rules" / f"{kind}.yaml").write_text(RULE.format(kind=kind, approval=approval))
        yield Books(firm, [Owed("1", "acme", 46)])


def propose(books: Books, layer: Layer, store: Store, rule: str) -> list[actions.Proposal]:
    return actions.propose(books.firm, layer, store, as_of=AS_OF, moment=MOMENT, rule=rule)


def test_approved_is_recorded_and_nothing_is_sent(books: Books, store: Store, tmp_path: Path) -> None:
    with books.publish() as layer:
        (one,) = propose(books, layer, store, "note")
        assert (one.kind, one.state, one.invoices) == ("note", "proposed", 1)
        done = actions.approve(
            books.firm, store, one.id or 0, person=MAEVE, reason="yes", moment=MOMENT, layer=layer
        )
        assert done.state == "recorded"
        assert actions.dispatch(books.firm, store, layer=layer, moment=MOMENT) == []
        assert propose(books, layer, store, "note") == []
        with pytest.raises(UsageError, match="is recorded"):
            actions.reject(books.firm, store, one.id or 0, person=MAEVE, reason="no", moment=MOMENT)
    shown = actions.show_proposal(store, one.id or 0)
    assert [event["what"] for event in shown.events] == [
        "proposed",
        "decision: approved",
        "noted",
        "recorded",
    ]
    assert shown.rows["number"].to_list() == ["INV-1"]
    assert not list((tmp_path / "mail").glob("*@*"))
    assert actions.verify(store).holds


def test_a_rule_approves_by_itself_and_all_its_readers_get_the_file(
    books: Books, store: Store, tmp_path: Path
) -> None:
    with books.publish() as layer:
        (one,) = propose(books, layer, store, "digest")
        assert (one.state, one.approvals) == ("approved", ("rule digest",))
        (sent,) = actions.dispatch(books.firm, store, layer=layer, moment=MOMENT)
        assert sent.state == "sent"
    for reader in (MAEVE, "tomas@harrow.example"):
        (message,) = received(tmp_path / "mail", reader)
        (file,) = message.iter_attachments()
        assert (file.get_filename(), file.get_content().strip()) == ("owed.csv", "INV-1")


def test_a_draft_of_any_kind_follows_what_it_rests_on(books: Books, store: Store) -> None:
    with books.publish() as layer:
        (one,) = propose(books, layer, store, "note")
    books.invoices.append(Owed("2", "beta", 3))
    with books.publish() as layer:
        (again,) = propose(books, layer, store, "note")
        assert (again.id, again.invoices) == (one.id, 2)
        with pytest.raises(GuardrailHeld, match="has changed since you looked"):
            actions.approve(
                books.firm, store, one.id or 0, person=MAEVE, reason="yes", moment=MOMENT, layer=layer,
                evidence_hash=one.evidence_hash,
            )  # fmt: skip
