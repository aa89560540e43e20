"""The pages in a real browser: whole, quiet, live, and safe to click."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from opslayer import metrics, modelops
from opslayer.config import Firm
from opslayer.store import Decision, open_store
from opslayer.warehouse import open_layer
from tests.browser.viewer import SIZES, Viewer, serving
from tests.pages import PAGES, book_cash, publish_books

pytestmark = pytest.mark.browser
Look = Callable[..., Viewer]
FIGURES = {
    "today": 0,
    "briefing": 0,
    "alerts": 0,
    "documents": 1,
    "cash": 5,
    "results": 4,
    "delivery": 1,
    "revenue": 3,
    "people": 3,
    "staffing": 3,
    "inquiries": 2,
    "what_if": 2,
    "actions": 0,
    "rules": 1,
    "models": 0,
    "data_health": 0,
    "runs": 0,
}


@pytest.fixture
def own_server(firm: Firm) -> Iterator[str]:
    with serving(firm.directory) as url:
        yield url


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole(name: str, size: str, server: str, look: Look) -> None:
    viewer = look(server, size)
    viewer.open("" if name == "today" else name)
    page = viewer.page
    expect(page.locator("h1")).to_have_text(name.replace("_", " ").capitalize())
    expect(page.locator(".js-plotly-plot")).to_have_count(FIGURES[name])
    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
    wide = "el => el.scrollWidth - el.clientWidth"
    assert page.locator("html").evaluate(wide) == 0, "nothing scrolls sideways"
    assert page.locator("[data-testid=stMain]").evaluate(wide) == 0
    for box in page.locator(
        "[data-testid=stPlotlyChart], [data-testid=stDataFrame], [data-testid=stMetric]"
    ).all():
        bounds = box.bounding_box()
        assert bounds is not None
        assert bounds["x"] >= 0
        assert bounds["x"] + bounds["width"] <= page.viewport_size["width"] + 1  # type: ignore[index]
    background = page.locator("[data-testid=stApp]").evaluate("el => getComputedStyle(el).backgroundColor")
    shade = sum(int(part) for part in re.findall(r"\d+", background)[:3]) / 3
    assert shade < 60 if size == "dark" else shade > 220
    assert viewer.complaints == []


def test_figures_take_the_dark_theme(server: str, look: Look) -> None:
    colours = {}
    for size in ("light", "dark"):
        viewer = look(server, size)
        viewer.open("cash")
        title = viewer.page.locator(".js-plotly-plot .gtitle").first
        expect(title).to_be_visible()
        colours[size] = title.evaluate("el => getComputedStyle(el).fill")
    assert colours == {"light": "rgb(27, 36, 48)", "dark": "rgb(228, 233, 239)"}


def test_a_number_opens_to_its_rows_and_query(server: str, look: Look) -> None:
    viewer = look(server)
    viewer.open("cash")
    viewer.page.get_by_role("button", name="as of 16 Nov 2026").nth(4).click()
    behind = viewer.page.locator("[data-testid=stPopoverBody]")
    expect(behind).to_contain_text("Share overdue. Receivables past due over all receivables.")
    expect(behind.locator("code").first).to_contain_text("from marts.aging")
    expect(behind.locator("[data-testid=stDataFrame]")).to_be_visible()
    assert viewer.complaints == []


def test_a_new_snapshot_appears_while_somebody_types(firm: Firm, own_server: str, look: Look) -> None:
    viewer = look(own_server)
    viewer.open("cash")
    page = viewer.page
    before = viewer.metric("Cash").inner_text()
    page.evaluate("window.sameTab = true")
    page.get_by_role("button", name="as of 16 Nov 2026").nth(4).click()
    expect(page.locator("[data-testid=stPopoverBody]")).to_be_visible()
    page.keyboard.press("Escape")
    client = page.get_by_placeholder("Any client")
    client.fill("foods")
    client.press("Enter")
    viewer.settle()
    client.press_sequentially(" and mo")  # typed, and not entered yet

    book_cash(firm, 7_000_000)
    version = publish_books(firm)

    expect(page.get_by_text(version.name).first).to_be_visible()
    with open_layer(firm) as layer:
        [value] = metrics.measure(layer, [m for m in metrics.load_metrics(firm) if m.name == "cash"])
    after = metrics.written(value.value, "currency", "EUR").removesuffix(" EUR")
    assert after != before
    expect(viewer.metric("Cash")).to_have_text(after)
    expect(client).to_have_value("foods and mo")
    expect(client).to_be_focused()
    assert page.evaluate("window.sameTab"), "the tab was not loaded again"
    assert viewer.complaints == []


def test_two_quick_clicks_are_one_request_to_teach_a_model_and_the_page_says_so(
    firm: Firm, own_server: str, look: Look
) -> None:
    viewer = look(own_server)
    viewer.open("models")
    page = viewer.page
    for name, typed in (("Question", "Which leads are won"), ("You decide as", "Maeve Harrow")):
        page.get_by_role("combobox", name=name).click()
        page.keyboard.type(typed)
        page.get_by_role("option").filter(has_text=typed).first.wait_for()
        page.keyboard.press("Enter")
        viewer.settle()
    page.get_by_placeholder("kept in the record").fill("new quarter")
    page.get_by_role("button", name="Retrain").dblclick(delay=20)
    expect(page.get_by_text("Maeve Harrow asked on")).to_contain_text("new quarter")
    with open_store(firm) as store:
        assert modelops.requests(store, "lead_score")["asked_by"].to_list() == ["maeve@harrowvale.example"]
    assert viewer.complaints == []


def test_two_quick_clicks_are_one_decision_and_others_see_it(firm: Firm, own_server: str, look: Look) -> None:
    viewer, other = look(own_server), look(own_server)
    viewer.open("actions")
    other.open("actions")
    page = viewer.page
    waiting = int(viewer.metric("Waiting").inner_text())
    page.get_by_role("combobox").first.click()
    page.get_by_role("option").filter(has_text="Maeve Harrow").click()
    viewer.settle()
    page.locator("[data-testid=stExpander] summary").filter(has_text="after due").last.click()
    with page.expect_download() as download:
        page.get_by_role("button", name=".pdf").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    page.get_by_placeholder("kept with the decision").fill("They promised to pay on Friday.")
    page.get_by_role("button", name="Approve").dblclick(delay=20)
    expect(page.get_by_text("Approved: ").first).to_be_visible()
    viewer.settle()

    with open_store(firm) as store, store.session() as session:
        decided = [(d.verdict, d.person, d.reason) for d in session.scalars(select(Decision))]
    assert decided == [("approved", "maeve@harrowvale.example", "They promised to pay on Friday.")]
    expect(viewer.metric("Waiting")).to_have_text(str(waiting - 1))
    assert page.get_by_text("nothing to approve").count() == 0
    expect(other.page.get_by_text("Approved, not sent yet").last).to_be_visible()
    expect(other.metric("Waiting")).to_have_text(str(waiting - 1))
    assert viewer.complaints == []
    assert other.complaints == []


def test_the_first_snapshot_fills_the_page_by_itself(firm: Firm, own_server: str, look: Look) -> None:
    pointer = firm.var / "warehouse" / "current.json"
    content = pointer.read_bytes()
    pointer.unlink()
    viewer = look(own_server)
    viewer.page.goto(own_server)
    expect(viewer.page.get_by_text("No snapshot is published yet.")).to_be_visible()
    pointer.write_bytes(content)
    expect(viewer.page.locator("h1")).to_have_text("Today")
    assert viewer.complaints == []
