"""The channels a firm has, by name: what firm.toml says, opened."""

from __future__ import annotations

from opslayer.actions.channels.calendar import CalendarChannel
from opslayer.actions.channels.channel import MAIL, Channel
from opslayer.actions.channels.chat import ChatChannel
from opslayer.actions.channels.folder import FolderChannel
from opslayer.actions.channels.mail import MailChannel
from opslayer.actions.channels.webhook import WebhookChannel
from opslayer.actions.channels.write_back import WriteBackChannel, configured_statement
from opslayer.config import (
    CalendarSettings,
    ChatSettings,
    Firm,
    FolderSettings,
    WebhookSettings,
    WriteBackSettings,
)
from opslayer.errors import ConfigurationError, unknown


def channel_names(firm: Firm) -> list[str]:
    return [*([MAIL] if firm.mail else []), *firm.channels]


def open_channel(firm: Firm, name: str) -> Channel:
    """One channel by its name. Raises ConfigurationError where the firm has none of that name."""
    if name == MAIL:
        if firm.mail is None:
            raise ConfigurationError("there is no [mail] in firm.toml")
        return MailChannel(firm, firm.mail)
    match firm.channels.get(name):
        case WebhookSettings() as settings:
            return WebhookChannel(firm, name, settings)
        case FolderSettings() as settings:
            return FolderChannel(firm, name, settings)
        case WriteBackSettings() as settings:
            return WriteBackChannel(firm, name, settings)
        case ChatSettings() as settings:
            return ChatChannel(firm, name, settings)
        case CalendarSettings() as settings:
            if firm.mail is None:
                raise ConfigurationError(f"[channels.{name}] sends by mail; there is no [mail] in firm.toml")
            return CalendarChannel(firm, firm.mail, name, calendar=settings)
        case _:
            raise ConfigurationError(f"there is no [channels.{name}] in firm.toml")


def choose_channels(firm: Firm, name: str | None) -> list[str]:
    """One name, or all there are. Raises UsageError for a name that is none."""
    names = channel_names(firm)
    if name is not None and name not in names:
        raise unknown("channel", name, names)
    return [name] if name else names


def columns_needed(firm: Firm, name: str) -> tuple[str, ...]:
    """The columns that a rule must show for this channel. Raises ConfigurationError as its statement does."""
    match firm.channels.get(name):
        case WriteBackSettings() as settings:
            return configured_statement(firm, settings).parameters
        case CalendarSettings():
            return ("starts_at",)
        case _:
            return ()
