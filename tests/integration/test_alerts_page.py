"""The page Alerts: somebody takes an alert on, silences it, and says why; their name stays with it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import streamlit.config
from streamlit.testing.v1 import AppTest

from opslayer.alerts import Finding, changes, list_alerts, load_definitions
from opslayer.alerts.evaluation import move
from opslayer.config import Firm, load_firm
from opslayer.store import open_store
from tests.pages import DASHBOARDS
from tests.reminders import AS_OF, MOMENT, Books, Owed, write_firm

TOMAS = "tomas@harrow.example"
KEY = "client_over_90:ledger:C1"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """A firm with a snapshot, and a client who owes too much."""
    firm = write_firm(tmp_path)
    Books(firm, [Owed("I1", "p1", 95)]).publish().close()
    definition = load_definitions(firm)["client_over_90"]
    with open_store(firm) as store, store.session() as session:
        move(
            session, [Finding(definition, "ledger:C1", "Calder", 900.0, high=0.0)], as_of=AS_OF, moment=MOMENT
        )
    return load_firm(tmp_path)


def opened(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.syspath_prepend(str(DASHBOARDS))
    monkeypatch.setenv("OPSLAYER_FIRM", str(firm.directory))
    streamlit.config.set_option("server.address", "127.0.0.1")
    app = AppTest.from_file(DASHBOARDS / "app.py", default_timeout=120)
    app.query_params["page"] = "alerts"
    app.run()
    app.switch_page("views/alerts.py").run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def test_an_alert_is_taken_on_and_silenced_by_name_with_a_reason(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(firm, monkeypatch)
    assert [metric.value for metric in app.metric][:2] == ["1", "0"]
    assert app.button(key=f"ack-{KEY}").disabled, "nobody has said who they are"
    app.selectbox(key="decider").set_value(TOMAS).run()
    app.text_input(key=f"comment-{KEY}").input("I call them")
    app.button(key=f"ack-{KEY}").click().run()
    with open_store(firm) as store:
        (alert,) = list_alerts(store)
    assert (alert.state, alert.acknowledged_by, alert.comment) == ("acknowledged", TOMAS, "I call them")

    app.button(key=f"silent-{KEY}").click().run()
    assert "say why" in app.toast[0].value
    app.text_input(key=f"why-{KEY}").input("agreed until then")
    app.date_input(key=f"until-{KEY}").set_value(date.today() + timedelta(days=3))  # noqa: DTZ011  the page's own day
    app.button(key=f"silent-{KEY}").click().run()
    app.button(key=f"lift-{KEY}").click().run()
    with open_store(firm) as store:
        moves = changes(store, KEY)
    assert moves["after"].to_list() == ["firing", "acknowledged", "silenced", "acknowledged"]
    assert moves["why"].to_list() == [None, "I call them", "agreed until then", "silence lifted"]
