"""Who may decide: in turn, for somebody who is away, after a while those above; and several at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from opslayer import actions, cli
from opslayer.actions import Proposal
from opslayer.config import Firm, load_firm
from opslayer.errors import ConfigurationError, GuardrailHeld
from opslayer.store import Store, open_store
from opslayer.warehouse import Layer
from tests.reminders import AS_OF, MOMENT, Books, Owed, write_firm

MAEVE, TOMAS, INES = "maeve@harrow.example", "tomas@harrow.example", "ines@harrow.example"
DAY = timedelta(days=1)


@dataclass
class Desk:
    firm: Firm
    store: Store
    layer: Layer

    def configure(self, *, approval: str | None = None, absences: str = "") -> None:
        """The approval that every rung asks for, and who is away."""
        path = self.firm.directory / "firm.toml"
        path.write_text(f"{path.read_text()}\n{absences}")
        self.firm = load_firm(self.firm.directory)
        if approval:
            shipped = Path(actions.__file__).parent / "rules" / "payment_reminder.yaml"
            rules = self.firm.directory / "rules"
            rules.mkdir(exist_ok=True)
            lines = shipped.read_text().splitlines()
            lines = [f"    approval: {approval}" if "approval: {" in line else line for line in lines]
            (rules / shipped.name).write_text("\n".join(lines))

    def propose(self) -> list[Proposal]:
        return actions.propose(self.firm, self.layer, self.store, as_of=AS_OF, moment=MOMENT)

    def approve(self, proposal: Proposal, person: str, moment: datetime = MOMENT) -> Proposal:
        return actions.approve(
            self.firm, self.store, proposal.id or 0, person=person, reason="yes", moment=moment,
            layer=self.layer,
        )  # fmt: skip


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    with open_store(store_url) as store:
        firm = write_firm(tmp_path / "firm", store=store_url)
        owed = [Owed("1", "acme", 16), Owed("2", "beta", 16, "900.00"), Owed("3", "gamma", 16, "800.00")]
        with Books(firm, owed).publish() as layer:
            yield Desk(firm, store, layer)


def away(person: str, deputy: str, first: str = "2026-11-16", last: str = "2026-11-20") -> str:
    return f'[[absences]]\nperson = "{person}"\ndeputy = "{deputy}"\nfirst_on = {first}\nlast_on = {last}\n'


def test_a_chain_is_gone_through_in_turn(desk: Desk) -> None:
    desk.configure(approval="{roles: [finance], chain: [finance, partner], expires_days: 5}")
    first = desk.propose()[0]
    policy = actions.show_proposal(desk.store, first.id or 0).policy
    assert policy == "Needs approval by two people (finance, then partner); void after 5 days."
    assert desk.approve(first, TOMAS).state == "proposed"
    with pytest.raises(GuardrailHeld, match="it takes the role partner"):
        desk.approve(first, INES)
    assert desk.approve(first, MAEVE).state == "approved"


def test_whoever_may_say_yes_at_some_turn_may_pull_it_back(desk: Desk) -> None:
    desk.configure(approval="{roles: [partner], chain: [finance, partner], expires_days: 5}")
    first = desk.propose()[0]
    for person in (TOMAS, MAEVE):
        desk.approve(first, person)
    given = {"reason": "they rang", "moment": MOMENT}
    with pytest.raises(GuardrailHeld, match="it takes the role finance or partner"):
        actions.reject(desk.firm, desk.store, first.id or 0, person=INES, **given)
    pulled = actions.reject(desk.firm, desk.store, first.id or 0, person=TOMAS, **given)
    assert pulled.state == "rejected"  # it was his yes, and it is not his turn any more


def test_what_needs_a_look_of_its_own_is_named(desk: Desk) -> None:
    desk.configure(
        approval="{roles: [finance], edit_roles: [finance], four_eyes_above: 950, expires_days: 5}"
    )
    acme, beta, gamma = desk.propose()
    actions.edit(
        desk.firm, desk.store, beta.id or 0, subject="Other", person=TOMAS, reason="softer", moment=MOMENT
    )
    numbers = [p.id or 0 for p in (acme, beta, gamma)]
    assert actions.need_attention(desk.firm, desk.store, numbers) == {
        acme.id: "two people must approve it",
        beta.id: "edited by Tomas Vale",
    }
    seen = {p.id or 0: p.evidence_hash for p in (acme, beta, gamma)}  # of beta, before it was edited
    done, refused = actions.approve_each(
        desk.firm, desk.store, numbers, person=MAEVE, reason="yes", moment=MOMENT, layer=desk.layer,
        evidence_hashes=seen,
    )  # fmt: skip
    assert [(p.id, p.state) for p in done] == [(acme.id, "proposed"), (gamma.id, "approved")]
    assert [(one.id, "changed since" in one.error.message) for one in refused] == [(beta.id, True)]


def test_nobody_is_two_links_of_a_chain(desk: Desk) -> None:
    desk.configure(approval="{roles: [finance], chain: [finance, partner], expires_days: 5}")
    first = desk.propose()[0]
    assert desk.approve(first, MAEVE).state == "proposed"
    assert desk.approve(first, MAEVE).state == "proposed"
    with pytest.raises(GuardrailHeld, match="it takes the role partner"):
        desk.approve(first, TOMAS)


def test_a_deputy_decides_while_somebody_is_away(desk: Desk) -> None:
    desk.configure(absences=away(TOMAS, INES))
    first = desk.propose()[0]
    assert desk.approve(first, INES).state == "approved"
    [event] = [e for e in actions.show_proposal(desk.store, first.id or 0).events if "decision" in e["what"]]
    assert (event["who"], event["reason"]) == (INES, "yes (for Tomas Vale)")
    assert actions.verify(desk.store).holds


@pytest.mark.parametrize(("first", "last"), [("2026-11-10", "2026-11-15"), ("2026-11-17", "2026-11-20")])
def test_a_deputy_decides_at_no_other_time(desk: Desk, first: str, last: str) -> None:
    desk.configure(absences=away(TOMAS, INES, first, last))
    with pytest.raises(GuardrailHeld, match="Ines Duarte may not decide this"):
        desk.approve(desk.propose()[0], INES)


def test_a_deputy_passes_nothing_on(desk: Desk) -> None:
    desk.configure(
        approval="{roles: [partner], expires_days: 5}", absences=away(MAEVE, TOMAS) + away(TOMAS, INES)
    )
    first = desk.propose()[0]
    with pytest.raises(GuardrailHeld, match="Ines Duarte may not decide this"):
        desk.approve(first, INES)
    assert desk.approve(first, TOMAS).state == "approved"


def test_a_deputy_is_one_pair_of_eyes(desk: Desk) -> None:
    desk.configure(
        approval="{roles: [partner, finance], four_eyes_above: 0, expires_days: 5}",
        absences=away(MAEVE, TOMAS),
    )
    first = desk.propose()[0]
    assert desk.approve(first, TOMAS).state == "proposed"
    assert desk.approve(first, TOMAS).state == "proposed"


def test_after_a_while_those_above_may_decide_too(desk: Desk) -> None:
    desk.configure(approval="{roles: [finance], escalate_days: 2, escalate_to: [analyst], expires_days: 5}")
    first = desk.propose()[0]
    assert "analyst too after 2 days" in actions.show_proposal(desk.store, first.id or 0).policy
    with pytest.raises(GuardrailHeld, match="may not decide"):
        desk.approve(first, INES, MOMENT + DAY)
    assert desk.approve(first, INES, MOMENT + 2 * DAY).state == "approved"


def test_several_are_approved_and_the_exceptions_listed(desk: Desk) -> None:
    desk.configure(approval="{roles: [finance], expires_days: 5}")
    proposals = desk.propose()
    path = desk.firm.directory / "firm.toml"
    restriction = '[[limits.restrictions]]\nclient = "beta"\nkind = "legal_hold"\nreason = "in court"\n'
    path.write_text(f"{path.read_text()}\n{restriction}")
    desk.firm = load_firm(desk.firm.directory)
    numbers = [p.id or 0 for p in proposals]
    done, refused = actions.approve_each(
        desk.firm, desk.store, [*numbers, 999], person=TOMAS, reason="looked at each", moment=MOMENT,
        layer=desk.layer,
    )  # fmt: skip
    assert {p.party_id for p in done} == {"acme", "gamma"}
    assert {p.state for p in done} == {"approved"}
    [held, unknown] = refused
    assert "in court" in str(held.error)
    assert "999" in str(unknown.error)


def test_the_command_line_lists_what_it_did_not_approve(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = [str(p.id) for p in desk.propose()]
    arguments = ["approve", *numbers, "999", "--as", TOMAS, "--reason", "yes"]
    directory = str(desk.firm.directory)
    monkeypatch.setattr(sys, "argv", ["opslayer", "--firm", directory, "actions", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = "".join(capsys.readouterr())
    assert ended.value.code == 4  # by the clock of today they have expired
    assert said.count("was not approved") == 3
    assert "999" in said


@pytest.mark.parametrize(
    ("absences", "why"),
    [
        (away(TOMAS, TOMAS), "a deputy other than the person"),
        (away(TOMAS, "eve@harrow.example"), "eve@harrow.example"),
        (away(TOMAS, INES, "2026-11-20", "2026-11-16"), "first_on"),
    ],
)
def test_an_absence_without_sense_is_refused(desk: Desk, absences: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        desk.configure(absences=absences)


@pytest.mark.parametrize(
    "approval",
    [
        "{roles: [finance], escalate_days: 2}",
        "{roles: [finance], escalate_to: [partner]}",
        "{roles: [finance], escalate_days: 5, escalate_to: [partner], expires_days: 5}",
    ],
)
def test_an_escalation_without_sense_is_refused(desk: Desk, approval: str) -> None:
    desk.configure(approval=approval)
    with pytest.raises(ConfigurationError, match="escalate"):
        desk.propose()
