"""What each role may: the pages it opens, what it does, the rows it sees. What stands nowhere is denied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from opslayer.config import Role

Doing = Literal["decide", "stop", "quiet", "serve"]
DOINGS: tuple[Doing, ...] = get_args(Doing)
"""decide: approve, reject, edit, settle, undo, let a rule approve by itself, where a rule asks for a role of
theirs; stop: the switch that stops sending, a complaint, the end of a rule's autonomy; quiet: acknowledge and
silence alerts; serve: which model answers."""

PAGES = (
    "today",
    "briefing",
    "alerts",
    "cash",
    "results",
    "delivery",
    "people",
    "staffing",
    "inquiries",
    "documents",
    "what_if",
    "revenue",
    "actions",
    "rules",
    "models",
    "data_health",
    "runs",
)


@dataclass(frozen=True)
class Rights:
    """What a role, or several together, opens. `every_practice`: rows of all, not of one's own only.

    `costs`: what a person costs the firm.
    """

    pages: frozenset[str] = frozenset()
    doings: frozenset[Doing] = frozenset()
    every_practice: bool = False
    costs: bool = False


def _may(pages: str, doings: str = "", *, every_practice: bool = True, costs: bool = False) -> Rights:
    known: frozenset[Doing] = frozenset(doing for doing in DOINGS if doing in doings.split())
    return Rights(frozenset(pages.split()), known, every_practice, costs)


EVERY = " ".join(PAGES)
MATRIX: dict[Role, Rights] = {
    "viewer": _may("briefing delivery revenue inquiries"),
    "manager": _may("delivery people staffing", "decide stop quiet", every_practice=False),
    "approver": _may(
        "today briefing alerts delivery people staffing inquiries documents revenue actions rules",
        "decide stop quiet",
    ),
    "finance": _may(
        "today briefing alerts cash results delivery documents revenue what_if actions rules data_health",
        "decide stop quiet",
        costs=True,
    ),
    "owner": _may(EVERY, "decide stop quiet serve", costs=True),
    "auditor": _may(EVERY, costs=True),
    "analyst": _may(EVERY.replace(" runs", ""), "decide stop quiet serve"),  # a run shows what people cost
}


def rights(roles: Iterable[Role]) -> Rights:
    """What several roles open together: each what it opens alone, and no more."""
    held = [MATRIX[role] for role in roles]
    return Rights(
        frozenset().union(*(one.pages for one in held)),
        frozenset().union(*(one.doings for one in held)),
        any(one.every_practice for one in held),
        any(one.costs for one in held),
    )
