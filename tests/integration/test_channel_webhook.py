"""A webhook against a real receiver: signed, once, never into a private network, whatever it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from opslayer import actions
from opslayer.actions.channels import configured, network
from opslayer.actions.channels.channel import Channel
from opslayer.actions.outbox import GRACE, LEASE
from opslayer.config import Firm, load_firm
from opslayer.errors import ChannelFailed, ConfigurationError
from opslayer.store import Store, open_store
from tests.channels import approve_on, configure, die_at, dispatch_on, only, write_follow_up
from tests.receiver import Receiver, Reply, receiving
from tests.reminders import write_firm

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LATER = (LEASE + GRACE) / timedelta(hours=1) + 0.1


@dataclass
class Hook:
    firm: Firm
    store: Store
    receiver: Receiver

    def configure(self, **more: str) -> None:
        lines = {
            "kind": '"webhook"', "url": f'"{self.receiver.url}"', "secret": '"env:HOOK"',
            "allowed_hosts": '["localhost"]', "timeout_seconds": "0.3",
        } | more  # fmt: skip
        self.firm = configure(self.firm, **lines)

    @property
    def channel(self) -> Channel:
        return configured.open_channel(self.firm, "crm")

    def state(self) -> tuple[str, str]:
        return only(self.store)


@pytest.fixture
def hook(tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    monkeypatch.setenv("HOOK", SECRET)
    with receiving() as receiver, open_store(store_url) as store:
        made = Hook(write_firm(tmp_path, store=store_url), store, receiver)
        made.configure()
        write_follow_up(made.firm, "crm")
        approve_on(made.firm, store, 1)
        yield made


def test_it_arrives_once_signed_and_with_its_key(hook: Hook) -> None:
    assert dispatch_on(hook.firm, hook.store, 1) == ["sent"]
    assert dispatch_on(hook.firm, hook.store, 1) == []
    ((headers, body),) = hook.receiver.posts
    stamp = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    signed = Webhook(SECRET).sign(headers["webhook-id"], stamp, body.decode())
    assert headers["webhook-signature"] == signed
    assert headers["idempotency-key"] == f'"{headers["webhook-id"]}"'
    (event,) = hook.receiver.bodies
    assert event["type"] == "opslayer.follow_up"
    assert event["data"]["key"] == headers["webhook-id"]
    assert event["data"]["values"] == {"client": "Acme", "eac_hours": 130}
    assert actions.verify(hook.store).holds


@pytest.mark.parametrize(
    ("reply", "state", "said"),
    [
        (Reply(400, body=b"no such deal"), "failed", "400 no such deal"),
        (Reply(429, {"Retry-After": "7200"}), "approved", "429"),
        (Reply(503), "approved", "503"),
        (Reply(302, {"Location": "http://127.0.0.1:1/"}), "failed", "not followed"),
        (Reply(307, {"Location": "http://169.254.169.254/latest/meta-data"}), "failed", "not followed"),
        (Reply(late=1), "uncertain", "no answer came"),
        (Reply(reset=True), "uncertain", "no answer came"),
        (Reply(504), "uncertain", "504"),
    ],
)
def test_what_it_answers_decides(hook: Hook, reply: Reply, state: str, said: str) -> None:
    hook.receiver.replies.append(reply)
    dispatch_on(hook.firm, hook.store, 1)
    assert hook.state()[0] == state
    assert said in hook.state()[1]
    dispatch_on(hook.firm, hook.store, 1, hours=1.5)
    if state == "approved":  # five minutes later; two hours where the receiver asked for that
        assert hook.state()[0] == ("approved" if reply.headers else "sent")
        dispatch_on(hook.firm, hook.store, 1, hours=2.1)
        assert hook.state()[0] == "sent"
    assert len(hook.receiver.posts) == (2 if state == "approved" else 1)


@pytest.mark.parametrize("reply", [Reply(late=1), Reply(reset=True), Reply(502), Reply(409)])
def test_a_receiver_that_keeps_keys_is_told_again(hook: Hook, reply: Reply) -> None:
    hook.configure(receiver_is_idempotent="true")
    hook.receiver.replies.append(reply)
    dispatch_on(hook.firm, hook.store, 1)
    assert hook.state()[0] == "approved"
    dispatch_on(hook.firm, hook.store, 1, hours=1)
    assert hook.state()[0] == "sent"
    assert len(set(hook.receiver.keys)) == 1
    assert len({body for _, body in hook.receiver.posts}) == 1  # the same key with another body is refused


@pytest.mark.parametrize("step", ["before", "after"])
@pytest.mark.parametrize("knows", ["status", "keys", "nothing"])
def test_killed_between_send_and_record(
    hook: Hook, monkeypatch: pytest.MonkeyPatch, step: str, knows: str
) -> None:
    status = f'"http://localhost:{hook.receiver.port}/{{key}}"'
    hook.configure(
        **{"status": {"status_url": status}, "keys": {"receiver_is_idempotent": "true"}}.get(knows, {})
    )
    die_at(monkeypatch, step, lambda: dispatch_on(hook.firm, hook.store, 1))
    dispatch_on(hook.firm, hook.store, 1, hours=LATER)
    assert hook.state()[0] == ("uncertain" if knows == "nothing" else "sent")
    expected = {"status": 1, "keys": 2 if step == "after" else 1, "nothing": int(step == "after")}[knows]
    assert len(hook.receiver.posts) == expected
    assert len(set(hook.receiver.keys)) <= 1


def test_a_private_network_is_refused_unless_it_is_named(hook: Hook) -> None:
    """localhost resolves to a loopback address; TLS alone does not open it."""
    hook.configure(url='"https://localhost:1/in"', allowed_hosts="[]")
    assert dispatch_on(hook.firm, hook.store, 1) == ["failed"]
    assert "not a public address" in hook.state()[1]
    assert hook.receiver.posts == []


def test_the_address_that_was_checked_is_the_one_connected_to(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public when it is looked at and loopback when it is used again (DNS rebinding)."""
    answers = [[(2, 1, 6, "", ("192.0.2.1", 0))], [(2, 1, 6, "", ("127.0.0.1", 0))]]
    monkeypatch.setattr(network, "is_public", lambda address: address == "192.0.2.1")
    monkeypatch.setattr(network.socket, "getaddrinfo", lambda *_, **__: answers.pop(0))
    connected: list[str] = []

    def connect(self: object, host: str, *_: object, **__: object) -> None:
        connected.append(host)
        raise network.httpcore.ConnectTimeout

    monkeypatch.setattr(network.httpcore.SyncBackend, "connect_tcp", connect)
    hook.configure(url='"https://rebinding.example/in"', allowed_hosts="[]")
    dispatch_on(hook.firm, hook.store, 1)
    assert hook.state()[0] == "approved"
    assert connected == ["192.0.2.1"]


def test_a_program_is_told_at_any_hour_and_is_no_approach_to_the_client(hook: Hook) -> None:
    path = hook.firm.directory / "firm.toml"
    path.write_text(path.read_text() + '[limits]\nsend_from = "22:00"\nsend_until = "22:15"\n')
    hook.firm = load_firm(path.parent)
    rule = hook.firm.directory / "rules" / "follow_up.yaml"
    rule.write_text(rule.read_text().replace("to: owner", "to: client"))
    (about_the_client,) = approve_on(hook.firm, hook.store, 1, {"project_id": "p2"})
    assert about_the_client.evidence["client_id"] == "ada"
    assert not about_the_client.evidence["is_contact"]
    assert "sent" in dispatch_on(hook.firm, hook.store, 1, {"project_id": "p2"})


def test_check_asks_and_posts_nothing(hook: Hook) -> None:
    assert "204" in hook.channel.check()
    hook.receiver.replies.append(Reply(401))
    with pytest.raises(ChannelFailed, match="401"):
        hook.channel.check()
    hook.configure(url='"http://localhost:1/in"')
    with pytest.raises(ChannelFailed, match="not reached"):
        hook.channel.check()
    assert hook.receiver.posts == []


def test_a_secret_that_is_not_set_holds_it_before_it_is_claimed(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK")
    assert dispatch_on(hook.firm, hook.store, 1) == ["held"]
    assert "env:HOOK is not set" in hook.state()[1]
    monkeypatch.setenv("HOOK", SECRET)
    assert dispatch_on(hook.firm, hook.store, 1) == ["sent"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"ca": '"none.pem"'}, "at key: ca"),
        ({"url": '"env:URL"'}, "at key: url"),
        ({"secret": '"env:URL"'}, "whsec_"),
    ],
)
def test_what_shows_only_as_it_is_opened_is_named_then(
    hook: Hook, monkeypatch: pytest.MonkeyPatch, more: dict[str, str], said: str
) -> None:
    monkeypatch.setenv("URL", "ftp://localhost/in")
    hook.configure(**more)
    with pytest.raises(ConfigurationError, match=said):
        _ = hook.channel


def test_a_rule_names_a_channel_that_there_is(hook: Hook) -> None:
    write_follow_up(hook.firm, "crn")
    with pytest.raises(ConfigurationError, match='nearest: "crm"'):
        actions.load_rules(hook.firm)
