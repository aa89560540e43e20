"""No number on a page without its proof: each page is walked, and what it shows is drawn again and met."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import plotly.graph_objects as go
import polars as pl
import pytest
import streamlit.config
from streamlit.testing.v1 import AppTest

from opslayer import actions, figures, metrics, pages
from opslayer.config import Firm, load_firm
from opslayer.pages import Reading, Source
from opslayer.store import Store, open_store
from opslayer.warehouse import Layer, open_layer
from tests.pages import DASHBOARDS, PAGES, grown_once

NO_NUMBER_OF_ITS_OWN = re.compile(
    r"books as of"  # the heading, with the snapshot's name
    r"|in range|out of range|expected (at|between)|no range is set"  # of a metric, which is proved itself
    r"|rows; the table scrolls|more; name what they are about"
    r"|Eight chances in ten lie|in a rule's file asks for it"
)


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Firm:
    """A firm after its morning; not to be changed."""
    return load_firm(grown_once(tmp_path_factory.getbasetemp(), worker_id).directory)


@pytest.fixture
def layer(grown: Firm) -> Iterator[Layer]:
    with open_layer(grown) as opened:
        yield opened


@pytest.fixture
def store(grown: Firm) -> Iterator[Store]:
    with open_store(grown) as opened:
        yield opened


def opened(firm: Firm, page: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.syspath_prepend(str(DASHBOARDS))
    monkeypatch.setenv("OPSLAYER_FIRM", str(firm.directory))
    streamlit.config.set_option("server.address", "127.0.0.1")
    app = AppTest.from_file(DASHBOARDS / "app.py", default_timeout=120).run()
    if page != "today":
        app.switch_page(f"views/{page}.py").run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def drawn_again(read: Reading, page: pages.Page) -> list[pages.Drawn]:
    choices = next(iter(page.choices(read)), {})
    return [one.draw(read, **choices) for one in page.shows]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_nothing_that_its_list_does_not_know(
    name: str, grown: Firm, layer: Layer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = pages.PAGES[name]
    drawn = drawn_again(Reading(Source(grown, layer, store)), page)
    app = opened(grown, name, monkeypatch)
    measured = metrics.measure(
        layer, [one for one in metrics.load_metrics(grown) if one.name in page.metrics]
    )
    tiles = {(tile.title, tile.value) for one in drawn if isinstance(one, tuple) for tile in one}
    tiles |= {
        (one.metric.title, metrics.written(one.value, one.metric.unit, "EUR").removesuffix(" EUR"))
        for one in measured
    }
    assert {(one.label, one.value) for one in app.metric} == tiles
    tables = [_looks(one.frame, list(one.columns)) for one in drawn if isinstance(one, pages.Table)]
    for shown in app.dataframe:
        assert _looks(pl.from_pandas(shown.value), list(shown.value.columns)) in tables
    known = [json.loads(one.to_json() or "") for one in drawn if isinstance(one, go.Figure)]
    for element in app.get("plotly_chart"):
        assert json.loads(element.proto.spec) in known
    said = {one for one in drawn if isinstance(one, str)}
    for kind in (app.markdown, app.caption, app.info, app.warning, app.success, app.error):
        for element in kind:
            text = str(element.value)
            if re.search(r"\d", text) and text not in said and not NO_NUMBER_OF_ITS_OWN.search(text):
                pytest.fail(f"{name} says a number that lib/opslayer/pages/{name}.py does not know: {text}")


def _looks(frame: pl.DataFrame, columns: list[str]) -> tuple[tuple[str, ...], int, tuple[object, ...]]:
    """A table as compared: its columns, how many rows, and the texts of the first column that has any."""
    texts = [frame[column] for column in columns if frame.height and frame.schema[column] == pl.String]
    return tuple(columns), frame.height, tuple(texts[0]) if texts else ()


def test_every_view_is_in_the_list() -> None:
    views = {path.stem for path in (DASHBOARDS / "views").glob("*.py")}
    assert views == pages.PAGES.keys() == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_shows_is_drawn_again_and_met_by_another_way(
    name: str, grown: Firm, layer: Layer, store: Store
) -> None:
    for proof in pages.prove_page(grown, layer, store, pages.PAGES[name]):
        assert proof.why is None, f"{proof.name}: {proof.why}"
        assert proof.holds
        assert proof.asked or proof.name == "effects_note"
        assert all(origin.model and origin.model_version for origin in proof.origins)
        if any(table.startswith("marts.") for table in proof.tables):
            assert proof.contracts.height


def proofs(firm: Firm, layer: Layer, store: Store, page: str, name: str) -> pages.ShownProof:
    found = pages.prove_page(firm, layer, store, pages.PAGES[page])
    return next(proof for proof in found if proof.name == name)


def test_a_wrong_aggregation_is_named(
    grown: Firm, layer: Layer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, left_out = figures.aging, pl.col("bucket") == "current"
    without = pl.when(~left_out).then("open_base").otherwise(0).alias("open_base")
    monkeypatch.setattr(
        figures, "aging", lambda frame, **options: right(frame.with_columns(without), **options)
    )
    proof = proofs(grown, layer, store, "cash", "aging")
    assert not proof.holds
    assert "the buckets add up to what is open on each invoice: drawn" in (proof.why or "")


def test_what_the_page_drew_otherwise_is_named(grown: Firm, layer: Layer, store: Store) -> None:
    page, source = pages.PAGES["cash"], Source(grown, layer, store)
    drawn = page["headline"].draw(Reading(source))
    assert isinstance(drawn, str)
    proof = pages.prove(
        layer, source, page, page["headline"], {}, drawn=pages.fingerprint(drawn.replace("1", "2"))
    )
    assert proof.why == "drawn again, it is not what the page shows"


def test_predictions_name_their_model_their_run_and_the_snapshot_it_read(
    grown: Firm, layer: Layer, store: Store
) -> None:
    (origin,) = proofs(grown, layer, store, "cash", "cash_forecast").origins
    assert (origin.table, origin.model) == ("intelligence.cash_forecast", "payment_hazard")
    assert origin.made_from == "2026-11-16.001"


def behind(app: AppTest, key: str) -> str:
    app.session_state[f"behind-{key}"] = True
    app.run()
    return "\n".join(str(one.value) for one in app.markdown)


@pytest.mark.parametrize("shown", ["aging", "cash_forecast", "late_said-late"])
def test_behind_a_figure_its_page_says_how_it_came_about(
    shown: str, grown: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(grown, "cash", monkeypatch)
    said = behind(app.run(), f"cash-{shown}")  # what was kept of the first run is what is held against
    assert ":material/check: proved]" in said
    assert "not proved" not in said
    if shown == "aging":
        assert "The buckets add up to what is open on each invoice" in said
    assert "Contract rules on what it reads" in said


def test_behind_a_message_its_page_says_how_its_numbers_came_about(
    grown: Firm, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = next(one.id for one in actions.list_proposals(store) if one.kind == "reminder")
    app = opened(grown, "actions", monkeypatch)
    app.text_input(key="find").input(actions.show_proposal(store, number or 0).proposal.party_name).run()
    app.session_state[f"proposal-{number}"] = app.session_state[f"proof-{number}"] = True
    app.run()
    said = "\n".join(str(one.value) for one in app.markdown)
    assert ":material/check: proved] Drawn again word for word" in said
