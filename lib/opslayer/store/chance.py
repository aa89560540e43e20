"""Chance that comes out alike each time: by SHA-256 of what it is about."""

from __future__ import annotations

import hashlib

from opslayer.store.audit_trail import canonical


def fraction(*about: str) -> float:
    """A number from 0 to 1, evenly spread over what it is about; the same parts give the same number."""
    digest = hashlib.sha256(canonical(about)).digest()
    return int.from_bytes(digest[:8]) / 2**64
