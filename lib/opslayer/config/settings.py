"""The base of everything that a person edits."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of everything read from a file a person edits: frozen, and no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def secret_reference(value: str | None) -> str | None:
    """What stands for a secret in a file; raises ValueError for the secret itself."""
    if value is not None and not value.startswith(("env:", "keyring:")):
        raise ValueError('a reference, "env:NAME" or "keyring:service/name"; never the password itself')
    return value
