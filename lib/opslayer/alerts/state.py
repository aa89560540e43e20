"""How an alert moves from state to state; a pure function of where it stood and what was measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

State = Literal["ok", "pending", "firing", "acknowledged", "silenced", "resolved", "no data", "error"]
PATIENCE = 2  # breaches in a row before a person is disturbed


@dataclass(frozen=True)
class Standing:
    """Where an alert stands: since when, and how many measurements in a row were out of range."""

    state: State
    since: datetime
    breaches: int = 0
    acknowledged_by: str | None = None
    silenced_until: datetime | None = None


def transition(
    before: Standing | None,
    *,
    measured: bool,
    breached: bool,
    failed: bool,
    moment: datetime,
    severe: bool = False,
    near: bool = False,
) -> Standing:
    """Where the alert stands after one measurement.

    One breach is pending and PATIENCE in a row fire, a severe one at once; back in range, one that fired is
    resolved and then ok. In range but `near` its limit, one that fired stays as it is, so that a value that
    sways about the limit does not come and go. Acknowledged, it stays so until it is resolved. Silenced, it
    stays so until its time is over. A metric without a value has no data, a query that fails is an error;
    neither clears a breach.
    """
    past = before or Standing("ok", moment)
    silent = past.silenced_until is not None and moment < past.silenced_until
    fired = past.state in ("firing", "acknowledged", "silenced") or past.breaches >= PATIENCE
    breached = breached or (near and fired)
    breaches = past.breaches if failed or not measured else past.breaches + 1 if breached else 0
    state: State
    if failed:
        state = "error"
    elif not measured:
        state = "no data"
    elif not breached:
        state = "resolved" if past.state in ("firing", "acknowledged") else "ok"
    elif silent:
        state = "silenced"
    elif past.acknowledged_by:
        state = "acknowledged"
    else:
        state = "firing" if severe or breaches >= PATIENCE else "pending"
    cleared = state in ("ok", "resolved")
    return replace(
        past,
        state=state,
        since=past.since if state == past.state else moment,
        breaches=breaches,
        acknowledged_by=None if cleared else past.acknowledged_by,
        silenced_until=past.silenced_until if silent else None,
    )
