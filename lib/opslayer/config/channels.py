"""How approved effects leave besides by mail: `[channels.NAME]`, one model a kind."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from opslayer.config.settings import Settings, secret_reference


class ChannelSettings(Settings):
    """What every kind has."""

    hold_minutes: int | None = Field(
        None, ge=0, description="minutes in which an approval can be taken back; those of [mail] without it"
    )

    @property
    def is_addressed(self) -> bool:
        """Whether it writes to the address in somebody's record, and not to one place of its own."""
        return False


class WebhookSettings(ChannelSettings):
    """A signed POST of JSON, as standardwebhooks.com has it."""

    kind: Literal["webhook"]
    url: str = Field(description='https://..., or a reference to one: "env:NAME" or "keyring:service/name"')
    secret: str = Field(
        description='what it is signed with (whsec_..., base64), by reference: "env:NAME" or "keyring:..."'
    )
    authorization: str | None = Field(
        None, description='a whole Authorization header, by reference: "env:NAME" or "keyring:..."'
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="hosts, by name, that it may reach in a private network, and without TLS"
    )
    receiver_is_idempotent: bool = Field(
        False, description="true: the receiver keeps webhook-id, and the same one twice does no harm"
    )
    status_url: str | None = Field(
        None, description="asked by GET whether {key} arrived: 200 says yes, 404 no; e.g. https://.../{key}"
    )
    timeout_seconds: float = Field(30, gt=0, le=120, description="for each of connecting, writing, reading")
    ca: Path | None = Field(None, description="PEM of the firm's own certificate authority")

    @field_validator("secret", "authorization")
    @classmethod
    def _reference(cls, value: str | None) -> str | None:
        return secret_reference(value)

    @field_validator("status_url")
    @classmethod
    def _with_its_key(cls, value: str | None) -> str | None:
        if value is not None and "{key}" not in value:
            raise ValueError("a URL with {key} in it")
        return value

    @model_validator(mode="after")
    def _secure(self) -> WebhookSettings:
        for url in (self.url, self.status_url or ""):
            parts = urlsplit(url)
            if parts.scheme == "http" and parts.hostname not in self.allowed_hosts:
                raise ValueError("https, or a host that `allowed_hosts` names")
        return self


class FolderSettings(ChannelSettings):
    """A file an effect, for a system that reads a folder."""

    kind: Literal["folder"]
    path: Path = Field(description="where files are put, relative to firm.toml; on one file system")
    archive: Path | None = Field(None, description="where its reader moves them; tells that they arrived")
    format: Literal["json", "csv"] = "json"


class SecretUrl(ChannelSettings):
    """A channel whose URL holds a password."""

    url: str = Field(description='by reference: "env:NAME" or "keyring:service/name"')

    @field_validator("url")
    @classmethod
    def _reference(cls, value: str) -> str:
        return secret_reference(value) or value


class WriteBackSettings(SecretUrl):
    """A named statement on an allowed table of a database; `url` is SQLAlchemy's."""

    kind: Literal["sql"]
    statement: str = Field(
        pattern="^[a-z][a-z0-9_]*$", description="a file of the firm's own: statements/<statement>.sql"
    )
    table: str = Field(description="the table that it may update, as the statement writes it")
    key: str = Field(description="the column that names the row")
    ledger: str | None = Field(
        None, description="a table with a unique column idempotency_key, written along with each change"
    )


class ChatSettings(SecretUrl):
    """A room or a telephone, by one of the services that Apprise knows; `url` is Apprise's."""

    kind: Literal["apprise"]
    may_repeat: bool = Field(
        False, description="true: rather twice than not at all; what was not taken is sent again"
    )


class CalendarSettings(ChannelSettings):
    """Invitations, sent through [mail]."""

    kind: Literal["calendar"]
    minutes: int = Field(60, ge=1, description="how long, where the rule shows no `ends_at`")

    @property
    def is_addressed(self) -> bool:
        return True


ChannelSection = Annotated[
    WebhookSettings | FolderSettings | WriteBackSettings | ChatSettings | CalendarSettings,
    Field(discriminator="kind"),
]
