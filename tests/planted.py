"""What tests of planted findings share: a demo firm with its answers, and keys without their source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opslayer.config import Firm


@dataclass(frozen=True)
class Planted:
    """A refreshed demo firm at scale 1, and the answers to what is planted in it.

    Tests only read the firm, for others read it at the same time: one that writes copies the folder first.
    """

    firm: Firm
    answers: dict[str, Any]


def bare(key: str) -> str:
    """A key as its own system writes it: `J00001` of `ledger:J00001`."""
    return key.split(":")[-1]
