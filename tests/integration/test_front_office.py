"""Appointments and calls: each message goes once to its reader, and is void where it is no longer so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from opslayer import actions
from opslayer.config import PROJECT, Firm
from opslayer.store import Assignment, Store, open_store
from opslayer.warehouse import Layer, blank_layer
from tests.messages import days_later, write_rule
from tests.reminders import MOMENT, received, serving, write_firm

MAEVE = "maeve@harrow.example"
RULES = PROJECT / "lib" / "opslayer" / "actions" / "rules"
PERSON = {"person_id": "ada", "name": "Ada Manager", "email": "ada@harrow.example"}
PARTY = {"party_id": "acme", "name": "Acme", "email": "hello@acme.example"}
APPOINTMENT = {"appointment_id": "a1", "subject": "Review", "party_id": "acme", "person_id": "ada"}
CALL = {"direction": "in", "outcome": "missed", "number": "+35315550101", "party_id": "acme"}


@pytest.fixture
def one_store(tmp_path: Path) -> Iterator[Store]:
    """What a rule's question decides is the same on every store."""
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    """A firm with the four rules switched on; strangers' calls are its partner's, Maeve's."""
    with serving(tmp_path / "mail") as server:
        made = write_firm(tmp_path / "firm", port=server.port)
        for name in ("appointment_confirm", "appointment_follow_up"):
            shipped = (RULES / f"{name}.yaml").read_text()
            write_rule(made, name, shipped.replace("enabled: false", "enabled: true"))
        yield made


def appointment(day: int, time: str = "10:30", **values: Any) -> dict[str, Any]:
    on = days_later(day)[0]
    return APPOINTMENT | {"starts_on": on, "starts_local": f"{on} {time}:00"} | values


def call(day: int, time: str, **values: Any) -> dict[str, Any]:
    on = days_later(day)[0]
    at = {"started_on": on, "started_local": f"{on} {time}", "started_at": f"{on} {time}+00"}
    return CALL | {"call_id": f"{on} {time}"} | at | values


def snapshot(firm: Firm, *, day: int = 0, **tables: list[dict[str, Any]]) -> Layer:
    rows = {"core.person": [PERSON], "core.party": [PARTY]}
    return blank_layer(
        firm, rows | {f"core.{name}": given for name, given in tables.items()}, as_of=days_later(day)[0]
    )


def propose(firm: Firm, store: Store, layer: Layer, day: int = 0) -> list[actions.Proposal]:
    as_of, moment = days_later(day)
    return actions.propose(firm, layer, store, as_of=as_of, moment=moment, job="morning")


def readers(folder: Path) -> set[str]:
    """Who got anything; the server keeps what it got for everybody under `all` besides."""
    return {path.name for path in folder.iterdir()} - {"all"}


def approve(firm: Firm, store: Store, layer: Layer, proposal: actions.Proposal) -> None:
    """As Maeve does, where the rule has not done so by itself."""
    if proposal.state == "proposed":
        number = proposal.id or 0
        actions.approve(firm, store, number, person=MAEVE, reason="yes", moment=MOMENT, layer=layer)


SENT: list[tuple[str, dict[str, list[dict[str, Any]]], str, str]] = [
    ("appointment_confirm", {"appointment": [appointment(2, status="booked")]}, "hello@acme.example",
     "Prepared for you: Review on 18 November 2026"),
    ("appointment_prepare", {"appointment": [appointment(1, status="confirmed")]}, "ada@harrow.example",
     "17 November 2026, 10:30: Acme"),
    ("appointment_follow_up", {"appointment": [appointment(-3, status="kept")]}, "hello@acme.example",
     "Thank you for 13 November 2026"),
    ("missed_call", {"call": [call(-3, "15:00:00", person_id="ada")]}, "ada@harrow.example",
     "Acme waits for a call"),
    ("missed_call", {"call": [call(-3, "15:00:00", party_id=None)]}, MAEVE,
     "+35315550101 waits for a call"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "tables", "reader", "subject"), SENT)
def test_it_goes_once_to_its_reader(
    firm: Firm, store: Store, tmp_path: Path, rule: str, tables: dict[str, list[dict[str, Any]]],
    reader: str, subject: str,
) -> None:  # fmt: skip
    with snapshot(firm, **tables) as layer:
        (one,) = propose(firm, store, layer)
        assert one.rule == rule
        approve(firm, store, layer, one)
        (sent,) = actions.dispatch(firm, store, layer=layer, moment=MOMENT)
        assert sent.state == "sent"
        assert propose(firm, store, layer) == []
        assert actions.dispatch(firm, store, layer=layer, moment=MOMENT) == []
    assert [message["Subject"] for message in received(tmp_path / "mail", reader)] == [subject]
    assert readers(tmp_path / "mail") == {reader}
    assert actions.verify(store).holds


MISSED = call(-3, "15:00:00", person_id="ada")
SETTLED = "it is settled: the rule's question no longer names it"
CHANGED: list[tuple[dict[str, list[dict[str, Any]]], dict[str, list[dict[str, Any]]], int, str]] = [
    # moved to another hour, to another week, cancelled, confirmed, and past
    ({"appointment": [appointment(2, status="booked")]},
     {"appointment": [appointment(2, "14:00", status="booked")]}, 0, "Time was 10:30, now 14:00"),
    ({"appointment": [appointment(2, status="booked")]},
     {"appointment": [appointment(9, status="booked")]}, 0, SETTLED),
    ({"appointment": [appointment(2, status="booked")]},
     {"appointment": [appointment(2, status="confirmed")]}, 0, SETTLED),
    ({"appointment": [appointment(1, status="confirmed")]},
     {"appointment": [appointment(1, status="cancelled")]}, 0, SETTLED),
    ({"appointment": [appointment(1, status="booked", party_id=None)]},
     {"appointment": [appointment(1, status="booked", party_id=None)]}, 1, SETTLED),
    ({"appointment": [appointment(-1, status="kept")]},
     {"appointment": [appointment(-1, status="no_show")]}, 0, SETTLED),
    # somebody called back; the caller got through; it has become somebody's
    ({"call": [MISSED]},
     {"call": [MISSED, call(-3, "16:00:00", direction="out", outcome="answered")]}, 0, SETTLED),
    ({"call": [MISSED]}, {"call": [MISSED, call(0, "07:00:00", outcome="answered")]}, 0, SETTLED),
    ({"call": [MISSED | {"person_id": None, "party_id": None}]},
     {"call": [MISSED | {"party_id": None}]}, 0,
     "it was for role:partner to read, now for owner"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "day", "said"), CHANGED)
def test_it_is_void_where_that_is_no_longer_so(
    firm: Firm, one_store: Store, tmp_path: Path, before: dict[str, list[dict[str, Any]]],
    after: dict[str, list[dict[str, Any]]], day: int, said: str,
) -> None:  # fmt: skip
    with snapshot(firm, **before) as layer:
        (one,) = propose(firm, one_store, layer)
        approve(firm, one_store, layer, one)
    with snapshot(firm, day=day, **after) as layer:
        (held,) = actions.dispatch(firm, one_store, layer=layer, moment=MOMENT)
    assert (held.state, held.reason) == ("cancelled", said)
    assert readers(tmp_path / "mail") == set()


def test_a_call_that_could_still_be_returned_is_left(firm: Firm, one_store: Store) -> None:
    """Four hours, by a log that goes further than the start of the day."""
    early = call(0, "06:30:00", person_id="ada")
    for last, expected in (("10:29:59", 0), ("10:30:00", 1)):
        other = call(0, last, number="+35315550177", outcome="answered")
        with snapshot(firm, call=[early, other]) as layer:
            assert len(propose(firm, one_store, layer)) == expected


def test_what_a_confirmation_is_worth_is_told_by_who_came(firm: Firm, one_store: Store) -> None:
    """Half of those asked get the other words; either arm is judged by whether the appointment was held."""
    booked = [appointment(2, appointment_id=f"a{n}", status="booked") for n in range(30)]
    with snapshot(firm, appointment=booked) as layer:
        made = propose(firm, one_store, layer)
        said = {one.subject for one in (actions.show_proposal(one_store, two.id or 0) for two in made)}
    assert {subject.startswith("Prepared for you") for subject in said} == {True, False}
    with one_store.reading() as session:
        drawn = set(session.scalars(select(Assignment.subject)))
    assert len(drawn) == 30, "who is left alone is judged too"
    came = [one | {"status": "no_show" if n % 3 == 0 else "kept"} for n, one in enumerate(booked)]
    with snapshot(firm, day=8, appointment=came) as layer:
        actions.judge_subjects(layer, one_store, moment=MOMENT)
    with one_store.reading() as session:
        settled = dict(session.execute(select(Assignment.subject, Assignment.is_settled)).all())
    assert sum(settled.values()) == 20
    assert {settled[f"a{n} {booked[n]['starts_on']}"] for n in range(0, 30, 3)} == {False}
    (told,) = [
        row for row in actions.trials(firm, one_store).to_dicts() if row["trial"] == "prepared_for_you"
    ]
    assert (told["verdict"], told["subjects"] + told["standing_subjects"]) == ("not yet", len(made))
