"""A rule that is YAML alone: proposed once, within its cap, read again before it leaves, asked when due."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opslayer import actions
from opslayer.config import PROJECT, Firm
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.store import Store
from opslayer.warehouse import Layer
from tests.messages import FORECAST, days_later, snapshot, write_rule
from tests.reminders import AS_OF, MOMENT, received, serving, write_firm

MAEVE = "maeve@harrow.example"
RULE = "overrun_escalation"
SHIPPED = (PROJECT / "lib" / "opslayer" / "actions" / "rules" / f"{RULE}.yaml").read_text()


@pytest.fixture
def firm(tmp_path: Path, store_url: str) -> Iterator[Firm]:
    with serving(tmp_path / "mail") as server:
        yield write_firm(tmp_path / "firm", store=store_url, port=server.port)


def propose(firm: Firm, store: Store, layer: Layer, day: int = 0) -> list[actions.Proposal]:
    as_of, moment = days_later(day)
    return actions.propose(firm, layer, store, as_of=as_of, moment=moment, job="monday")


def approve(firm: Firm, store: Store, layer: Layer, number: int | None) -> actions.Proposal:
    assert number is not None
    return actions.approve(firm, store, number, person=MAEVE, reason="yes", moment=MOMENT, layer=layer)


def test_it_is_proposed_once_and_goes_to_who_leads_the_project(
    firm: Firm, store: Store, tmp_path: Path
) -> None:
    with snapshot(firm) as layer:
        (one,) = propose(firm, store, layer)
        assert (one.kind, one.state, one.party_name, one.rung) == (
            "message", "proposed", "Data for Acme", "Heading over budget",
        )  # fmt: skip
        assert propose(firm, store, layer) == []
        assert approve(firm, store, layer, one.id).state == "approved"
        (sent,) = actions.dispatch(firm, store, layer=layer, moment=MOMENT)
        assert sent.state == "sent"
    (message,) = received(tmp_path / "mail", "ada@harrow.example")
    assert message["Subject"] == "Data for Acme: 60,000 EUR at risk"
    assert "80 of 100 hours are booked" in str(message.get_body(("plain",)))
    rows = actions.show_proposal(store, one.id or 0).rows
    assert dict(rows.iter_rows())["At risk"] == "60,000.00"
    assert actions.verify(store).holds


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        ("from_amount: 25000", "from_amount: 25001", "cancelled"),
        ("title: Client", "title: Customer", "cancelled"),
        ("daily_cap: 15", "daily_cap: 14", "sent"),
    ],
)
def test_what_was_approved_under_a_rule_that_is_another_by_now_is_void(
    firm: Firm, store: Store, before: str, after: str, state: str
) -> None:
    assert before in SHIPPED
    with snapshot(firm) as layer:
        (one,) = propose(firm, store, layer)
        approve(firm, store, layer, one.id)
        write_rule(firm, RULE, SHIPPED.replace(before, after))
        (left,) = actions.dispatch(firm, store, layer=layer, moment=MOMENT)
        assert left.state == state
        if state == "cancelled":
            assert f"the rule {RULE} was changed" in (left.reason or "")
            (again,) = propose(firm, store, layer)
            assert (again.id, again.state, again.approvals) == (one.id, "proposed", ())


def test_words_of_a_template_that_are_others_are_proposed_anew(firm: Firm, store: Store) -> None:
    with snapshot(firm) as layer:
        (one,) = propose(firm, store, layer)
        (firm.directory / "templates").mkdir()
        words = firm.files("templates", "*.j2")[f"{RULE}.txt.j2"].read_text()
        (firm.directory / "templates" / f"{RULE}.txt.j2").write_text(f"{words}\nThank you.\n")
        with pytest.raises(GuardrailHeld, match="was changed"):
            approve(firm, store, layer, one.id)
        (again,) = propose(firm, store, layer)
        assert again.id == one.id
        assert "Thank you." in actions.show_proposal(store, one.id or 0).text


def test_the_same_subject_is_asked_about_again_only_when_it_is_due(firm: Firm, store: Store) -> None:
    with snapshot(firm) as layer:
        (one,) = propose(firm, store, layer)
        approve(firm, store, layer, one.id)
        actions.dispatch(firm, store, layer=layer, moment=MOMENT)
    for day, expected in ((13, 0), (14, 1)):
        with snapshot(firm, as_of=days_later(day)[0]) as layer:
            assert len(propose(firm, store, layer, day)) == expected


def test_most_money_first_and_no_more_than_the_cap(firm: Firm, store: Store) -> None:
    write_rule(firm, RULE, SHIPPED.replace("daily_cap: 15", "daily_cap: 2"))
    projects = [
        {"project_id": f"p{n}", "name": f"Project {n}", "money_at_risk_base": 30000 + n} for n in range(5)
    ]
    with snapshot(firm, *projects) as layer:
        assert [p.party_id for p in propose(firm, store, layer)] == ["p4", "p3"]
        assert propose(firm, store, layer) == []
    richer = [*projects, {"project_id": "p9", "name": "Project 9", "money_at_risk_base": 90000}]
    with snapshot(firm, *richer) as layer:  # what is open stays open: nobody's reading is thrown away
        assert propose(firm, store, layer) == []
    assert {p.party_id for p in actions.list_proposals(store, "proposed")} == {"p4", "p3"}


def test_what_is_mended_is_cancelled_and_says_so(firm: Firm, store: Store) -> None:
    with snapshot(firm) as layer:
        (one,) = propose(firm, store, layer)
        approve(firm, store, layer, one.id)
    with snapshot(firm, {"is_named": False}) as layer:
        (held,) = actions.dispatch(firm, store, layer=layer, moment=MOMENT)
    assert (held.state, held.reason) == (
        "cancelled", "it is settled: the rule's question no longer names it",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "person", "said"),
    [
        ({"budget_hours": 150}, {}, "Budget in hours was 100, now 150"),
        ({"party_name": "Beta"}, {}, "Client was Acme, now Beta"),
        ({}, {"email": "eve@harrow.example"}, "e-mail address has changed"),
        ({}, {"email": None}, "e-mail address has changed"),
    ],
)
def test_an_approval_is_void_where_what_it_rests_on_has_changed(
    firm: Firm, store: Store, change: dict[str, object], person: dict[str, object], said: str
) -> None:
    with snapshot(firm) as layer:
        (one,) = propose(firm, store, layer)
    with (
        snapshot(firm, change, **person) as layer,
        pytest.raises(GuardrailHeld, match=said),
    ):
        approve(firm, store, layer, one.id)


def test_a_figure_that_may_change_voids_nothing(firm: Firm, store: Store) -> None:
    with snapshot(firm) as layer:
        (one,) = propose(firm, store, layer)
    with snapshot(firm, {"eac_hours": 140, "money_at_risk_base": 70000}) as layer:
        assert propose(firm, store, layer) == []
        assert approve(firm, store, layer, one.id).state == "approved"


def test_an_open_one_follows_what_it_rests_on(firm: Firm, store: Store) -> None:
    with snapshot(firm) as layer:
        (one,) = propose(firm, store, layer)
    with snapshot(firm, {"budget_hours": 110}) as layer:
        (again,) = propose(firm, store, layer)
    assert again.id == one.id
    with snapshot(firm, {"is_named": False}) as layer:
        assert propose(firm, store, layer) == []
    assert [p.state for p in actions.list_proposals(store)] == ["cancelled"]


@pytest.mark.parametrize(
    "email",
    [
        "ada@harrow.example\nBcc: eve@evil.example",
        "Ada <ada@harrow.example>",
        "",
        "ada@harrow.example, eve@evil.example",
    ],
)
def test_a_record_with_anything_but_one_address_is_held(firm: Firm, store: Store, email: str) -> None:
    with snapshot(firm, email=email) as layer:
        (one,) = propose(firm, store, layer)
        assert "e-mail address" in str(one.reason)
        with pytest.raises(GuardrailHeld, match="e-mail address"):
            approve(firm, store, layer, one.id)


def test_a_name_cannot_add_a_header(firm: Firm, store: Store, tmp_path: Path) -> None:
    with snapshot(firm, {"name": "Data\r\nBcc: eve@evil.example\r\n\r\n\u202eHello\x00"}) as layer:
        (one,) = propose(firm, store, layer)
        approve(firm, store, layer, one.id)
        actions.dispatch(firm, store, layer=layer, moment=MOMENT)
    (message,) = received(tmp_path / "mail", "ada@harrow.example")
    assert message["Bcc"] is None
    assert message["Subject"] == "Data Bcc: eve@evil.example Hello: 60,000 EUR at risk"
    assert received(tmp_path / "mail", "eve@evil.example") == []


SEQUENCE = """
rule: follow_up
kind: message
description: leads, three times
owner: sales
who: {query: leads_of_ours}
when: {jobs: [monday]}
what:
  to: owner
  steps:
    - {name: First, template: overrun_escalation, days: 2}
    - {name: Second, template: overrun_escalation, days: 7}
    - {name: Third, template: overrun_escalation, days: 14}
  shows: {client: {title: Client}}
approval: {roles: [partner], automatic_up_to: 1000000}
"""
LEADS = """
select project_id as subject, name, money_at_risk_base as amount_base, 'ada' as recipient_id,
    party_name as client, budget_hours, hours_to_date, eac_hours, probability_over,
    reasons, $as_of - first_visible_on as days
from intelligence.project_forecast
"""


def test_a_sequence_takes_its_steps_in_turn_however_late_it_began(firm: Firm, store: Store) -> None:
    (firm.directory / "queries").mkdir()
    (firm.directory / "queries" / "leads_of_ours.sql").write_text(LEADS)
    write_rule(firm, RULE, SHIPPED.replace("enabled: true", "enabled: false"))
    write_rule(firm, "follow_up", SEQUENCE)
    taken = {}
    for day in (0, 1, 2, 3, 7, 8, 9, 14, 15, 16, 40):
        as_of, moment = days_later(day)
        began = AS_OF if day < 1 else days_later(-20)[0]  # on the first day it is too early
        with snapshot(firm, {"first_visible_on": began}, as_of=as_of) as layer:
            made = propose(firm, store, layer, day)
            actions.dispatch(firm, store, layer=layer, moment=moment)
        if made:
            (proposal,) = made
            taken[day] = proposal.rung
    assert taken == {1: "First", 7: "Second", 14: "Third"}


def test_a_reader_is_left_alone_for_the_quiet_days(firm: Firm, store: Store) -> None:
    text = SHIPPED.replace("daily_cap", "quiet_days: 5\ndaily_cap")
    write_rule(firm, RULE, text.replace("expires_days: 5", "automatic_up_to: 1000000"))
    both = [{"project_id": "p1"}, {"project_id": "p2", "money_at_risk_base": 90000}]
    found = {}
    for day in (0, 1, 4, 5, 6):
        as_of, moment = days_later(day)
        with snapshot(firm, *both, as_of=as_of) as layer:
            found[day] = [p.party_id for p in propose(firm, store, layer, day)]
            actions.dispatch(firm, store, layer=layer, moment=moment)
    assert found == {0: ["p2"], 1: [], 4: [], 5: ["p1"], 6: []}


def test_a_query_that_gives_a_subject_twice_is_refused(firm: Firm, store: Store) -> None:
    with snapshot(firm, {}, {"name": "Again"}) as layer, pytest.raises(UsageError, match="gives p1 twice"):
        propose(firm, store, layer)


def test_a_role_is_everybody_who_has_it(firm: Firm, store: Store) -> None:
    write_rule(firm, RULE, SHIPPED.replace("to: owner ", "to: role:finance "))
    with snapshot(firm) as layer:
        (one,) = propose(firm, store, layer)
    shown = actions.show_proposal(store, one.id or 0)
    assert shown.recipient == "maeve@harrow.example, tomas@harrow.example"
    write_rule(firm, RULE, SHIPPED.replace("to: owner ", "to: role:nobody "))
    with snapshot(firm, FORECAST | {"budget_hours": 99}) as layer:
        (again,) = propose(firm, store, layer)
    assert again.reason == "nobody in firm.toml has the role nobody"


def test_nothing_is_proposed_by_a_job_it_does_not_wait_for(firm: Firm, store: Store) -> None:
    with snapshot(firm) as layer:
        made = actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT, job="morning")
    assert made == []


def test_text_of_a_client_is_nobodys_address(firm: Firm, store: Store) -> None:
    (firm.directory / "queries").mkdir()
    path = firm.directory / "queries" / "overruns_to_escalate.sql"
    shipped = PROJECT / "lib" / "opslayer" / "warehouse" / "queries" / path.name
    text = shipped.read_text().replace("project.manager_id as", "'eve@evil.example' as")
    path.write_text(text)
    with snapshot(firm) as layer:
        (one,) = propose(firm, store, layer)
    assert one.reason == "no e-mail address of the owner is known"
    assert actions.show_proposal(store, one.id or 0).recipient is None
