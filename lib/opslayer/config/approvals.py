"""[approvals] in firm.toml: the mails that say what waits, and the links in them."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from opslayer.config.settings import Settings, secret_reference

LOOPBACK = ("localhost", "127.0.0.1")


class ApprovalsSection(Settings):
    """Without it nobody is written to about what waits, and there are no links."""

    links: str = Field(
        description='where the links lead, e.g. "https://approve.example.com"; `opslayer links` answers there'
    )
    secret: str = Field(
        description='a reference, "env:NAME" or "keyring:service/name", to 32 characters that sign them'
    )
    expires_hours: int = Field(72, ge=1, le=720, description="hours that a link is good for, at most")
    port: int = Field(8600, ge=1, le=65535, description="on this machine, where `opslayer links` listens")

    @field_validator("links")
    @classmethod
    def _base(cls, value: str) -> str:
        parts = urlsplit(value)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if not safe or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError('an address that begins with "https://" (http only on this machine)')
        return value.rstrip("/")

    @field_validator("secret")
    @classmethod
    def _reference(cls, value: str) -> str:
        secret_reference(value)
        return value
