"""What comes from outside the files: secrets by their references, and the clock."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from opslayer.errors import ConfigurationError, UsageError


def secret(reference: str) -> str:
    """What "env:NAME" or "keyring:service/name" stands for; raises ConfigurationError where it is not set."""
    scheme, _, name = reference.partition(":")
    if scheme == "env":
        value = os.environ.get(name)
    elif scheme == "keyring":
        import keyring  # loaded only where a firm uses it: its backends take a second

        service, _, user = name.partition("/")
        value = keyring.get_password(service, user)
    else:
        raise ConfigurationError(f'a secret is "env:NAME" or "keyring:service/name"; got "{scheme}:..."')
    if value is None:
        raise ConfigurationError(
            f"the secret {reference} is not set", mend=f"set it where {scheme} looks for it"
        )
    return value


def moment(text: str | None = None) -> datetime:
    """The wall-clock moment a run was given, ISO 8601 with its offset, in UTC; without it, the clock's.

    The one edge of a notebook that a person runs by hand. Raises UsageError for text that is no moment.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UsageError(
            f'a moment is like 2026-11-16T06:00:00+00:00; got "{text}"', mend="leave it out to take the clock"
        )
    return found.astimezone(UTC)
