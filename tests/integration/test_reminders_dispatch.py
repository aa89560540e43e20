"""Once, or not at all and a reason: two dispatchers, dead ones, and a mail server with moods."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from opslayer import actions
from opslayer.actions import Proposal, outbox
from opslayer.actions.outbox import FIRST_PAUSE, GRACE, LEASE, MOST_ATTEMPTS, Clock, pause
from opslayer.config import Firm, load_firm
from opslayer.errors import ConfigurationError, GuardrailHeld, UsageError
from opslayer.store import Store, open_store
from opslayer.warehouse import Layer
from tests.reminders import AS_OF, MOMENT, Books, Owed, Server, everything, received, serving, write_firm

MAEVE, INES = "maeve@harrow.example", "ines@harrow.example"
AFTER = MOMENT + LEASE + GRACE + timedelta(seconds=5)


@dataclass
class Approved:
    """Messages to so many clients, approved and waiting."""

    firm: Firm
    store: Store
    server: Server
    mail: Path
    layer: Layer
    proposals: list[Proposal]

    def dispatch(self, moment: object = MOMENT) -> list[Proposal]:
        return actions.dispatch(self.firm, self.store, layer=self.layer, moment=moment)  # type: ignore[arg-type]

    def states(self) -> list[str]:
        return [p.state for p in sorted(actions.list_proposals(self.store), key=lambda p: p.id or 0)]


@pytest.fixture
def approve(store_url: str, tmp_path: Path) -> Iterator[Callable[..., Approved]]:
    opened: list[Layer] = []
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:

        def make(clients: int = 1, *, proof: bool = False) -> Approved:
            firm = write_firm(tmp_path / "firm", store=store_url, port=server.port, proof=proof)
            books = Books(firm, [Owed(str(n), f"client{n:02d}", 2) for n in range(clients)])
            layer = books.publish()
            opened.append(layer)
            proposals = actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT)
            for proposal in proposals:
                assert proposal.id is not None
                actions.approve(
                    firm, store, proposal.id, person=MAEVE, reason="yes", moment=MOMENT, layer=layer
                )
            return Approved(firm, store, server, tmp_path / "mail", layer, proposals)

        yield make
    for layer in opened:
        layer.close()


class Died(BaseException):
    """Stands for a process that ends here: nothing catches it."""


def die_at(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """End the next dispatch just before, or just after, the server has the message."""
    real = outbox.deliver

    def dying(settings: object, message: object, **asked: object) -> object:
        if step == "after":
            real(settings, message, **asked)  # type: ignore[arg-type]
        raise Died

    monkeypatch.setattr(outbox, "deliver", dying)


def test_two_dispatchers_at_once_send_each_message_once(
    approve: Callable[..., Approved], store_url: str
) -> None:
    made = approve(12)
    failures: list[BaseException] = []
    gate = threading.Barrier(3)

    def run() -> None:
        try:
            with open_store(store_url) as store:
                gate.wait()
                actions.dispatch(made.firm, store, layer=made.layer, moment=MOMENT)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    arrived = everything(made.mail)
    assert (len(arrived), len(set(arrived))) == (12, 12)
    assert made.states() == ["sent"] * 12
    assert actions.verify(made.store).holds


@pytest.mark.parametrize("step", ["before", "after"])
def test_without_proof_a_death_is_uncertain_and_a_person_settles_it(
    approve: Callable[..., Approved], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    made = approve()
    with monkeypatch.context() as patch:
        die_at(patch, step)
        with pytest.raises(Died):
            made.dispatch()
    assert made.states() == ["sending"]
    assert made.dispatch() == []  # its claim still stands
    assert [p.state for p in made.dispatch(AFTER)] == ["uncertain"]
    assert made.dispatch(AFTER + timedelta(days=1)) == []  # never again by itself
    number = made.proposals[0].id
    assert number is not None

    def settle(sent: bool, person: str = MAEVE) -> Proposal:
        return actions.settle(
            made.firm, made.store, number, sent=sent, person=person, reason="asked the client", moment=AFTER
        )

    with pytest.raises(GuardrailHeld):
        settle(True, INES)
    if step == "after":
        assert settle(True).state == "sent"
    else:
        assert settle(False).state == "approved"
        assert [p.state for p in made.dispatch(AFTER)] == ["sent"]
    assert len(everything(made.mail)) == 1
    with pytest.raises(UsageError, match="nothing about it is uncertain"):
        settle(False)


@pytest.mark.parametrize("step", ["before", "after"])
def test_with_proof_a_death_is_settled_by_the_copy(
    approve: Callable[..., Approved], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    made = approve(proof=True)
    inbox = made.mail / "sent@harrow.example"
    with monkeypatch.context() as patch:
        die_at(patch, step)
        with pytest.raises(Died):
            made.dispatch()
    for place in ("cur", "new", "tmp"):
        (inbox / place).mkdir(parents=True, exist_ok=True)
    (made.firm.directory / "sent").symlink_to(inbox)
    assert made.dispatch(MOMENT + timedelta(minutes=1)) == []
    made.dispatch(MOMENT + LEASE + timedelta(minutes=1))
    assert made.states() == (["sent"] if step == "after" else ["sending"])
    made.dispatch(AFTER)
    assert made.states() == ["sent"]
    assert len(everything(made.mail)) == 1
    assert len(received(made.mail, "sent@harrow.example")) == 1


@pytest.mark.parametrize("step", ["before", "after"])
def test_a_dispatcher_that_slept_past_its_claim_sends_nothing_twice(
    approve: Callable[..., Approved], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """It wakes when another has settled its message: before the text went it lets go, after it says so."""
    made = approve(proof=True)
    for place in ("cur", "new", "tmp"):  # copies that are late: nothing proves that the message left
        (made.firm.directory / "sent" / place).mkdir(parents=True)
    slept: list[list[str]] = []
    real = outbox.deliver
    clock = [timedelta()]
    monkeypatch.setattr(Clock, "__call__", lambda self: self._moment + clock[0])

    def sleeping(settings: object, message: object, **asked: object) -> object:
        monkeypatch.setattr(outbox, "deliver", real)
        answer = real(settings, message, **asked) if step == "after" else None  # type: ignore[arg-type]
        with open_store(made.store.url) as other:
            recovered = actions.dispatch(made.firm, other, layer=made.layer, moment=AFTER, limit=0)
            slept.append([proposal.state for proposal in recovered])
        clock[0] = AFTER - MOMENT
        return answer or real(settings, message, **asked)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox, "deliver", sleeping)
    made.dispatch()
    clock[0] = timedelta()
    assert slept == [["approved"]]
    made.dispatch(AFTER)
    assert made.states() == ["sent"]
    assert len(everything(made.mail)) == 1
    assert actions.verify(made.store).holds


def test_a_proof_that_is_not_there_proves_nothing(
    approve: Callable[..., Approved], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = approve(proof=True)
    with monkeypatch.context() as patch:
        die_at(patch, "before")
        with pytest.raises(Died):
            made.dispatch()
    made.dispatch(AFTER)
    assert made.states() == ["uncertain"]


def test_a_proof_of_an_unknown_kind_is_named(
    approve: Callable[..., Approved], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = approve(proof=True)
    with monkeypatch.context() as patch:
        die_at(patch, "before")
        with pytest.raises(Died):
            made.dispatch()
    path = made.firm.directory / "firm.toml"
    path.write_text(path.read_text().replace("maildir:sent", "imap:sent"))
    made.firm = load_firm(path.parent)
    with pytest.raises(ConfigurationError, match="key: proof"):
        made.dispatch(AFTER)


def test_an_answer_that_never_came_is_uncertain(approve: Callable[..., Approved]) -> None:
    made = approve()
    made.server.handler.hangs_up_after_data = True
    made.dispatch()
    assert made.states() == ["uncertain"]
    made.server.handler.hangs_up_after_data = False
    made.dispatch(AFTER)
    assert len(everything(made.mail)) == 1


def test_a_server_that_is_away_is_asked_again(approve: Callable[..., Approved]) -> None:
    made = approve(2)
    made.server.stop()
    made.dispatch()
    assert made.states() == ["approved", "approved"]
    assert "did not let us in" in str(actions.list_proposals(made.store)[-1].reason)
    with serving(made.mail, port=made.server.port):
        made.dispatch()
    assert made.states() == ["sent", "sent"]


def test_an_address_the_server_refuses_fails_and_the_others_go(approve: Callable[..., Approved]) -> None:
    made = approve(2, proof=True)
    made.server.handler.refuses["client00@client.example"] = "550 no such user"
    made.dispatch()
    assert made.states() == ["failed", "sent"]
    assert "no such user" in str(actions.list_proposals(made.store)[-1].reason)
    assert len(received(made.mail, "sent@harrow.example")) == 1  # no copy of what did not leave
    assert actions.propose(made.firm, made.layer, made.store, as_of=AS_OF, moment=MOMENT) == []


@pytest.mark.parametrize("refused", ["client00@client.example", "sent@harrow.example"])
def test_what_is_declined_for_now_is_tried_again_later(
    approve: Callable[..., Approved], refused: str
) -> None:
    made = approve(proof=True)
    reply = "450 busy" if refused.startswith("client") else "550 no such box"  # our own box is ours to mend
    made.server.handler.refuses[refused] = reply
    made.dispatch()
    assert made.states() == ["approved"]
    made.server.handler.refuses.clear()
    assert made.dispatch(MOMENT + timedelta(minutes=4)) == []
    made.dispatch(MOMENT + timedelta(minutes=8))
    assert made.states() == ["sent"]
    assert len(everything(made.mail)) == 1


def test_what_is_declined_for_a_day_is_given_up_with_the_reason(approve: Callable[..., Approved]) -> None:
    made = approve()
    made.server.handler.refuses["client00@client.example"] = "450 busy"
    moment = MOMENT
    for attempt in range(MOST_ATTEMPTS):
        assert made.states() == ["approved"]
        made.dispatch(moment)
        moment += pause("", min(attempt + 1, 7)) * 1.5
    [proposal] = actions.list_proposals(made.store, "failed")
    assert "given up after 10 attempts: 450 busy" in str(proposal.reason)
    made.server.handler.refuses.clear()
    assert made.dispatch(moment) == []
    assert everything(made.mail) == []
    assert actions.verify(made.store).holds


def test_what_was_declined_together_is_not_tried_again_together() -> None:
    pauses = {pause(f"<{n}@harrow.example>", 1) for n in range(50)}
    assert len(pauses) == 50
    assert min(pauses) >= FIRST_PAUSE
    assert max(pauses) < FIRST_PAUSE * 1.5
    assert pause("<1@harrow.example>", 30) < FIRST_PAUSE * 2**6 * 1.5


def test_a_limit_is_kept(approve: Callable[..., Approved]) -> None:
    made = approve(3)
    actions.dispatch(made.firm, made.store, layer=made.layer, moment=MOMENT, limit=2)
    assert made.states() == ["sent", "sent", "approved"]


def test_without_mail_everything_waits(approve: Callable[..., Approved]) -> None:
    made = approve()
    made.firm = write_firm(made.firm.directory)
    made.dispatch()
    assert made.states() == ["held"]
    assert "no [mail]" in str(actions.list_proposals(made.store)[0].reason)


def test_a_password_that_is_not_set_is_said_before_anything_is_claimed(
    approve: Callable[..., Approved],
) -> None:
    made = approve()
    path = made.firm.directory / "firm.toml"
    path.write_text(path.read_text() + 'username = "accounts"\npassword = "env:NO_SUCH_PASSWORD"\n')
    made.firm = load_firm(path.parent)
    with pytest.raises(ConfigurationError, match="NO_SUCH_PASSWORD"):
        made.dispatch()
    assert made.states() == ["approved"]
