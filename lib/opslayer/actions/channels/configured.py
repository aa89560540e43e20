"""The channels a firm has, by name: what firm.toml says, opened."""

from __future__ import annotations

from typing import Any

from opslayer.actions.channels.channel import Channel
from opslayer.actions.channels.mail import MailChannel
from opslayer.config import Firm
from opslayer.errors import ConfigurationError, unknown

MAIL = "mail"


def channel_of(content: dict[str, Any]) -> str:
    """The name of the channel by which a proposal's content leaves; mail where it does not say."""
    return str(content.get("channel", MAIL))


def channel_names(firm: Firm) -> list[str]:
    return [MAIL] if firm.mail else []


def open_channel(firm: Firm, name: str) -> Channel:
    """One channel by its name. Raises ConfigurationError where the firm has none of that name."""
    if name == MAIL:
        if firm.mail is None:
            raise ConfigurationError("there is no [mail] in firm.toml")
        return MailChannel(firm, firm.mail)
    raise ConfigurationError(f"there is no [channels.{name}] in firm.toml")


def choose_channels(firm: Firm, name: str | None) -> list[Channel]:
    """One, or all there are. Raises UsageError for a name that is none."""
    names = channel_names(firm)
    if name is not None and name not in names:
        raise unknown("channel", name, names)
    return [open_channel(firm, one) for one in ([name] if name else names)]
