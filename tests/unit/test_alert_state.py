"""How alerts move, against the table that is written in their module: the table is read, and it decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from opslayer.alerts import state
from opslayer.alerts.state import Course, Signal, Standing, Terms, acknowledge, begin, lift, observe, silence

START = datetime(2026, 11, 16, 6, tzinfo=UTC)
DAY = date(2026, 11, 16)
PERSON = "tomas@harrow.example"


def written_tables() -> list[list[list[str]]]:
    """The tables of the module's words, as rows of cells."""
    blocks = (state.__doc__ or "").split("\n\n")
    split = [
        [[c.strip() for c in line.strip("|").split("|")] for line in block.splitlines()] for block in blocks
    ]
    return [[rows[0], *rows[2:]] for rows in split if len(rows[0]) > 1]


def written_table() -> dict[str, dict[str, str]]:
    """Course -> what comes -> cell, of the first table and the second."""
    moved, acknowledged, *_ = written_tables()
    taken = dict(zip(*acknowledged, strict=True))
    return {
        row[0]: dict(zip(moved[0][1:], row[1:], strict=True)) | {"acknowledge": taken[row[0]]}
        for row in moved[1:]
    }


TABLE = written_table()
MEASURED = ("in range", "near", "breached", "severe", "gone")


def test_the_table_has_every_course_and_whatever_is_measured() -> None:
    assert tuple(TABLE) == get_args(Course)
    assert {tuple(row) for row in TABLE.values()} == {(*MEASURED, "acknowledge")}
    assert set(get_args(Signal)) == {*MEASURED, "missing", "failed"}


def cell_of(course: str, column: str, *, held: int, days: int, acknowledged: bool) -> str:
    """What a cell says becomes of it: "a > b" is b once it has been a for the days."""
    cell = TABLE[course][column]
    first, _, then = cell.partition(" > ")
    first = course if first == "stays" else first
    if then and (course == first or days == 0) and held >= days:
        first = then
    return ("acknowledged" if acknowledged else "firing") if first == "back" else first


class Life(RuleBasedStateMachine):
    """An alert, and beside it what the table says of it."""

    @initialize(pending=st.integers(0, 2), recovery=st.integers(0, 2), missing=st.integers(0, 3))
    def born(self, pending: int, recovery: int, missing: int) -> None:
        self.terms = Terms(pending, recovery, missing)
        self.day, self.moment = DAY, START
        self.alert = begin(day=DAY, moment=START)
        self.course, self.moved_on, self.measured_on = "normal", DAY, None
        self.cover: str | None = None
        self.by: str | None = None
        self.quiet: datetime | None = None

    @rule(signal=st.sampled_from(MEASURED), days=st.integers(0, 2), hours=st.integers(0, 30))
    def measured(self, signal: Signal, days: int, hours: int) -> None:
        self._pass(days, hours)
        waits = {"resolved": 1, "pending": self.terms.pending_days}
        limit = waits.get(self.course, self.terms.recovery_days)
        if signal == "breached" and self.course in ("normal", "resolved"):
            limit = self.terms.pending_days
        held = (self.day - self.moved_on).days
        if self.course not in ("pending", "recovering", "resolved") or (
            self.course == "resolved" and signal == "breached"
        ):
            held = 0
        went = cell_of(self.course, signal, held=held, days=limit, acknowledged=self.by is not None)
        if went != self.course or (went, signal) == ("recovering", "near"):
            self.moved_on = self.day
        self.course, self.cover, self.measured_on = went, None, self.day
        if went in ("normal", "resolved"):
            self.by = None
        before, self.alert = self.alert, self._observe(signal)
        assert self._observe(signal) == self.alert, "a day counts once"
        assert self.alert.episode - before.episode == (
            before.course in ("normal", "resolved") and went in ("pending", "firing")
        )

    @rule(days=st.integers(0, 2))
    def failed(self, days: int) -> None:
        self._pass(days, 1)
        self.cover, self.alert = "error", self._observe("failed")

    @rule(days=st.integers(0, 2))
    def missing(self, days: int) -> None:
        self._pass(days, 1)
        waits = self.measured_on and (self.day - self.measured_on).days <= self.terms.missing_days
        self.cover, self.alert = None if waits else "no data", self._observe("missing")

    @rule(hours=st.integers(0, 5))
    def somebody_acknowledges(self, hours: int) -> None:
        self._pass(0, hours)
        after = acknowledge(self.alert, person=PERSON, comment="on it", moment=self.moment)
        cell = TABLE[self.course]["acknowledge"]
        if cell == "refused" and self.cover is None:
            assert after is None
            return
        assert after is not None
        self.alert, self.by = after, PERSON
        self.course = self.course if cell in ("refused", "stays") else cell

    @rule(hours=st.integers(1, 60))
    def somebody_silences(self, hours: int) -> None:
        self.quiet = self.moment + timedelta(hours=hours)
        self.alert = silence(
            self.alert, until=self.quiet, person=PERSON, why="we move house", moment=self.moment
        )

    @precondition(lambda self: self.quiet is not None)
    @rule()
    def somebody_lifts(self) -> None:
        self.quiet, self.alert = None, lift(self.alert, moment=self.moment)

    @rule(hours=st.integers(0, 40))
    def time_passes(self, hours: int) -> None:
        self._pass(0, hours)
        self.alert = state.pass_time(self.alert, moment=self.moment)

    def _pass(self, days: int, hours: int) -> None:
        self.day += timedelta(days=days)
        self.moment += timedelta(days=days, hours=hours)
        if self.quiet is not None and self.quiet <= self.moment:
            self.quiet = None
            self.alert = state.pass_time(self.alert, moment=self.moment)

    def _observe(self, signal: Signal) -> Standing:
        return observe(self.alert, signal, day=self.day, moment=self.moment, terms=self.terms)

    @invariant()
    def stands_as_the_table_says(self) -> None:
        if not hasattr(self, "alert"):
            return
        assert self.alert.course == self.course
        assert self.alert.state == ("silenced" if self.quiet else self.cover or self.course)
        assert self.alert.acknowledged_by == self.by
        assert self.alert.since <= self.moment

    @invariant()
    def nothing_is_open_without_its_beginning(self) -> None:
        if hasattr(self, "alert") and self.alert.is_open:
            assert self.alert.opened_at is not None
            assert self.alert.episode > 0


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLife: Any = Life.TestCase


@pytest.mark.parametrize(
    ("values", "courses"),
    [
        (["in range", "breached", "breached", "near", "in range", "in range", "in range"],
         ["normal", "pending", "firing", "firing", "recovering", "resolved", "normal"]),
        (["severe", "in range", "severe", "in range"], ["firing", "recovering", "firing", "recovering"]),
        (["severe", "missing", "failed", "near"], ["firing", "firing", "firing", "firing"]),
    ],
)  # fmt: skip
def test_a_week(values: list[Signal], courses: list[str]) -> None:
    alert, seen = begin(day=DAY, moment=START), []
    for passed, value in enumerate(values):
        day = timedelta(days=passed)
        alert = observe(alert, value, day=DAY + day, moment=START + day)
        seen.append(alert.course)
    assert seen == courses


def test_an_old_acknowledgement_does_not_cover_a_new_episode() -> None:
    alert = observe(begin(day=DAY, moment=START), "severe", day=DAY, moment=START)
    taken = acknowledge(alert, person=PERSON, comment="", moment=START)
    assert taken is not None
    for passed, value in enumerate(("in range", "in range", "severe"), 1):
        day = timedelta(days=passed)
        taken = observe(taken, value, day=DAY + day, moment=START + day)  # type: ignore[arg-type]
    assert (taken.state, taken.acknowledged_by, taken.episode) == ("firing", None, 2)


def test_no_value_is_told_only_after_the_days_its_job_may_take() -> None:
    alert = observe(begin(day=DAY, moment=START), "in range", day=DAY, moment=START)
    states = [
        observe(alert, "missing", day=DAY + timedelta(days=days), moment=START).state for days in range(5)
    ]
    assert states == ["normal"] * 4 + ["no data"]
    assert observe(replace(alert, measured_on=None), "missing", day=DAY, moment=START).state == "no data"
