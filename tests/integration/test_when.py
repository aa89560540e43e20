"""Rules that wait for no job: asked once of each new snapshot, or of the subject of an event."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from opslayer import actions
from opslayer.actions import explanation
from opslayer.actions.cases import run_cases
from opslayer.config import Firm, load_firm
from opslayer.errors import UsageError
from opslayer.store import Evaluation, Store
from opslayer.warehouse import rollback
from tests.messages import write_rule
from tests.reminders import MOMENT, Books, Owed, bounce, received, serving, write_firm

MAEVE = "maeve@harrow.example"
QUERY = """select party.party_id as subject, party.name, sum(item.open_base) as amount_base
from core.party as party inner join marts.open_item as item on item.party_id = party.party_id
group by party.party_id, party.name
"""
RULE = """
rule: owes
kind: message
description: who owes us
owner: finance
who: {query: owes}
when: %s
what:
  to: role:finance
  steps: [{name: Owes us, template: owes}]
  shows: {amount_base: {title: Owes, type: amount, may_change: true}}
approval: {roles: [finance]}
"""
DIES = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from opslayer import actions
from opslayer.actions import draft
from opslayer.config import load_firm
from opslayer.store import open_store
draft.keep_evaluation = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
firm = load_firm(Path(sys.argv[1]))
with open_store(firm) as store:
    actions.propose_due(firm, store, moment=datetime.fromisoformat(sys.argv[2]))
"""


@pytest.fixture
def books(tmp_path: Path, store_url: str) -> Books:
    firm = write_firm(tmp_path / "firm", store=store_url)
    path = firm.directory / "firm.toml"
    path.write_text(path.read_text() + '[events]\norder_signed = "a client signed"\n')
    return Books(load_firm(firm.directory), [Owed("1", "acme", 16), Owed("2", "beta", 16)])


def waits(firm: Firm, when: str) -> None:
    for folder, name, text in (
        ("queries", "owes.sql", QUERY),
        ("templates", "owes.txt.j2", "Subject: {{ name }}\n\nDear {{ recipient }},\n\n{{ name }} owes us.\n"),
    ):
        (firm.directory / folder).mkdir(exist_ok=True)
        (firm.directory / folder / name).write_text(text)
    write_rule(firm, "owes", RULE % when)
    # what ships waits too, and asks for tables these books have not
    write_rule(
        firm, "exception_escalation", (RULE % "{jobs: [monday]}").replace("owes", "exception_escalation", 1)
    )
    write_rule(firm, "mail_bounced", (RULE % "{jobs: [monday]}").replace("owes", "mail_bounced", 1))


def due(books: Books, store: Store, days: float = 0) -> list[str]:
    made = actions.propose_due(books.firm, store, moment=MOMENT + timedelta(days=days))
    return sorted(one.party_id for one in made)


def evaluations(store: Store) -> list[tuple[str, str, int]]:
    with store.reading() as session:
        rows = session.scalars(select(Evaluation).where(Evaluation.rule == "owes").order_by(Evaluation.id))
        return [(one.cause, one.snapshot, one.proposed) for one in rows]


def killed(books: Books) -> None:
    """A run that dies as its proposals are written, and not committed yet."""
    command = [sys.executable, "-c", DIES, str(books.firm.directory), MOMENT.isoformat()]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


def test_each_snapshot_is_put_to_a_rule_once_also_after_a_kill(books: Books, store: Store) -> None:
    waits(books.firm, "{snapshot: true}")
    assert due(books, store) == []  # nothing is published yet
    books.publish().close()
    killed(books)
    assert actions.list_proposals(store) == []
    assert evaluations(store) == []
    assert due(books, store) == ["acme", "beta"]
    assert due(books, store) == []
    books.invoices.append(Owed("3", "corvid", 16))
    books.publish().close()  # and its run dies before any rule is asked
    books.invoices.append(Owed("4", "dorn", 16))
    books.publish().close()
    assert due(books, store) == ["corvid", "dorn"]
    first, second, third = (f"2026-11-16.00{n}" for n in (1, 2, 3))
    assert evaluations(store) == [
        ("snapshot", first, 2), ("snapshot", second, 1), ("snapshot", third, 1),
    ]  # fmt: skip
    on = {one.party_id: one.snapshot for one in actions.list_proposals(store)}
    assert on == {"acme": first, "beta": first, "corvid": second, "dorn": third}
    rollback(books.firm, second)
    assert due(books, store) == []
    assert not any(
        one.is_proposed_by("monday") for one in actions.load_rules(books.firm) if one.name == "owes"
    )
    assert actions.verify(store).holds


def test_an_event_asks_about_its_own_subject_once_however_often_it_is_told(
    books: Books, store: Store
) -> None:
    waits(books.firm, "{events: [order_signed], again_after_days: 1}")
    books.publish().close()
    for subject, key in (("acme", "a"), ("acme", "a"), ("x' or '1' = '1", "b")):
        actions.emit_event(books.firm, store, "order_signed", subject=subject, key=key, moment=MOMENT)
    assert due(books, store) == ["acme"]
    assert due(books, store) == []
    told = actions.emit_event(books.firm, store, "order_signed", subject="beta", key="c", moment=MOMENT)
    assert told.is_new
    assert due(books, store) == ["beta"]  # and what is open of acme stays
    assert {one.state for one in actions.list_proposals(store)} == {"proposed"}
    assert [(e.subject, e.proposed) for e in actions.list_events(store)] == [
        ("beta", 1), ("x' or '1' = '1", 0), ("acme", 1),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="about acme already"):
        actions.emit_event(books.firm, store, "order_signed", subject="beta", key="a", moment=MOMENT)
    with pytest.raises(UsageError, match="order_signed"):
        actions.emit_event(books.firm, store, "message_bounced", subject="beta", key="a", moment=MOMENT)
    assert actions.show_proposal(store, 1).evidence["cause"] == "event:1"
    assert actions.verify(store).holds


def test_an_event_waits_a_week_for_its_subject_to_land(books: Books, store: Store) -> None:
    waits(books.firm, "{events: [order_signed]}")
    books.publish().close()
    for subject in ("corvid", "dorn"):
        actions.emit_event(books.firm, store, "order_signed", subject=subject, key=subject, moment=MOMENT)
    assert due(books, store) == due(books, store, 1) == []
    books.invoices.append(Owed("3", "corvid", 16))
    with books.publish() as layer:
        assert due(books, store, 2) == ["corvid"]
        said = explanation.judge(books.firm, layer, store, "owes", "beta", moment=MOMENT)
    assert not said.is_chosen
    assert ("order_signed happened to it in the last 7 days", False) in [
        (one.says, one.holds) for one in said.conditions
    ]
    books.invoices.append(Owed("4", "dorn", 16))
    books.publish().close()
    assert due(books, store, 7) == []


def test_a_rule_that_cannot_be_asked_is_told_once_and_holds_up_no_other(books: Books, store: Store) -> None:
    waits(books.firm, "{snapshot: true}")
    (books.firm.directory / "queries" / "gone.sql").write_text("select * from core.nowhere\n")
    broken = (
        (RULE % "{snapshot: true}")
        .replace("rule: owes", "rule: broken")
        .replace("query: owes", "query: gone")
    )
    write_rule(books.firm, "broken", broken)
    books.publish().close()
    assert due(books, store) == ["acme", "beta"]
    assert due(books, store) == []
    with store.reading() as session:
        (why,) = session.scalars(select(Evaluation.failure).where(Evaluation.rule == "broken"))
    assert "nowhere" in str(why)


def test_mail_that_comes_back_is_told_to_who_leads_the_client(
    tmp_path: Path, store_url: str, store: Store
) -> None:
    with serving(tmp_path / "mail") as server:
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port)
        path = firm.directory / "firm.toml"
        path.write_text(path.read_text() + 'bounces = "maildir:came_back"\n')
        firm = load_firm(firm.directory)
        (firm.directory / "came_back" / "new").mkdir(parents=True)
        books = Books(firm, [Owed("1", "acme", 16), Owed("2", "beta", 16)])
        with books.publish() as layer:
            for one in actions.propose(firm, layer, store, as_of=layer.as_of, moment=MOMENT):
                actions.approve(
                    firm, store, one.id or 0, person=MAEVE, reason="y", moment=MOMENT, layer=layer
                )
            actions.dispatch(firm, store, layer=layer, moment=MOMENT)
            (sent,) = received(tmp_path / "mail", "acme@client.example")
            for name in "ab":  # it is told twice
                notice = bounce(str(sent["Message-ID"]), "acme@client.example")
                (firm.directory / "came_back" / "new" / name).write_bytes(notice)
            actions.dispatch(firm, store, layer=layer, moment=MOMENT)
            (told,) = actions.propose_due(firm, store, moment=MOMENT)
            assert (told.rule, told.party_id, told.state) == ("mail_bounced", "acme", "approved")
            actions.dispatch(firm, store, layer=layer, moment=MOMENT)
    (read,) = received(tmp_path / "mail", "ada@harrow.example")
    assert read["Subject"] == "Mail to Acme comes back"
    assert actions.propose_due(firm, store, moment=MOMENT) == []


def test_a_case_says_which_event_asks(books: Books) -> None:
    waits(books.firm, "{events: [order_signed]}")
    (books.firm.directory / "cases").mkdir()
    case = "{name: x, as_of: 2026-11-16, event: {name: alert_fired, subject: a}, proposals: []}"
    text = f"rule: owes\ncases: [{case}]\n"
    (books.firm.directory / "cases" / "owes.yaml").write_text(text)
    (done,) = run_cases(books.firm, "owes")
    assert done.differences == ("the rule waits for order_signed; got alert_fired",)


def test_what_is_no_event_is_named_with_its_place(books: Books) -> None:
    waits(books.firm, "{events: [order_singed]}")
    with pytest.raises(Exception, match=r"owes.yaml:7:17[\s\S]*nearest: \"order_signed\""):
        actions.load_rules(books.firm)
