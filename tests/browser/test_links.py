"""A link in a mail, in a real browser without scripts: it shows, and one press decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.linked import SECRET, linked

MAEVE = "maeve@harrow.example"


@pytest.mark.browser
def test_a_person_decides_without_scripts(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINK_SECRET", SECRET)
    with linked(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as desk:
        desk.propose()
        desk.notify()
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(desk.links(MAEVE)[1])
        assert (
            page.locator("main").evaluate("e => getComputedStyle(e).maxWidth") == "704px"
        )  # its style holds
        page.get_by_role("button", name="Approve").click()
        assert "/decide/" in page.url  # a reason is asked for first
        page.get_by_label("Reason").fill("due for weeks")
        page.get_by_role("button", name="Approve").click()
        assert page.get_by_role("heading").inner_text() == "Approved"
        assert page.url == f"{desk.base}/decide"
        assert (desk.state(2), complaints) == ("approved", [])
        context.close()
