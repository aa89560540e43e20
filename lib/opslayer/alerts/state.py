"""How an alert moves from state to state: pure functions of where it stood and what came.

An alert has a course, which what is measured moves:

| course       | in range              | near           | breached         | severe | gone           |
| ------------ | --------------------- | -------------- | ---------------- | ------ | -------------- |
| normal       | stays                 | stays          | pending > firing | firing | stays          |
| pending      | normal                | normal         | stays > firing   | firing | normal         |
| firing       | recovering > resolved | stays          | stays            | stays  | resolved       |
| acknowledged | recovering > resolved | stays          | stays            | stays  | resolved       |
| recovering   | stays > resolved      | stays          | back             | back   | resolved       |
| resolved     | stays > normal        | stays > normal | pending > firing | firing | stays > normal |

and whoever acknowledges it:

| normal  | pending      | firing       | acknowledged | recovering | resolved |
| ------- | ------------ | ------------ | ------------ | ---------- | -------- |
| refused | acknowledged | acknowledged | stays        | stays      | refused  |

"a > b" is a, and b once it has been a for the definition's days (`Terms`; resolved is so for a day). "back"
is acknowledged where somebody has acknowledged this episode, else firing. "near" is in range, but so close to
its limit that what fired is not over. "gone" is an entity that is measured no more: a project that ended.

Three covers hide the course, and leave it as it is beneath (what is covered can be acknowledged as it is):

| comes             | shown                                                                                |
| ----------------- | ------------------------------------------------------------------------------------ |
| failed            | error: its query could not be run                                                    |
| missing           | no data, once there was no value for the definition's days, or where there never was |
| silence           | silenced until its moment, whatever is measured; the course goes on beneath          |
| anything measured | the course, unless it is silenced                                                    |
| lift, or its time | what lies beneath: an error, no data, or the course                                  |

Silenced hides error, error hides no data, no data hides the course. A business day counts once, however often
it is measured: the same input on the same day changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

Course = Literal["normal", "pending", "firing", "acknowledged", "recovering", "resolved"]
State = Literal[
    "normal",
    "pending",
    "firing",
    "acknowledged",
    "recovering",
    "resolved",
    "silenced",
    "no data",
    "error",
]
Signal = Literal["in range", "near", "breached", "severe", "gone", "missing", "failed"]

OPEN: tuple[Course, ...] = ("firing", "acknowledged", "recovering")
"""In which an episode has begun and is not over."""


@dataclass(frozen=True)
class Terms:
    """How many business days it must be so: out of range to fire, in range to be over, without a value."""

    pending_days: int = 1
    recovery_days: int = 1
    missing_days: int = 3


@dataclass(frozen=True)
class Standing:
    """Where an alert stands. `since` is of the state shown, `moved_on` the business day its course moved.

    `episode` counts the times it left its range; `opened_at` is when this one fired, `measured_on` the last
    day that had a value.
    """

    since: datetime
    moved_on: date
    course: Course = "normal"
    state: State = "normal"
    cover: Literal["no data", "error"] | None = None
    episode: int = 0
    opened_at: datetime | None = None
    measured_on: date | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    comment: str | None = None
    silenced_until: datetime | None = None
    silenced_by: str | None = None
    silenced_why: str | None = None

    @property
    def is_open(self) -> bool:
        return self.course in OPEN


def begin(*, day: date, moment: datetime) -> Standing:
    """An alert that was never measured."""
    return Standing(since=moment, moved_on=day)


def observe(
    before: Standing, signal: Signal, *, day: date, moment: datetime, terms: Terms = Terms()
) -> Standing:
    """Where it stands after a measurement on a business day, by the tables of this module."""
    match signal:
        case "failed":
            return _shown(before, replace(before, cover="error"), moment)
        case "missing":
            known = before.measured_on
            waits = known is not None and (day - known).days <= terms.missing_days
            return _shown(before, replace(before, cover=None if waits else "no data"), moment)
    course = _course(before, signal, day, terms)
    after = replace(before, cover=None, measured_on=day, course=course)
    if course != before.course or (course == "recovering" and signal == "near"):
        after = replace(after, moved_on=day)
    if before.course in ("normal", "resolved") and course in ("pending", "firing"):
        after = replace(after, episode=before.episode + 1, opened_at=None)
    if course == "firing" and after.opened_at is None:
        after = replace(after, opened_at=moment)
    if course in ("normal", "resolved"):
        after = replace(after, acknowledged_by=None, acknowledged_at=None, comment=None)
    return _shown(before, after, moment)


def _course(before: Standing, signal: Signal, day: date, terms: Terms) -> Course:
    """The cell of the first table."""
    back: Course = "acknowledged" if before.acknowledged_by else "firing"
    held = (day - before.moved_on).days
    match signal, before.course:
        case "breached", "normal" | "resolved":
            return "pending" if terms.pending_days else "firing"
        case "breached", "pending":
            return "pending" if held < terms.pending_days else "firing"
        case "breached" | "severe", "normal" | "resolved" | "pending":
            return "firing"
        case "breached" | "severe", "firing":
            return "firing"
        case "breached" | "severe", _:
            return back
        case "gone", "firing" | "acknowledged" | "recovering":
            return "resolved"
        case "in range", "firing" | "acknowledged":
            return "recovering" if terms.recovery_days else "resolved"
        case "in range", "recovering":
            return "recovering" if held < terms.recovery_days else "resolved"
        case _, "resolved":
            return "resolved" if held < 1 else "normal"
        case _, "normal" | "pending":
            return "normal"
    return before.course


def acknowledge(before: Standing, *, person: str, comment: str, moment: datetime) -> Standing | None:
    """Somebody takes it on: it tells nobody else until it is over. None where there is nothing to take on."""
    if before.cover is None and not before.is_open and before.course != "pending":
        return None
    taken = before.course in ("pending", "firing")
    after = replace(
        before,
        course="acknowledged" if taken else before.course,
        opened_at=before.opened_at or (moment if taken else None),
        acknowledged_by=person,
        acknowledged_at=moment,
        comment=comment or None,
    )
    return _shown(before, after, moment)


def silence(before: Standing, *, until: datetime, person: str, why: str, moment: datetime) -> Standing:
    """Say nothing of it until a moment, whatever is measured."""
    after = replace(before, silenced_until=until, silenced_by=person, silenced_why=why)
    return _shown(before, after, moment)


def lift(before: Standing, *, moment: datetime) -> Standing:
    """End a silence before its time."""
    return _shown(before, replace(before, silenced_until=moment), moment)


def pass_time(before: Standing, *, moment: datetime) -> Standing:
    """Where it stands when nothing came but time: a silence may be over."""
    return _shown(before, before, moment)


def _shown(before: Standing, after: Standing, moment: datetime) -> Standing:
    """What is shown of it: the silence, else the cover, else the course."""
    if after.silenced_until is not None and after.silenced_until <= moment:
        after = replace(after, silenced_until=None, silenced_by=None, silenced_why=None)
    state: State = "silenced" if after.silenced_until else after.cover or after.course
    return replace(after, state=state, since=before.since if state == before.state else moment)
