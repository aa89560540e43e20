"""How soon something has to be answered, by what it says of days and by who tried how often."""

from __future__ import annotations

from datetime import date
from typing import Any

SOON = 14  # days: an offer takes as long
HIGH, NORMAL, LOW = "high", "normal", "low"


def of_mail(read: dict[str, Any], as_of: date) -> tuple[str, str]:
    """Urgency and why, of a row of intelligence.inquiry."""
    if read["verdict"] == "noise":
        return LOW, "Nobody waits for an answer."
    for field, what in (("deadline", "It has to be in"), ("starts_on", "It is to start")):
        if read[field] is not None and (days := (read[field] - as_of).days) <= SOON:
            return HIGH, f"{what} {_in_days(days)}."
    return NORMAL, ""  # it names no day that is near


def as_learnt(how_soon: str, why: str, told: dict[str, Any] | None) -> tuple[str, str]:
    """The same, or what people's own haste says of mails like it, where that may be acted on.

    A day that is near stays near, and nobody waits for an answer to noise.
    """
    if told is None or not told["may_act"] or how_soon != NORMAL or told["answer"] < 0.5:
        return how_soon, why
    return HIGH, f"Mails like it are answered at once. {told['reasons']}"


def of_call(calls: int, is_client: bool) -> tuple[str, str]:
    """Urgency and why, of a caller nobody has spoken with since."""
    if calls > 1:
        return HIGH, f"They tried {calls} times."
    if is_client:
        return HIGH, "A client waits for a call."
    return NORMAL, "They tried once."


def _in_days(days: int) -> str:
    if days < 0:
        return f"since {-days} days" if days < -1 else "since yesterday"
    return {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")
