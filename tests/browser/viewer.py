"""A tab on the pages, and a server of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, Response

from opslayer import access
from opslayer.config import load_firm
from tests.dovecot import free_port
from tests.pages import DASHBOARDS

SIZES: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}


@dataclass
class Viewer:
    """One person's browser tab, and everything it complained of."""

    page: Page
    server: str
    complaints: list[str] = field(default_factory=list)

    def open(self, name: str = "") -> None:
        self.page.goto(f"{self.server}/{name}")
        self.page.wait_for_selector("h1")
        self.settle()

    def settle(self) -> None:
        """Until the page has run to its end and drawn its figures."""
        self.page.wait_for_function(
            "() => document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
        )
        self.page.wait_for_timeout(300)

    def metric(self, title: str) -> Locator:
        """The value under a title; `expect` waits for what it is to be."""
        found = self.page.locator("[data-testid=stMetric]").filter(has_text=title)
        return found.locator("[data-testid=stMetricValue]").first


def watch(viewer: Viewer) -> None:
    """Take down errors, failures, and every request that leaves this machine."""

    def told(message: Any) -> None:
        # the page looks for its server beside each of its addresses first, and is told 404
        if message.type == "error" and "/_stcore/" not in message.location.get("url", ""):
            viewer.complaints.append(f"console: {message.text}")

    def left(request: Request) -> None:
        if not request.url.startswith((viewer.server, "ws://127.0.0.1", "data:", "blob:")):
            viewer.complaints.append(f"asked the network for {request.url}")

    def answered(response: Response) -> None:
        if response.status >= 400 and "/_stcore/" not in response.url:
            viewer.complaints.append(f"{response.status} {response.url}")

    viewer.page.on("console", told)
    viewer.page.on("pageerror", lambda error: viewer.complaints.append(f"error: {error}"))
    viewer.page.on("request", left)
    viewer.page.on("response", answered)


@contextmanager
def serving(directory: Path, port: int | None = None) -> Iterator[str]:
    """`streamlit run dashboards/server.py` for one firm, as `opslayer up` starts it: its URL."""
    port, options = port or free_port(), access.server_options(load_firm(directory))
    log = (directory / "dashboards.log").open("w")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            str(DASHBOARDS / "server.py"),
            f"--server.port={port}",
            *options,
        ],
        env=os.environ | {"OPSLAYER_FIRM": str(directory)},
        stdout=log,
        stderr=log,
        cwd=directory,
    )
    prefix = next((option.partition("=")[2] for option in options if "baseUrlPath" in option), "")
    url = f"http://127.0.0.1:{port}/{prefix}".rstrip("/")
    try:
        _wait(f"{url}/_stcore/health", process, directory / "dashboards.log")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the pages did not start:\n{log.read_text()[-2000:]}")
