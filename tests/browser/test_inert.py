"""What customers write is text on every page: no script of theirs runs, nothing of it asks the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import duckdb
import pytest
from playwright.sync_api import expect

from opslayer import actions
from opslayer.config import Firm
from opslayer.store import open_store
from opslayer.warehouse import current, open_layer
from tests.browser.viewer import Viewer, serving
from tests.pages import AS_OF

pytestmark = pytest.mark.browser
Look = Callable[..., Viewer]
CORPUS = (
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "<svg/onload=window.ran=1>",
    "</title></textarea></style><script>window.ran=1</script>",
    "\"'><iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "[a link](javascript:window.ran=1)",
    "[a link](https://outside.example/tells)",
    "![a picture](https://outside.example/tells.png)",
    "<style>@import url(https://outside.example/tells.css)</style>",
    "<a href=javascript:window.ran=1>a link</a>",
    "<form action=https://outside.example><input name=q autofocus onfocus=window.ran=1>",
    "{{7*7}}${7*7}<%= 7*7 %>",
    ":material/warning: :red[colour] **bold** `code` $x^2$",
    "| a | b |\n|---|---|\n# heading",
    "&lt;script&gt;window.ran=1&lt;/script&gt;&#x3c;img src=x onerror=window.ran=1&#x3e;",
    "\u202egnp.exe\u202c",
)
PAGES = (
    "cash",
    "delivery",
    "people",
    "inquiries",
    "revenue",
    "actions",
)  # that name clients, projects, mails
WRITTEN_BY_OTHERS = ("party_name", "client_name", "sender_name", "subject", "text", "body", "project_name")
MADE = (  # what a browser would have made of the corpus
    "iframe",
    "[onerror]",
    "[onload]",
    "[onfocus]",
    "a[href^='javascript']",
    "[src*='outside']",
    "a[href*='outside']",
)
NAMED = ("core.party", "core.project", "core.opportunity", "intelligence.project_forecast")


def poison(firm: Firm) -> None:
    """In the snapshot that is published, before each text that others write, one of CORPUS."""
    version = current(firm)
    assert version is not None
    with duckdb.connect(str(version.path)) as connection:
        columns = connection.execute(
            "select table_schema || '.' || table_name, column_name from information_schema.columns "
            "where data_type = 'VARCHAR' and table_schema <> 'quality'"
        ).fetchall()
        for table, column in columns:
            if column in WRITTEN_BY_OTHERS or (column == "name" and table in NAMED):
                connection.execute(
                    f"update {table} set {column} = list_extract($corpus, cast(1 + hash({column}) % "
                    f"{len(CORPUS)} as integer)) || ' ' || {column} where {column} is not null",
                    {"corpus": list(CORPUS)},
                )


@pytest.fixture
def poisoned(firm: Firm) -> Iterator[str]:
    poison(firm)
    for file in firm.var.glob("store.db*"):  # what was proposed on the names as they were
        file.unlink()
    with open_layer(firm) as layer, open_store(firm) as kept:
        made = actions.propose(firm, layer, kept, as_of=AS_OF, moment=datetime.now(UTC))
        assert any("<script>" in one.party_name for one in made)
    with serving(firm.directory) as url:
        yield url


def test_what_others_wrote_is_text_on_every_page(poisoned: str, look: Look) -> None:
    viewer = look(poisoned)
    page = viewer.page
    page.on("dialog", lambda dialog: viewer.complaints.append(f"dialog: {dialog.message}"))
    seen = 0
    for name in PAGES:
        viewer.open(name)
        if name == "actions":
            for waiting in page.locator("[data-testid=stExpander] summary").all()[:4]:
                waiting.click()
                viewer.settle()
        seen += page.get_by_text("window.ran=1").count()
        _is_inert(viewer, name)
    assert seen > 3, "none of the corpus was on any page: this proves nothing"


def _is_inert(viewer: Viewer, name: str) -> None:
    page = viewer.page
    assert page.evaluate("window.ran") is None, f"a script of theirs ran on {name}"
    assert page.locator(", ".join(MADE)).count() == 0, f"{name} made an element of what they wrote"
    expect(page.locator("h1")).to_have_count(1)
    assert viewer.complaints == [], name
