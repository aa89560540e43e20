"""Guardrails over all rules: a client's hours and budget, the firm's caps, restrictions, the switch."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from opslayer import actions, cli
from opslayer.actions import Proposal
from opslayer.config import Firm, load_firm
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.store import Store, open_store
from opslayer.warehouse import Layer
from tests.reminders import AS_OF, MOMENT, Books, Owed, everything, serving, write_firm

MAEVE, TOMAS = "maeve@harrow.example", "tomas@harrow.example"


@dataclass
class Desk:
    """A firm that reminds its clients."""

    books: Books
    store: Store
    mail: Path
    layer: Layer

    @property
    def firm(self) -> Firm:
        return self.books.firm

    def limit(self, lines: str) -> None:
        path = self.firm.directory / "firm.toml"
        path.write_text(f"{path.read_text().partition('[limits]')[0]}\n[limits]\n{lines}\n")
        self.books.firm = load_firm(self.firm.directory)

    def renew(self, days: int = 0) -> None:
        self.books.pass_days(days)
        self.layer.close()
        day, moment = AS_OF + timedelta(days=days), MOMENT + timedelta(days=days)
        self.layer = self.books.publish(as_of=day, moment=moment)

    def approved(self, moment: datetime = MOMENT, person: str = MAEVE) -> list[Proposal]:
        proposals = actions.propose(self.firm, self.layer, self.store, as_of=self.layer.as_of, moment=moment)
        return [self.approve(proposal, person, moment) for proposal in proposals]

    def approve(self, proposal: Proposal, person: str = MAEVE, moment: datetime = MOMENT) -> Proposal:
        return actions.approve(
            self.firm, self.store, proposal.id or 0, person=person, reason="yes", moment=moment,
            layer=self.layer,
        )  # fmt: skip

    def dispatch(self, moment: datetime = MOMENT) -> list[Proposal]:
        return actions.dispatch(self.firm, self.store, layer=self.layer, moment=moment)

    def held(self, moment: datetime = MOMENT) -> str:
        """Why nothing leaves."""
        before = len(everything(self.mail))
        self.dispatch(moment)
        assert len(everything(self.mail)) == before
        [reason] = {p.reason for p in actions.list_proposals(self.store, "held")}
        return reason or ""

    def sent(self) -> int:
        return len(everything(self.mail))


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:

        def make(*owed: Owed) -> Desk:
            firm = write_firm(tmp_path / "firm", store=store_url, port=server.port)
            books = Books(firm, list(owed) or [Owed("1", "acme", 16)])
            made.append(Desk(books, store, tmp_path / "mail", books.publish()))
            return made[-1]

        yield make
        for one in made:
            one.layer.close()


def test_a_client_is_not_written_to_at_night(desk: Callable[..., Desk]) -> None:
    office = desk()
    office.limit('send_from = "08:00"\nsend_until = "19:00"')
    office.approved()  # at six in the morning: that is no hindrance
    assert "it leaves from Monday 16 November, 08:00" in office.held()
    office.dispatch(MOMENT + timedelta(hours=2))
    assert office.sent() == 1


def test_its_country_says_when_its_day_is(desk: Callable[..., Desk]) -> None:
    office = desk()
    office.books.countries["acme"] = "JP"
    office.renew()
    office.limit('send_from = "08:00"\nsend_until = "19:00"')
    office.approved()
    office.dispatch()  # six in the morning here, three in the afternoon there
    assert office.sent() == 1


def test_all_rules_together_approach_a_client_so_often(desk: Callable[..., Desk]) -> None:
    office = desk(Owed("1", "acme", 16), Owed("2", "beta", 16))
    office.limit("client_messages = 1\nclient_days = 16")
    office.approved()
    office.dispatch()
    assert office.sent() == 2
    office.renew(14)
    later = MOMENT + timedelta(days=14)
    office.approved(later)
    assert (
        "approached 1 times in 16 days, 1 are allowed; it leaves from Wednesday 02 December"
        in office.held(later)
    )
    office.dispatch(later + timedelta(days=2, minutes=1))
    assert office.sent() == 4


@pytest.mark.parametrize(
    ("limit", "why", "leave"),
    [
        ("daily_messages = 3", "the firm's cap of 3 messages a day", 3),
        ("daily_amount = 2500", "with it 3,000.00 would have left today, 2,500.00 are allowed", 2),
    ],
)
def test_the_firm_has_caps_for_all_rules(desk: Callable[..., Desk], limit: str, why: str, leave: int) -> None:
    office = desk(*(Owed(str(n), f"client{n}", 16) for n in range(5)))
    office.limit(limit)
    office.approved()
    office.dispatch()
    assert office.sent() == leave
    assert why in str(actions.list_proposals(office.store, "held")[0].reason)
    office.dispatch(MOMENT + timedelta(days=1))
    assert office.sent() == min(2 * leave, 5)


def test_a_cap_holds_though_many_dispatch_at_once(desk: Callable[..., Desk]) -> None:
    office = desk(*(Owed(str(n), f"client{n}", 16) for n in range(12)))
    office.limit("daily_messages = 5")
    office.approved()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: office.dispatch(), range(4)))
    assert office.sent() == 5
    assert actions.verify(office.store).holds


@pytest.mark.parametrize("kind", ["do_not_contact", "legal_hold"])
def test_whom_the_firm_names_nobody_writes_to(desk: Callable[..., Desk], kind: str) -> None:
    office = desk()
    rows = f'[[limits.restrictions]]\nclient = "acme"\nkind = "{kind}"\nreason = "asked us to"'
    office.limit(rows)
    [proposal] = actions.propose(office.firm, office.layer, office.store, as_of=AS_OF, moment=MOMENT)
    assert f"{kind.replace('_', ' ')}: asked us to; it leaves once" in str(proposal.reason)
    with pytest.raises(GuardrailHeld, match="asked us to"):
        office.approve(proposal)
    office.limit("")
    office.approve(proposal)
    office.limit(rows)
    assert "asked us to" in office.held()
    office.limit("")
    office.dispatch()
    assert office.sent() == 1


def test_a_new_mail_domain_takes_two_people(desk: Callable[..., Desk]) -> None:
    office = desk()
    office.approved()
    office.dispatch()
    assert office.sent() == 1
    office.books.emails["acme"] = "pay@acme-payments.example"
    office.renew(14)
    later = MOMENT + timedelta(days=14)
    [proposal] = actions.propose(
        office.firm, office.layer, office.store, as_of=office.layer.as_of, moment=later
    )
    policy = actions.show_proposal(office.store, proposal.id or 0).policy
    assert (
        "domain was client.example and is acme-payments.example now. Needs approval by two people" in policy
    )
    assert office.approve(proposal, MAEVE, later).state == "proposed"
    assert office.approve(proposal, MAEVE, later).state == "proposed"
    office.dispatch(later)
    assert office.sent() == 1
    assert office.approve(proposal, TOMAS, later).state == "approved"
    [moved] = office.dispatch(later)
    assert moved.state == "sent", moved.reason


def test_no_rule_approves_a_new_mail_domain_by_itself(desk: Callable[..., Desk]) -> None:
    office = desk()
    shipped = Path(actions.__file__).parent / "rules" / "payment_reminder.yaml"
    rules = office.firm.directory / "rules"
    rules.mkdir()
    words = shipped.read_text().replace("expires_days: 5", "expires_days: 5, automatic_up_to: 100000")
    (rules / shipped.name).write_text(words)
    [first] = actions.propose(office.firm, office.layer, office.store, as_of=AS_OF, moment=MOMENT)
    assert first.state == "approved"
    office.dispatch()
    office.books.emails["acme"] = "pay@acme-payments.example"
    office.renew(14)
    later = MOMENT + timedelta(days=14)
    [other] = actions.propose(office.firm, office.layer, office.store, as_of=office.layer.as_of, moment=later)
    assert other.state == "proposed"


@pytest.mark.parametrize("rule", [None, "payment_reminder"])
def test_what_is_stopped_waits(desk: Callable[..., Desk], rule: str | None) -> None:
    office = desk()
    office.approved()
    given_ = {"rule": rule, "person": MAEVE, "moment": MOMENT}
    actions.stop(office.firm, office.store, reason="wrong letterhead", **given_)
    actions.stop(office.firm, office.store, reason="again", **given_)
    assert [stop.reason for stop in actions.list_stops(office.store)] == ["wrong letterhead"]
    assert "is stopped by maeve@harrow.example: wrong letterhead" in office.held()
    actions.resume(office.firm, office.store, reason="mended", **given_)
    office.dispatch()
    assert office.sent() == 1
    assert actions.list_stops(office.store) == []
    assert actions.verify(office.store).holds
    with pytest.raises(UsageError, match="is not stopped"):
        actions.resume(office.firm, office.store, reason="again", **given_)


def test_another_rule_that_is_stopped_holds_nothing(desk: Callable[..., Desk]) -> None:
    office = desk()
    office.approved()
    actions.stop(
        office.firm, office.store, rule="staffing_change", person=MAEVE, reason="not now", moment=MOMENT
    )
    office.dispatch()
    assert office.sent() == 1


def test_the_switch_works_while_a_dispatch_runs(desk: Callable[..., Desk]) -> None:
    office = desk(*(Owed(str(n), f"client{n:02d}", 16) for n in range(40)))
    office.approved()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(office.dispatch)
        deadline = time.monotonic() + 60
        while len(actions.list_proposals(office.store, "sent")) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        actions.stop(office.firm, office.store, rule=None, person=MAEVE, reason="wait", moment=MOMENT)
        at_stop = len(actions.list_proposals(office.store, "sent"))
        running.result(timeout=120)
    assert 3 <= at_stop <= office.sent() <= at_stop + 1 < 40  # the one that was under way


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"rule": "payment_remindr"}, "payment_reminder"),
        ({"person": "eve@harrow.example"}, "eve@harrow.example"),
        ({"reason": " "}, "needs a reason"),
    ],
)
def test_a_stop_without_sense_is_refused(
    desk: Callable[..., Desk], changed: dict[str, str], why: str
) -> None:
    office = desk()
    given_ = {"rule": None, "person": MAEVE, "reason": "wait", "moment": MOMENT} | changed
    with pytest.raises(UsageError, match=why):
        actions.stop(office.firm, office.store, **given_)  # type: ignore[arg-type]


def test_the_command_line_stops_and_resumes(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    office = desk()

    def run(*arguments: str) -> tuple[int, str]:
        directory = str(office.firm.directory)
        monkeypatch.setattr(sys, "argv", ["opslayer", "--firm", directory, *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), "".join(capsys.readouterr())

    words = ("--as", MAEVE, "--reason", "wait")
    assert run("actions", "stop", *words)[0] == 0
    assert run("actions", "resume", *words)[0] == 0
    assert run("actions", "resume", *words)[0] == 2
