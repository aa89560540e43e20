"""A channel: four verbs, the same for a mail, a webhook, a file, a row of somebody else's database.

    check       connect and authenticate, for real, and write nothing; says what was reached
    send        hand over one effect with its idempotency key; says what became of it, and never guesses
    confirm     afterwards: which of those effects whose answer nobody heard did arrive?
    compensate  what another effect would have to say to undo one that was sent; it writes nothing itself:
                what it gives is proposed, approved and sent like any other

The outbox hands over an effect once at a time, and again only where `send` said deferred or unreachable, or
`confirm` said absent, or a person did. The key stays the same each time, so that a receiver that keeps keys
knows the second from a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

MAIL = "mail"  # the name of the channel that [mail] in firm.toml is
Finding = Literal["arrived", "absent", "unknown"]


@dataclass(frozen=True)
class Delivery:
    """What the receiver said of one effect.

    accepted: it has it. refused: it never will. deferred: not now, it does not have it. unreachable: nobody
    was there to ask. unclear: it was handed over and no answer came. `retry_after` is how long the receiver
    asked to be left alone.
    """

    outcome: Literal["accepted", "refused", "deferred", "unreachable", "unclear"]
    reply: str
    retry_after: timedelta = timedelta()


@dataclass(frozen=True)
class Effect:
    """One approved effect on its way.

    `key` is its idempotency key, 64 hexadecimal digits; `message_id` is the same as mail writes it, and
    `thread` are those of the messages it follows, first to last. `detail` says what it is about (rule,
    subject, number of the proposal) to receivers that are programs.
    """

    key: str
    message_id: str
    content: dict[str, Any]
    moment: datetime
    thread: tuple[str, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)


class Channel(Protocol):
    """See the module. `proves`: whether `confirm` can know; without it an unclear end waits for a person."""

    @property
    def name(self) -> str: ...

    @property
    def proves(self) -> bool: ...

    def check(self) -> str:
        """One line on what was reached. Raises ChannelFailed where it cannot be used as it is configured."""

    def send(self, effect: Effect, *, may_send: Callable[[], bool]) -> Delivery:
        """`may_send` is asked at the last moment before anything is handed over."""

    def confirm(self, effects: Sequence[Effect]) -> dict[str, Finding]:
        """By key. absent: not there, or may be handed over again without harm; unknown: nobody can tell."""

    def compensate(self, sent: Effect, *, reason: str) -> dict[str, Any]:
        """The content of the effect that undoes it. Raises UsageError where this channel has none."""


def channel_of(content: dict[str, Any]) -> str:
    """The name of the channel by which a proposal's content leaves; mail where it does not say."""
    return str(content.get("channel", MAIL))


def deliver(channel: Channel, effect: Effect, *, may_send: Callable[[], bool]) -> Delivery:
    """Send; a channel that fails in a way it did not foresee may have sent, so that is unclear."""
    try:
        return channel.send(effect, may_send=may_send)
    except Exception as error:
        return Delivery("unclear", f"{channel.name} failed as it was sending: {type(error).__name__}")
