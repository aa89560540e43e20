"""Which proposals are planted errors: a mark in the evidence, where the fingerprint covers it.

Every evidence has one, so that nobody sees at a glance which; who can change it in the store breaks the
fingerprint by that.
"""

from __future__ import annotations

import hashlib
from typing import Any

from opslayer.store import canonical, fraction

SUBJECT = "probe:"  # before what stands for the subject of a probe: no history of a real one counts it
NAME = "it named another client than the rows it rests on"
FIGURE = "a figure in it was not that of its rows"
FLAWS = (NAME, FIGURE)


def mark(evidence: dict[str, Any], flaw: str | None = None) -> str:
    """What an evidence carries as `draw`, where it is real or has the flaw."""
    about = [flaw, *(evidence[name] for name in ("rule", "party_id", "level", "snapshot"))]
    return hashlib.sha256(canonical(about)).hexdigest()


def flaw_of(evidence: dict[str, Any]) -> str | None:
    """What is wrong with it on purpose; None of what is real."""
    drawn = evidence.get("draw")
    return next((flaw for flaw in FLAWS if drawn is not None and drawn == mark(evidence, flaw)), None)


def key_of(key: str) -> str:
    """The key of the probe that is made of a proposal: of each there is at most one, ever."""
    return hashlib.sha256(f"probe|{key}".encode()).hexdigest()


def is_drawn(key: str, share: float) -> bool:
    """Whether a proposal is one of the `share` of which a probe is made; by its key, so always alike."""
    return fraction("probe", key) < share
