"""A server of the pages, and a Chromium to look at them with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from opslayer.config import Firm, load_firm
from tests.browser.viewer import SIZES, Viewer, serving, watch
from tests.pages import grown_once

expect.set_options(timeout=30_000)  # a busy machine starts a page in seconds
ARGUMENTS = (
    "--no-sandbox",  # the tests run as root in a container
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")  # its event loop must not outlive the tests that need it
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("no Chromium is installed; `make test` installs Debian's `chromium`")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Firm:
    """A firm after its morning, this worker's: not to be changed, but its server writes a log."""
    made = grown_once(tmp_path_factory.getbasetemp(), worker_id)
    return load_firm(shutil.copytree(made.directory, tmp_path_factory.mktemp("served") / "firm"))


@pytest.fixture(scope="session")
def server(grown: Firm) -> Iterator[str]:
    with serving(grown.directory) as url:
        yield url


@pytest.fixture
def firm(grown: Firm, tmp_path: Path) -> Firm:
    """The firm after its morning, the test's own."""
    shutil.copytree(grown.directory, tmp_path / "firm")
    return load_firm(tmp_path / "firm")


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., Viewer]]:
    """Opens a tab on a server, at one of SIZES."""
    contexts = []

    def opened(server: str, size: str = "light") -> Viewer:
        context = browser.new_context(**SIZES[size])
        context.set_default_timeout(30_000)
        contexts.append(context)
        viewer = Viewer(context.new_page(), server)
        watch(viewer)
        return viewer

    yield opened
    for context in contexts:
        context.close()
