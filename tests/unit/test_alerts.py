"""Alerts: every move between states, and what the store keeps of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import delete, select

from opslayer.alerts import Alert, Standing, State, acknowledge, evaluate, list_alerts, silence, transition
from opslayer.config import Firm, load_firm
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.metrics import Metric, MetricValue, Range
from opslayer.store import AlertRecord, AuditEvent, Event, Store, open_store, verify

T0 = datetime(2026, 11, 16, 6, tzinfo=UTC)
T1 = T0 + timedelta(days=1)
DAY = date(2026, 11, 16)
PERSON = "tomas@harrowvale.example"


def moved(before: Standing | None, *, moment: datetime = T1, **measured: bool) -> Standing:
    given = {"measured": True, "breached": False, "failed": False, **measured}
    return transition(before, moment=moment, **given)


def standing(state: State, breaches: int = 0, **more: object) -> Standing:
    return Standing(state, T0, breaches, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "measured", "state"),
    [
        (None, {}, "ok"),
        (None, {"breached": True}, "pending"),
        (None, {"breached": True, "severe": True}, "firing"),
        (None, {"measured": False}, "no data"),
        (None, {"failed": True}, "error"),
        (standing("pending", 1), {"breached": True}, "firing"),
        (standing("pending", 1), {}, "ok"),
        (standing("pending", 1), {"near": True}, "ok"),
        (standing("firing", 2), {"breached": True}, "firing"),
        (standing("firing", 2), {}, "resolved"),
        (standing("firing", 2), {"near": True}, "firing"),
        (standing("firing", 1), {"near": True}, "firing"),
        (standing("firing", 2), {"measured": False}, "no data"),
        (standing("firing", 2), {"failed": True}, "error"),
        (standing("no data", 2), {"breached": True}, "firing"),
        (standing("error", 2), {"breached": True}, "firing"),
        (standing("error", 2), {}, "ok"),
        (standing("resolved"), {}, "ok"),
        (standing("resolved"), {"near": True}, "ok"),
        (standing("resolved"), {"breached": True}, "pending"),
        (standing("acknowledged", 3, acknowledged_by=PERSON), {"breached": True}, "acknowledged"),
        (standing("acknowledged", 3, acknowledged_by=PERSON), {"near": True}, "acknowledged"),
        (standing("acknowledged", 3, acknowledged_by=PERSON), {}, "resolved"),
        (standing("silenced", 3, silenced_until=T1 + timedelta(days=1)), {"breached": True}, "silenced"),
        (standing("silenced", 3, silenced_until=T1 + timedelta(days=1)), {}, "ok"),
        (standing("silenced", 3, silenced_until=T1), {"breached": True}, "firing"),
    ],
)
def test_one_step(before: Standing | None, measured: dict[str, bool], state: State) -> None:
    assert moved(before, **measured).state == state


MEASURED = [
    {"failed": True},
    {"measured": False},
    {"breached": True},
    {"breached": True, "severe": True},
    {"near": True},
    {},
]
BEFORE = [
    None,
    *(
        standing(state, breaches, acknowledged_by=by, silenced_until=until)
        for state, breaches, by, until in product(
            get_args(State), (0, 1, 2), (None, PERSON), (None, T1 + timedelta(hours=1))
        )
    ),
]


@pytest.mark.parametrize("measured", MEASURED, ids=str)
def test_what_holds_of_every_step(measured: dict[str, bool]) -> None:
    for before in BEFORE:
        after = moved(before, **measured)
        if before is not None:
            assert after.since == (before.since if after.state == before.state else T1)
        if after.state in ("ok", "resolved"):
            assert (after.breaches, after.acknowledged_by) == (0, None)
        if after.state == "resolved":
            assert before is not None
            assert before.state in ("firing", "acknowledged")
        if after.state == "firing":
            assert after.acknowledged_by is None
            assert after.silenced_until is None
        if not measured:
            assert after.state in ("ok", "resolved")
        if measured.get("failed") or measured.get("measured") is False:
            assert after.breaches == (before.breaches if before else 0), "a breach is not forgotten"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    (tmp_path / "firm.toml").write_text(
        '[firm]\nname = "H"\nbase_currency = "EUR"\n'
        '[sources.l]\nkind = "files"\nmapping = "opslayer"\npath = "d"\n'
        f'[[people]]\nname = "Tomas"\nemail = "{PERSON}"\nroles = ["finance"]\n'
    )
    return load_firm(tmp_path)


@pytest.fixture
def store(firm: Firm) -> Iterator[Store]:
    with open_store(firm) as opened:
        yield opened


def dso(value: float | None, day: int = 0, failure: str | None = None) -> list[MetricValue]:
    metric = Metric(
        name="dso", title="DSO", unit="days", better="lower", owner="Finance", description="", query="q",
        rows="q", of_rows="count(*)", expected=Range(high=50),
    )  # fmt: skip
    return [MetricValue(metric, value, None, DAY + timedelta(days=day), failure)]


def measured(store: Store, value: float | None, day: int, failure: str | None = None) -> Alert:
    at = timedelta(days=day)
    [alert] = evaluate(store, dso(value, day, failure), as_of=DAY + at, moment=T0 + at)
    return alert


def events(store: Store) -> list[str]:
    with store.session() as session:
        assert verify(session).holds
        return list(session.scalars(select(AuditEvent.event).order_by(AuditEvent.id)))


def test_a_week(store: Store) -> None:
    states = [measured(store, value, day).state for day, value in enumerate([40, 55, 55, 49, 47, 40])]
    assert states == ["ok", "pending", "firing", "firing", "resolved", "ok"], "49 is within 5 % of the limit"
    told = [event for event in events(store) if event != "event"]
    assert told == [f"alert {state}" for state in ("ok", "pending", "firing", "resolved", "ok")]
    with store.reading() as session:  # that it fires is an event, once, whatever follows
        assert [(one.name, one.subject) for one in session.scalars(select(Event))] == [("alert_fired", "dso")]


def test_far_out_fires_at_once(store: Store) -> None:
    assert measured(store, 62.4, 0).state == "pending"
    with store.session() as session:
        session.execute(delete(AlertRecord))
    assert measured(store, 62.5, 0).state == "firing"


def test_a_day_measured_twice_counts_once(store: Store) -> None:
    assert [measured(store, 55, 0).state for _ in range(3)] == ["pending"] * 3
    assert [measured(store, 55, 1).state for _ in range(3)] == ["firing"] * 3
    assert [measured(store, 40, 2).state for _ in range(3)] == ["resolved"] * 3
    assert measured(store, 40, 3).state == "ok"


def test_a_query_that_fails_is_an_error_with_its_reason(store: Store) -> None:
    measured(store, 55, 0)
    alert = measured(store, None, 1, failure="the query does not run")
    assert (alert.state, alert.message, alert.value) == ("error", "the query does not run", None)
    assert measured(store, 55, 2).state == "firing", "the breach before it is not forgotten"


def test_no_value_is_no_data(store: Store) -> None:
    assert measured(store, None, 0).state == "no data"


def test_a_metric_without_a_range_has_no_alert(store: Store) -> None:
    [value] = dso(55)
    free = MetricValue(value.metric.model_copy(update={"expected": Range()}), 55, None, DAY)
    assert evaluate(store, [free], as_of=DAY, moment=T0) == []


def test_acknowledged_by_name_until_resolved(firm: Firm, store: Store) -> None:
    measured(store, 70, 0)
    alert = acknowledge(firm, store, "dso", person=PERSON, moment=T0)
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", PERSON)
    assert measured(store, 70, 1).state == "acknowledged"
    resolved = measured(store, 40, 2)
    assert (resolved.state, resolved.acknowledged_by) == ("resolved", None)
    assert measured(store, 70, 3).state == "firing", "an old acknowledgement does not cover a new breach"


def test_silenced_until_its_time_is_over(firm: Firm, store: Store) -> None:
    measured(store, 70, 0)
    until = T0 + timedelta(days=2)
    assert silence(firm, store, "dso", until=until, person=PERSON, moment=T0).state == "silenced"
    assert [measured(store, 70, day).state for day in (1, 2)] == ["silenced", "firing"]
    assert "alert silenced" in events(store)


def test_strangers_and_strange_names(firm: Firm, store: Store) -> None:
    measured(store, 70, 0)
    with pytest.raises(GuardrailHeld, match=r"mallory@example\.org is not among the people of H"):
        acknowledge(firm, store, "dso", person="mallory@example.org", moment=T0)
    with pytest.raises(GuardrailHeld, match="nobody"):
        silence(firm, store, "dso", until=T1, person="", moment=T0)
    with pytest.raises(UsageError, match='no alert named "dzo"; there is: dso'):
        acknowledge(firm, store, "dzo", person=PERSON, moment=T0)
    assert [alert.state for alert in list_alerts(store)] == ["firing"]
