"""The door, as people meet it: a real provider signs them in, nginx stands before the pages, under a path."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Response, expect
from sqlalchemy import select

from opslayer.access import MATRIX, PAGES
from opslayer.config import ROLES, Firm, Role, load_firm
from opslayer.store import AuditEvent, Decision, open_store
from tests.browser.viewer import Viewer, serving
from tests.dovecot import free_port
from tests.provider import CLIENT, CLIENT_SECRET, Provider, credentials, providing
from tests.proxy import proxying

pytestmark = pytest.mark.browser
Look = Callable[..., Viewer]
COOKIE_SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
PEOPLE = {role: f"{role}@seven.example" for role in ROLES} | {"stranger": "stranger@elsewhere.example"}


@dataclass
class House:
    """A firm behind its door; `address` is where people reach it."""

    firm: Firm
    address: str
    provider: Provider

    def enter(self, look: Look, name: str) -> Viewer:
        """Sign in as one of PEOPLE, in a browser of their own."""
        viewer = look(self.address)
        page = viewer.page
        page.goto(f"{self.address}/")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/login.html?**")
        # the form of the provider's page does this, and then goes on to where it was asked from
        signed = page.context.request.post(f"{self.provider.url}/api/auth/", data=credentials(name))
        assert signed.ok
        asked = parse_qs(urlsplit(page.url).query)["callback_url"][0]
        page.goto(f"{asked}&g_continue")
        page.wait_for_url(f"{self.address}/**")
        viewer.complaints.clear()  # the provider's page is no page of ours
        return viewer

    def denials(self) -> list[tuple[str, str]]:
        with open_store(self.firm) as store, store.reading() as session:
            found = session.scalars(select(AuditEvent).where(AuditEvent.event == "access denied"))
            return [(one.actor, one.detail["what"]) for one in found]


@pytest.fixture(scope="module")
def house(grown: Firm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("door")
    directory = Path(shutil.copytree(grown.directory, folder / "firm"))
    inner, outer = free_port(), free_port()
    address = f"http://127.0.0.1:{outer}/ops"
    with (
        pytest.MonkeyPatch.context() as patch,
        providing(folder / "provider", PEOPLE, address=address) as provider,
    ):
        patch.setenv("PAGES_CLIENT_SECRET", CLIENT_SECRET)
        patch.setenv("PAGES_COOKIE_SECRET", COOKIE_SECRET)
        toml = directory / "firm.toml"
        toml.write_text(f"{toml.read_text()}\n{_people()}\n{_access(provider, address)}")
        with serving(directory, inner), proxying(folder / "nginx", port=outer, to=inner):
            yield House(load_firm(directory), address, provider)


def _people() -> str:
    lines = []
    for role in ROLES:
        lines += [
            "[[people]]",
            f'name = "{role.title()}"',
            f'email = "{role}@seven.example"',
            f'roles = ["{role}"]',
        ]
        lines += ['practices = ["Implementation"]'] if role == "manager" else []
    return "\n".join(lines)


def _access(provider: Provider, address: str) -> str:
    return f"""
[access.login]
provider = "{provider.discovery}"
client_id = "{CLIENT}"
client_secret = "env:PAGES_CLIENT_SECRET"
cookie_secret = "env:PAGES_COOKIE_SECRET"
address = "{address}"
scope = "openid"
"""


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_pages_and_no_other(role: Role, house: House, look: Look) -> None:
    viewer = house.enter(look, role)
    page, mine = viewer.page, MATRIX[role].pages
    first = next(name for name in PAGES if name in mine)
    expect(page.locator("h1")).to_have_text(titled(first))
    expect(page.get_by_text(f"Signed in as {role.title()}").first).to_be_visible()
    for name in PAGES:
        page.goto(f"{house.address}/{'' if name == first else name}")
        if name in mine:
            expect(page.locator("h1")).to_have_text(titled(name))
            expect(page.get_by_text("may not open the page")).to_have_count(0)
        else:
            expect(page.get_by_text(f"may not open the page {titled(name)}.")).to_be_visible()
            expect(page.locator("h1, [data-testid=stMetric], [data-testid=stDataFrame]")).to_have_count(0)
    denied = {what for who, what in house.denials() if who == f"{role}@seven.example"}
    assert denied == {f"page {name}" for name in PAGES if name not in mine}
    assert viewer.complaints == []


def titled(name: str) -> str:
    return name.replace("_", " ").capitalize()


def test_before_the_door_there_is_nothing_to_see_and_no_secret_behind_it(house: House, look: Look) -> None:
    viewer = look(house.address)
    bodies: list[bytes] = []
    viewer.page.on("response", lambda answer: _keep(answer, bodies))
    viewer.page.goto(f"{house.address}/cash")
    expect(viewer.page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(viewer.page.locator("[data-testid=stMetric], [data-testid=stDataFrame]")).to_have_count(0)
    viewer.page.close()
    viewer = house.enter(look, "viewer")
    viewer.page.on("response", lambda answer: _keep(answer, bodies))
    viewer.page.goto(f"{house.address}/delivery")
    expect(viewer.page.locator("h1")).to_have_text("Delivery")
    bodies.append(viewer.page.content().encode())
    assert len(bodies) > 10
    for secret in (CLIENT_SECRET, COOKIE_SECRET, "PAGES_CLIENT_SECRET", house.firm.store.url):
        assert not any(secret.encode() in body for body in bodies), secret
    for cookie in viewer.page.context.cookies(house.address):
        if cookie["name"].startswith("_streamlit_user"):
            assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Lax")
            assert cookie["path"] == "/ops"


def _keep(answer: Response, bodies: list[bytes]) -> None:
    if answer.ok and urlsplit(answer.url).path.startswith("/ops"):
        bodies.append(answer.body())


def test_who_is_no_person_of_the_firm_stays_outside(house: House, look: Look) -> None:
    page = house.enter(look, "stranger").page
    expect(page.get_by_text("is not among the people of")).to_be_visible()
    expect(page.locator("[data-testid=stMetric], [data-testid=stDataFrame], h1")).to_have_count(0)
    assert ("stranger@elsewhere.example", "sign-in") in house.denials()


def test_what_ends_while_a_page_is_open_decides_nothing_more(house: House, look: Look) -> None:
    viewer = house.enter(look, "finance")
    page = viewer.page
    page.goto(f"{house.address}/actions")
    page.locator("[data-testid=stExpander] summary").filter(has_text="after due").last.click()
    page.get_by_placeholder("kept with the decision").fill("They promised.")
    toml = house.firm.directory / "firm.toml"
    before = toml.read_text()
    mail = 'email = "finance@seven.example"\n'
    toml.write_text(before.replace(mail, f"{mail}until = 2026-01-01T00:00:00Z\n"))
    try:
        page.get_by_role("button", name="Approve", exact=True).click()
        expect(page.get_by_text("Your sign-in has expired.").first).to_be_visible()
        expect(page.locator("[data-testid=stMetric], [data-testid=stExpander]")).to_have_count(0)
    finally:
        toml.write_text(before)
    with open_store(house.firm) as store, store.reading() as session:
        assert session.scalars(select(Decision)).all() == []
    assert ("finance@seven.example", "sign-in") in house.denials()


def test_the_headers_of_every_answer_hold_the_page_in_its_place(house: House, look: Look) -> None:
    page: Page = look(house.address).page
    for path in ("/", "/_stcore/health", "/no/such/page"):
        headers = page.request.get(f"{house.address}{path}").headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "nginx/" not in headers["server"]
    page.goto(f"{house.address}/")
    framed = page.evaluate("fetch('https://example.invalid/').then(() => 'reached', error => String(error))")
    assert framed.startswith("TypeError")  # connect-src keeps whatever runs in the page from telling others
