"""Where mail lies: a maildir on this machine, or a folder on an IMAP server."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from opslayer.config.settings import Settings, secret_reference


class Mailbox(Settings):
    """A maildir (`path`), or a folder on an IMAP server (`host`)."""

    path: Path | None = Field(None, description="a maildir, relative to firm.toml")
    host: str | None = Field(None, description="an IMAP server")
    port: int = Field(993, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "tls"
    username: str | None = None
    password: str | None = Field(None, description='a reference: "env:NAME" or "keyring:service/name"')
    folder: str = "INBOX"
    ca: Path | None = Field(None, description="PEM of the firm's own certificate authority")

    @field_validator("password")
    @classmethod
    def _reference(cls, value: str | None) -> str | None:
        return secret_reference(value)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.host is None):
            raise ValueError("either `path`, a maildir, or `host`, an IMAP server, and not both")
        if self.host is not None and not (self.username and self.password):
            raise ValueError("`username` and `password` beside `host`")
        return self
