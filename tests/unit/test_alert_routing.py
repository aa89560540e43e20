"""Who is told of an alert, when, and how often: pure functions of where it stands and a moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from opslayer.actions.alarm.routing import (
    Due,
    Telling,
    chain_of,
    due,
    flapping_since,
    is_maintained,
    may_tell,
    over,
    readers,
)
from opslayer.alerts import Alert, load_definitions
from opslayer.config import AlertsSection, AlertStep, load_firm
from opslayer.errors import ConfigurationError

T0 = datetime(2026, 11, 16, 9, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
CHAIN = (AlertStep(role="finance"), AlertStep(role="partner", after_hours=24))
PLAIN = AlertsSection()
FIRING = Alert(
    number=1, definition="dso", entity="", name="", state="firing", course="firing", since=T0, opened_at=T0,
    episode=1, measured_on=date(2026, 11, 16), as_of=date(2026, 11, 16), value=60.0, low=None, high=55.0,
    message=None, acknowledged_by=None, acknowledged_at=None, comment=None, silenced_until=None,
    silenced_by=None, silenced_why=None,
)  # fmt: skip
FIRM = """
[firm]
name = "Harrow & Vale"
base_currency = "EUR"
time_zone = "Europe/Dublin"
[sources.ledger]
kind = "files"
mapping = "opslayer"
path = "data"
[[people]]
name = "Maeve"
email = "maeve@harrow.example"
roles = ["partner"]
[[people]]
name = "Tomas"
email = "tomas@harrow.example"
roles = ["finance"]
hours_from = 06:00:00
hours_until = 14:00:00
[[absences]]
person = "tomas@harrow.example"
deputy = "maeve@harrow.example"
first_on = 2026-11-18
last_on = 2026-11-18
[alerts]
country = "IE"
"""


def told(alert: Alert = FIRING, hours: float = 0, **more: list[datetime]) -> list[tuple[str, str, int]]:
    now = due(alert, CHAIN, PLAIN, fired=more.get("fired", [T0]), moment=T0 + hours * HOUR)
    return [(one.what, one.role, one.turn) for one in now]


def test_it_goes_up_the_chain_and_is_repeated_until_somebody_acknowledges() -> None:
    assert told() == [("firing", "finance", 0)]
    assert told(hours=23.9) == [("firing", "finance", 0)]
    assert told(hours=24) == [("firing", "finance", 1), ("firing", "partner", 0)]
    assert told(hours=73) == [("firing", "finance", 3), ("firing", "partner", 2)]
    for quiet in ("acknowledged", "silenced", "pending", "recovering", "normal", "resolved"):
        assert told(replace(FIRING, state=quiet), hours=73) == [], quiet


def test_an_error_and_no_data_are_told_as_what_they_are() -> None:
    assert told(replace(FIRING, state="error"), hours=25) == [("error", "finance", 1)]
    assert told(replace(FIRING, state="no data")) == [("no data", "finance", 0)]
    assert told(replace(FIRING, state="no data", measured_on=None)) == [], "there never was any"
    assert told(replace(FIRING, state="error", acknowledged_by="tomas@harrow.example")) == []


def test_one_that_flaps_says_so_and_not_each_time() -> None:
    fired = [T0 - timedelta(days=days) for days in (6, 3, 0)]
    assert flapping_since(fired, PLAIN, T0) == fired[0]
    assert flapping_since(fired, PLAIN, T0 + timedelta(days=9)) is None, "it has settled"
    assert flapping_since([fired[0] - timedelta(days=60), *fired], PLAIN, T0) == fired[0]
    assert told(fired=fired) == [("flapping", "finance", 6), ("flapping", "partner", 5)]
    again = replace(FIRING, opened_at=T0 + HOUR)
    assert told(again, hours=2, fired=[*fired, T0 + HOUR]) == told(fired=fired), "it is the same telling"


def test_that_it_is_over_hears_who_heard_that_it_began() -> None:
    done = replace(FIRING, state="resolved")
    before = [Telling("tomas", "firing", "x"), Telling("maeve", "error", "x")]
    assert over(done, before, PLAIN, fired=[T0], moment=T0) == ["tomas"]
    assert over(done, [*before, Telling("tomas", "resolved", "x")], PLAIN, fired=[T0], moment=T0) == []
    assert over(FIRING, before, PLAIN, fired=[T0], moment=T0) == []
    assert over(done, before, PLAIN, fired=[T0, T0, T0], moment=T0) == [], "not while it flaps"


def test_whose_it_is_by_owner() -> None:
    own = AlertsSection(chains={"Sales": CHAIN, "*": (AlertStep(role="analyst"),)})
    assert chain_of(own, "Sales", set()) == CHAIN
    assert chain_of(own, "People", set()) == (AlertStep(role="analyst"),)
    assert chain_of(PLAIN, "Partners", {"partner", "finance"}) == (AlertStep(role="partner"),)


def test_at_which_hours(tmp_path: Path) -> None:
    (tmp_path / "firm.toml").write_text(FIRM)
    firm = load_firm(tmp_path)
    assert firm.alerts is not None
    maeve, tomas = firm.people
    definitions = load_definitions(firm)

    def may(hour: int, day: int = 16, month: int = 11, name: str = "dso") -> tuple[bool, bool]:
        moment = datetime(2026, month, day, hour, tzinfo=UTC)
        assert firm.alerts is not None
        each = (may_tell(firm, firm.alerts, who, definitions[name], moment) for who in (maeve, tomas))
        return tuple(each)  # type: ignore[return-value]

    assert [may(hour) for hour in (5, 6, 8, 14, 18)] == [
        (False, False), (False, True), (True, True), (True, False), (False, False)
    ]  # fmt: skip
    assert may(10, day=21) == (False, False), "a Saturday"
    assert may(10, day=26, month=10) == (False, False), "the October bank holiday of Ireland"
    assert may(3, day=21, name="cash_falling") == (True, True), "urgent"
    assert [one.name for one in readers(firm, "finance", T0)] == ["Tomas"]
    assert [one.name for one in readers(firm, "finance", T0 + timedelta(days=2))] == ["Maeve"]
    assert [one.name for one in readers(firm, "delivery", T0)] == ["Maeve"], "nobody has it: the owners do"


def test_maintenance_has_an_end_and_names(tmp_path: Path) -> None:
    window = (
        '\n[[alerts.maintenance]]\nfirst = 2026-11-16T08:00:00Z\nlast = 2026-11-16T10:00:00Z\nwhy = "move"\n'
    )
    (tmp_path / "firm.toml").write_text(FIRM + window + 'alerts = ["source_*"]\n')
    settings = load_firm(tmp_path).alerts
    assert settings is not None
    assert is_maintained("source_silent", settings, T0)
    assert not is_maintained("dso", settings, T0)
    assert not is_maintained("source_silent", settings, T0 + HOUR)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tell_from = 19:00:00", "`tell_from` before `tell_until`"),
        ("[alerts.chains]\nSales = []", 'one step or more, .*"Sales" has none'),
        ('[alerts.chains]\nSales = [{role = "a", after_hours = 2}, {role = "b"}]', "in the order of"),
        ('[[alerts.maintenance]]\nfirst = 2026-11-16T08:00:00\nlast = 2026-11-17T08:00:00\nwhy = ""', "zone"),
        ("repeat_hours = 0", "at key: repeat_hours"),
        ("repeat = 1", 'nearest: "repeat_hours"'),
    ],
)  # fmt: skip
def test_what_is_wrong_in_firm_toml_is_named(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "firm.toml").write_text(FIRM + text + "\n")
    with pytest.raises(ConfigurationError, match=why):
        load_firm(tmp_path)


def test_a_telling_says_which_it_is() -> None:
    (one,) = due(FIRING, CHAIN[:1], PLAIN, fired=[T0], moment=T0 + 50 * HOUR)
    assert one == Due("firing", "finance", T0, 2, 0.0)
