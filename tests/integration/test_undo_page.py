"""The button that undoes what was sent, on the page, with a real mail before and after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit.config
from streamlit.testing.v1 import AppTest

from opslayer import actions
from opslayer.store import open_store
from tests.pages import DASHBOARDS
from tests.reminders import AS_OF, MOMENT, Books, Owed, received, serving, write_firm

MAEVE = "maeve@harrow.example"


@pytest.fixture(autouse=True)
def as_streamlit_runs_it(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(DASHBOARDS))
    streamlit.config.set_option("server.address", "localhost")
    yield
    streamlit.config.set_option("server.address", None)


def test_its_button_proposes_what_undoes_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path / "mail") as server:
        firm = write_firm(tmp_path / "firm", port=server.port)
        with Books(firm, [Owed("1", "acme", 16)]).publish() as layer, open_store(firm) as store:
            (one,) = actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT)
            number = one.id or 0
            actions.approve(firm, store, number, person=MAEVE, reason="y", moment=MOMENT, layer=layer)
            actions.dispatch(firm, store, layer=layer, moment=MOMENT)
            monkeypatch.setenv("OPSLAYER_FIRM", str(firm.directory))
            app = AppTest.from_file(DASHBOARDS / "app.py", default_timeout=60).run()
            app.switch_page("views/actions.py").run()
            assert not app.exception, [error.value for error in app.exception]
            assert app.button(key="undo-ask").disabled  # nobody said who they are
            app.selectbox(key="decider").set_value(MAEVE).run()
            app.text_input(key="undo-reason").input("It was for another client.")
            app.button(key="undo-ask").click().run()
            assert not app.exception, [error.value for error in app.exception]
            (made,) = actions.list_proposals(store, "proposed")
            assert made.kind == "compensation"
            assert f"number {made.id} is proposed" in str(
                [text.value for text in app.text]
            )  # not asked twice
            actions.approve(firm, store, made.id or 0, person=MAEVE, reason="y", moment=MOMENT, layer=layer)
            actions.dispatch(firm, store, layer=layer, moment=MOMENT)
    assert len(received(tmp_path / "mail", "acme@client.example")) == 2
