"""People told of alerts by a real mail server: grouped, once, again, up the chain, and that it is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from opslayer import actions
from opslayer.alerts import Finding, acknowledge, list_alerts, load_definitions, silence
from opslayer.alerts.evaluation import move
from opslayer.config import Firm, load_firm
from opslayer.store import Store, open_store
from tests.reminders import Server, received, serving, write_firm

T0 = datetime(2026, 11, 16, 9, tzinfo=UTC)  # a Monday, in the hours of the firm
DAY = date(2026, 11, 16)
TOMAS, MAEVE, INES = (f"{name}@harrow.example" for name in ("tomas", "maeve", "ines"))
ALERTS = """
[alerts]
country = "IE"
page = "https://layer.harrow.example"
[alerts.chains]
Finance = [{role = "finance"}, {role = "analyst", after_hours = 24}]
[[alerts.maintenance]]
first = 2026-11-25T00:00:00Z
last = 2026-11-26T00:00:00Z
why = "the ledger moves"
"""


class Desk:
    """A firm with a mail server, whose clients are measured by hand."""

    def __init__(self, firm: Firm, store: Store, mail: Path, server: Server) -> None:
        self.firm, self.store, self.mail, self.server = firm, store, mail, server
        self.definition = load_definitions(firm)["client_over_90"]

    def measure(self, hours: float, failure: str | None = None, **values: float | None) -> None:
        found = [
            Finding(self.definition, f"ledger:{name}", name, value, high=0.0, failure=failure)
            for name, value in values.items()
        ]
        moment = T0 + timedelta(hours=hours)
        with self.store.session() as session:
            move(session, found, as_of=moment.date(), moment=moment, whole=True)

    def tell(self, hours: float) -> list[tuple[str, str, int, str]]:
        told = actions.tell(self.firm, self.store, moment=T0 + timedelta(hours=hours))
        return [(one.person.partition("@")[0], one.what, one.alerts, one.state) for one in told]

    def last(self, person: str) -> EmailMessage:
        return max(received(self.mail, person), key=lambda one: one["Date"].datetime)


@pytest.fixture
def desk(tmp_path: Path, store_url: str) -> Iterator[Desk]:
    with ExitStack() as stack:
        mail = tmp_path / "mail"
        server = stack.enter_context(serving(mail))
        write_firm(tmp_path, store=store_url, port=server.port)
        toml = tmp_path / "firm.toml"
        toml.write_text(toml.read_text() + ALERTS)
        firm = load_firm(tmp_path)
        yield Desk(firm, stack.enter_context(open_store(firm)), mail, server)


def test_a_life_in_mails(desk: Desk) -> None:
    desk.measure(0, C1=900.0, C2=50.0)
    assert desk.tell(0) == [("maeve", "firing", 2, "mailed"), ("tomas", "firing", 2, "mailed")]
    assert desk.tell(1) == [], "told once"
    mail = desk.last(TOMAS)
    assert mail["Subject"] == "Out of range: Owed for more than 90 days: C1 and 1 more"
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "900 EUR, expected at most 0 EUR" in text
    assert "Talk to whoever pays there" in text
    assert "https://layer.harrow.example/alerts" in text
    assert desk.tell(12) == [], "nobody is written to at night"

    acknowledge(desk.firm, desk.store, "client_over_90:ledger:C2", person=TOMAS, comment="x", moment=T0)
    assert desk.tell(25) == [
        ("ines", "firing", 1, "mailed"), ("maeve", "firing", 1, "mailed"), ("tomas", "firing", 1, "mailed")
    ]  # fmt: skip
    assert "nobody has acknowledged it for 24 hours" in " ".join(str(desk.last(INES).as_string()).split())
    assert str(desk.last(TOMAS)["Subject"]).startswith("Still out of range")

    desk.measure(26, C1=0.0, C2=0.0)
    assert desk.tell(26) == [], "recovering is not over"
    desk.measure(50, C1=0.0, C2=0.0)
    assert desk.tell(50) == [
        ("ines", "resolved", 1, "mailed"),
        ("maeve", "resolved", 2, "mailed"),
        ("tomas", "resolved", 2, "mailed"),
    ]  # fmt: skip
    assert desk.tell(74) == []
    assert actions.verify(desk.store).holds


def test_an_error_is_never_mailed_as_out_of_range(desk: Desk) -> None:
    desk.measure(0, C1=900.0)
    silence(desk.firm, desk.store, "1", until=T0 + timedelta(hours=3), person=TOMAS, why="agreed", moment=T0)
    assert desk.tell(1) == []
    desk.measure(2, C1=None, failure="the query does not run")
    assert desk.tell(4) == [("maeve", "error", 1, "mailed"), ("tomas", "error", 1, "mailed")]
    assert desk.last(TOMAS)["Subject"].startswith("Cannot be measured: Owed")
    assert "out of range" not in desk.last(TOMAS).as_string()
    desk.measure(5, C1=900.0)
    assert {what for _, what, *_ in desk.tell(5)} == {"firing"}, "what was beneath is told when it shows"


def test_maintenance_keeps_still_and_what_did_not_leave_leaves_later(desk: Desk) -> None:
    in_maintenance = 9 * 24.0
    desk.measure(in_maintenance, C1=900.0)
    assert desk.tell(in_maintenance) == []
    desk.server.handler.refuses[TOMAS] = "450 later"
    after = in_maintenance + 24
    assert desk.tell(after) == [
        ("ines", "firing", 1, "mailed"), ("maeve", "firing", 1, "mailed"), ("tomas", "firing", 1, "waiting")
    ]  # fmt: skip
    desk.server.handler.refuses.clear()
    assert desk.tell(after + 0.1) == [("tomas", "firing", 1, "mailed")]
    desk.server.handler.refuses[TOMAS] = "450 later"
    desk.measure(after + 24, C1=900.0)
    desk.tell(after + 24)
    acknowledge(desk.firm, desk.store, "1", person=MAEVE, moment=T0 + timedelta(hours=after + 24))
    assert desk.tell(after + 24.2) == [("tomas", "firing", 0, "void")], "acknowledged before it left"
    assert list_alerts(desk.store)[0].state == "acknowledged"


def test_one_that_comes_and_goes_says_so(desk: Desk) -> None:
    seen = []
    for day in range(0, 8):
        desk.measure(day * 24, C1=900.0 if day % 2 == 0 else 0.0)
        seen += [what for who, what, *_ in desk.tell(day * 24) if who == "tomas"]
    assert seen == ["firing", "firing", "flapping"], "it fires, still does, and then a third time"
    assert desk.last(TOMAS)["Subject"].startswith("Comes and goes: Owed")
