"""[access] in firm.toml: how people sign in, and which roles what they are comes to."""

from __future__ import annotations

from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from opslayer.config.settings import Settings, secret_reference

Role = Literal["viewer", "manager", "approver", "finance", "owner", "auditor", "analyst"]
ROLES: tuple[Role, ...] = get_args(Role)
LOOPBACK = ("localhost", "127.0.0.1")
# roles that the shipped rules ask for, and what they open where a firm does not say
USUAL: dict[str, tuple[Role, ...]] = {
    "partner": ("owner",),
    "leadership": ("viewer",),
    "operations": ("approver",),
    "sales": ("approver",),
}


class LoginSection(Settings):
    """An OpenID Connect provider; what opens it is named by reference and never lies in a file of ours."""

    provider: str = Field(
        description='its discovery document, "https://id.example.com/.well-known/openid-configuration"'
    )
    client_id: str
    client_secret: str = Field(description='a reference: "env:NAME" or "keyring:service/name"')
    cookie_secret: str = Field(description="a reference, to 32 characters that sign the session's cookie")
    address: str = Field(
        description='where people reach the pages, with its path: "https://ops.example.com/ops"'
    )
    scope: str = "openid email profile"
    groups_claim: str = Field("groups", description="the claim that lists somebody's groups")

    @field_validator("client_secret", "cookie_secret")
    @classmethod
    def _reference(cls, value: str) -> str:
        secret_reference(value)
        return value

    @field_validator("provider", "address")
    @classmethod
    def _safe(cls, value: str) -> str:
        parts = urlsplit(value)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if not safe or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError('an address that begins with "https://" (http only on this machine)')
        return value.rstrip("/")

    @property
    def path(self) -> str:
        """The prefix under which a proxy shows the pages; "" where there is none."""
        return urlsplit(self.address).path.strip("/")

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or ""


class AccessSection(Settings):
    """Who may open what. Without `login` the pages are for this machine only."""

    login: LoginSection | None = None
    roles: dict[str, tuple[Role, ...]] = Field(
        default_factory=dict,
        description=f"what a role of the firm's own comes to, of {', '.join(ROLES)}",
    )
    groups: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="a group at the provider -> the roles its members have here"
    )
    session_minutes: int = Field(480, ge=1, le=10080, description="how long a sign-in lasts, at most")
    decisions_a_minute: int = Field(
        120, ge=1, description="of one person; more are refused, and the trail says so"
    )

    def opens(self, role: str) -> tuple[Role, ...]:
        """Which of the seven roles `role` comes to: itself, what firm.toml says, what is usual; else none."""
        if role in self.roles:
            return self.roles[role]
        return (role,) if role in ROLES else USUAL.get(role, ())
