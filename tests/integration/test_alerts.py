"""What the store keeps of alerts, on SQLite and PostgreSQL: each move once, nothing lost, nothing twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from opslayer.alerts import Alert, acknowledge, end_silences, lift, list_alerts, silence
from opslayer.alerts.definition import Absolute
from opslayer.alerts.evaluation import move
from opslayer.alerts.finding import Finding
from opslayer.config import Firm
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.store import AlertChange, AuditEvent, Event, Store, open_store, verify
from tests.reminders import write_firm

T0 = datetime(2026, 11, 16, 6, tzinfo=UTC)
DAY = date(2026, 11, 16)
PERSON = "tomas@harrow.example"
OVER = Absolute(name="over_90", title="Over 90 days", owner="Finance", metric="over_90", by="client", high=50)
WHOLE = OVER.model_copy(update={"by": ""})


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return write_firm(tmp_path)


def measured(store: Store, day: int, **values: float | None) -> dict[str, str]:
    """The states of those clients after their values of a day; "firm" is the whole."""
    at = timedelta(days=day)
    found = [
        Finding(WHOLE, "", name, value, high=50)
        if name == "firm"
        else Finding(OVER, f"ledger:{name}", name, value, high=50)
        for name, value in values.items()
    ]
    with store.session() as session:
        move(session, found, as_of=DAY + at, moment=T0 + at, whole=True)
    return {one.key.removeprefix("over_90:ledger:"): one.state for one in list_alerts(store)}


def changes(store: Store) -> list[tuple[str, str]]:
    with store.reading() as session:
        assert verify(session).holds
        return [
            (one.before, one.after) for one in session.scalars(select(AlertChange).order_by(AlertChange.id))
        ]


def only(store: Store) -> Alert:
    (alert,) = list_alerts(store)
    return alert


def test_each_entity_has_a_life_and_each_move_is_kept_once(store: Store) -> None:
    assert measured(store, 0, C1=70, C2=40) == {"C1": "firing"}, "one in its range is not kept"
    assert measured(store, 0, C1=70, C2=40) == {"C1": "firing"}
    assert measured(store, 1, C1=70, C2=55) == {"C1": "firing", "C2": "pending"}
    assert measured(store, 2, C1=40, C2=55) == {"C1": "recovering", "C2": "firing"}
    assert measured(store, 3, C2=55) == {"C1": "resolved", "C2": "firing"}, "C1 is measured no more"
    assert changes(store) == [
        ("normal", "firing"), ("normal", "pending"), ("firing", "recovering"), ("pending", "firing"),
        ("recovering", "resolved"),
    ]  # fmt: skip
    with store.reading() as session:
        told = [(one.name, one.subject, one.key) for one in session.scalars(select(Event))]
        trail = [e.event for e in session.scalars(select(AuditEvent).order_by(AuditEvent.id))]
    assert told == [("alert_fired", f"ledger:C{one}", f"over_90:ledger:C{one}:1") for one in (1, 2)]
    assert [e for e in trail if e != "event"] == [
        f"alert {state}" for state in ("firing", "pending", "recovering", "firing", "resolved")
    ]


def test_no_data_is_kept_apart_and_a_breach_is_not_forgotten(store: Store) -> None:
    assert measured(store, 0, firm=None) == {"over_90": "no data"}
    assert measured(store, 1, firm=70) == {"over_90": "firing"}
    assert measured(store, 3, firm=None) == {"over_90": "firing"}, "its job may not have run yet"
    assert measured(store, 6, firm=None) == {"over_90": "no data"}
    assert only(store).course == "firing"
    assert measured(store, 7, firm=70) == {"over_90": "firing"}
    assert only(store).episode == 1


def test_acknowledged_by_name_with_a_comment_until_it_is_over(firm: Firm, store: Store) -> None:
    measured(store, 0, firm=70)
    for _ in range(2):  # a second click changes nothing
        alert = acknowledge(firm, store, "over_90", person=PERSON, comment="I call them", moment=T0)
    assert (alert.state, alert.acknowledged_by, alert.comment) == ("acknowledged", PERSON, "I call them")
    assert measured(store, 1, firm=70) == {"over_90": "acknowledged"}
    assert [measured(store, day, firm=40)["over_90"] for day in (2, 3, 4)] == [
        "recovering", "resolved", "normal"
    ]  # fmt: skip
    assert only(store).acknowledged_by is None
    with pytest.raises(UsageError, match="over_90 is normal: there is nothing to acknowledge"):
        acknowledge(firm, store, "over_90", person=PERSON, moment=T0)
    with store.reading() as session:
        said = select(AlertChange).where(AlertChange.person.is_not(None))
        assert [(one.person, one.why) for one in session.scalars(said)] == [(PERSON, "I call them")]


def test_silenced_until_its_time_with_a_reason(firm: Firm, store: Store) -> None:
    measured(store, 0, firm=70)
    until = T0 + timedelta(days=2)
    with pytest.raises(UsageError, match="say why"):
        silence(firm, store, "over_90", until=until, person=PERSON, why=" ", moment=T0)
    with pytest.raises(UsageError, match="is past"):
        silence(firm, store, "over_90", until=T0, person=PERSON, why="move", moment=T0)
    assert silence(firm, store, "1", until=until, person=PERSON, why="move", moment=T0).state == "silenced"
    assert measured(store, 1, firm=70) == {"over_90": "silenced"}
    assert end_silences(store, moment=until - timedelta(seconds=1)) == 0
    assert end_silences(store, moment=until) == 1
    assert end_silences(store, moment=until) == 0
    assert only(store).state == "firing"
    silence(firm, store, "over_90", until=until + timedelta(days=1), person=PERSON, why="x", moment=until)
    assert lift(firm, store, "over_90", person=PERSON, moment=until).state == "firing"
    with pytest.raises(UsageError, match="is firing, not silenced"):
        lift(firm, store, "over_90", person=PERSON, moment=until)


def test_strangers_and_strange_names(firm: Firm, store: Store) -> None:
    measured(store, 0, C1=70)
    with pytest.raises(GuardrailHeld, match=r"mallory@example\.org is not among the people of Harrow & Vale"):
        acknowledge(firm, store, "over_90:ledger:C1", person="mallory@example.org", moment=T0)
    with pytest.raises(GuardrailHeld, match="nobody"):
        silence(firm, store, "over_90:ledger:C1", until=T0 + timedelta(1), person="", why="x", moment=T0)
    with pytest.raises(UsageError, match='no alert named "over_90:ledger:C2"; there is: over_90:ledger:C1'):
        acknowledge(firm, store, "over_90:ledger:C2", person=PERSON, moment=T0)


def test_what_was_kept_of_metrics_is_kept_of_the_firm(unmade_store_url: str) -> None:
    from alembic import command

    from opslayer.store.database import _config, _engine

    engine = _engine(unmade_store_url)
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0014")
        for place, state in enumerate(("ok", "firing", "silenced", "error"), 1):
            connection.execute(
                text(
                    "insert into alert (id, metric, state, since, as_of, breaches, value) values "
                    f"({place}, '{state}', '{state}', '2026-11-16 06:00:00+00:00', '2026-11-16', 2, 1)"
                )
            )
    engine.dispose()
    with open_store(unmade_store_url) as store:
        kept = {
            one.definition: (one.state, one.course, one.opened_at is not None) for one in list_alerts(store)
        }
    assert kept == {
        "ok": ("normal", "normal", False), "firing": ("firing", "firing", True),
        "silenced": ("silenced", "firing", False), "error": ("error", "normal", False),
    }  # fmt: skip
