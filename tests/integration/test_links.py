"""Links in mails: whom they reach, that looking decides nothing, and that one decides once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from opslayer import actions
from opslayer.config import load_firm
from opslayer.errors import ConfigurationError
from tests.linked import SECRET, Desk, linked
from tests.reminders import received

MAEVE, TOMAS, INES = "maeve@harrow.example", "tomas@harrow.example", "ines@harrow.example"


@pytest.fixture
def desk(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("LINK_SECRET", SECRET)
    with linked(tmp_path, store_url) as made:
        made.propose()
        yield made


def post(desk: Desk, link: str, verdict: str = "approve", reason: str = "looked at it") -> httpx.Response:
    token = link.rpartition("/")[2]
    fields = {"token": token, "verdict": verdict, "reason": reason}
    return httpx.post(f"{desk.base}/decide", data=fields, timeout=30)


def test_a_scanner_decides_nothing_and_a_person_once(desk: Desk) -> None:
    desk.notify()
    link = desk.links(MAEVE)[1]
    for _ in range(20):
        page = httpx.get(link)
        assert page.status_code == 200
    assert httpx.head(link).status_code == 200
    assert httpx.get(link, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 200
    assert httpx.get(f"{desk.base}/decide", params={"token": link, "verdict": "approve"}).status_code == 405
    assert (desk.state(2), desk.decisions()) == ("proposed", [])
    assert "Maeve Harrow, may it be?" in page.text
    assert "INV-2" in page.text
    statement = httpx.get(f"{link}/0")
    assert statement.content == actions.show_proposal(desk.store, 2).pdf != b""
    assert statement.headers["content-disposition"].startswith("attachment; ")
    assert httpx.get(f"{link}/1").status_code == 404
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script" not in page.text + page.headers["content-security-policy"]
    assert "noindex" in page.headers["x-robots-tag"]

    assert post(desk, link).status_code == 200
    assert (desk.state(2), desk.decisions()) == ("approved", [(MAEVE, "decision: approved")])
    assert actions.verify(desk.store).holds
    for again in (post(desk, link), post(desk, link, "reject"), httpx.get(link)):
        assert again.status_code == 410
        assert "this link was used on 16 November 2026, 06:00" in again.text
    other = desk.links(TOMAS)[1]
    assert post(desk, other, "reject").status_code == 409
    assert "approved by now" in httpx.get(other).text
    assert (desk.state(2), len(desk.decisions())) == ("approved", 1)

    said = desk.log.read_text()
    assert said.count("GET /decide/[token]") >= 22
    told = repr([actions.show_proposal(desk.store, n).events for n in (1, 2)])
    for token in (link, other):
        assert token.rpartition("/")[2] not in said + told
    with desk.store.engine.begin() as connection:
        connection.execute(text("update decision_link set used_at = null"))
    assert "a link was used" in str(actions.verify(desk.store).why)


def test_what_does_not_decide_says_why_and_does_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.notify()
    first, second = desk.links(MAEVE)
    for link in (first[:-3], f"{desk.base}/decide/x.y.z", f"{first[:-60]}AAAA{first[-56:]}"):
        assert (httpx.get(link).status_code, post(desk, link).status_code) == (404, 404)
    assert post(desk, second, reason=" ").status_code == 400
    assert post(desk, second, "maybe").status_code == 400
    assert httpx.post(f"{desk.base}/decide", content=b"x" * 70_000).status_code == 413

    desk.books.broken = [("core.invoice", "number is unique", "block", "uniqueness")]
    with desk.books.publish(moment=desk.moment):
        held = post(desk, second)
    assert (held.status_code, "core.invoice is red" in held.text) == (409, True)
    desk.books.broken = []
    desk.books.publish(moment=desk.moment).close()

    actions.edit(desk.firm, desk.store, 1, subject="Other", person=TOMAS, reason="x", moment=desk.moment)
    changed = post(desk, first)
    assert (changed.status_code, "has changed since" in changed.text) == (409, True)
    desk.configure('roles = ["partner", "finance"]', 'roles = ["analyst"]')
    refused = post(desk, second)
    assert (refused.status_code, "may not decide this" in refused.text) == (403, True)
    desk.configure('name = "Maeve Harrow"\nemail = "maeve@harrow.example"\nroles = ["analyst"]',
                   'name = "Maeve Harrow"\nemail = "maeve@harrow.example"\nroles = ["partner"]')  # fmt: skip
    monkeypatch.setenv("LINK_SECRET", SECRET[::-1])
    assert post(desk, second).status_code == 404
    monkeypatch.setenv("LINK_SECRET", SECRET)
    desk.moment += timedelta(hours=72)
    late = post(desk, second)
    assert (late.status_code, "was good until 19 November 2026, 06:00" in late.text) == (410, True)
    assert (desk.state(1), desk.state(2), desk.decisions()) == ("proposed", "proposed", [])
    desk.moment -= timedelta(hours=1)
    assert post(desk, second).status_code == 200  # nothing of that used it up


def test_two_clicks_at_once_are_one_decision(desk: Desk) -> None:
    desk.notify()
    link = desk.links(MAEVE)[0]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: post(desk, link).status_code, range(6)))
    assert sorted(answers) == [200, 410, 410, 410, 410, 410]
    assert (desk.state(), desk.decisions()) == ("proposed", [(MAEVE, "decision: approved")])
    done = post(desk, desk.links(TOMAS)[0])
    assert (done.status_code, desk.state()) == (200, "approved")


def test_each_is_written_to_once_about_what_they_may_decide(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("LINK_SECRET", "short")
        with pytest.raises(ConfigurationError, match="has 5 characters, 32 are needed"):
            desk.notify()
    absence = (
        f'[[absences]]\nperson = "{TOMAS}"\ndeputy = "{INES}"\nfirst_on = 2026-11-16\nlast_on = 2026-11-16\n'
    )
    desk.configure("[approvals]", f"{absence}[approvals]")
    assert [(n.person, n.proposals, n.state) for n in desk.notify()] == [
        (MAEVE, 2, "mailed"), (INES, 2, "mailed")
    ]  # fmt: skip
    [mail] = received(desk.mail, INES)
    body = mail.get_body(("plain",))
    assert body is not None
    said = body.get_content()
    assert mail["Subject"] == "2 decisions wait for you, the largest over 30,000 EUR"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert said.index("30,000.00 EUR") < said.index("700.00 EUR")
    assert "For Tomas Vale, who is away." in said
    assert not received(desk.mail, "sent@harrow.example")  # nobody else is given the links
    assert desk.notify() == []
    actions.edit(desk.firm, desk.store, 2, subject="Other", person=MAEVE, reason="x", moment=desk.moment)
    assert [(n.person, n.proposals) for n in desk.notify()] == [(MAEVE, 1), (INES, 1)]
    desk.moment += timedelta(days=1)
    desk.books.over["beta"] = 90_000  # a guardrail holds it: nobody can decide that now
    assert [(n.person, n.proposals) for n in desk.notify()] == [(TOMAS, 1)]
    assert len(received(desk.mail, MAEVE)) == 2


def test_a_mail_that_did_not_leave_is_tried_again_with_the_same_links(desk: Desk) -> None:
    refuses = desk.server.handler.refuses
    refuses |= dict.fromkeys((MAEVE, TOMAS), "451 later")
    assert {n.state for n in desk.notify()} == {"waiting"}
    with desk.store.engine.connect() as connection:
        before = set(connection.execute(text("select nonce from decision_link")).scalars())
    desk.books.change("2", paid="700.00")
    desk.propose()  # what was paid waits no more: it is left out
    refuses.clear()
    with desk.store.engine.begin() as connection:  # as a process leaves it that dies while it sends
        connection.execute(
            text("update digest set claimed_until = :until"),
            {"until": f"{desk.moment + timedelta(minutes=1)}"},
        )
    assert desk.notify() == []
    desk.moment += timedelta(minutes=2)
    assert [(n.person, n.proposals) for n in desk.notify()] == [(MAEVE, 1), (TOMAS, 1)]
    assert httpx.get(desk.links(MAEVE)[0]).status_code == 200
    with desk.store.engine.connect() as connection:
        assert set(connection.execute(text("select nonce from decision_link")).scalars()) == before


def test_after_a_while_those_above_are_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINK_SECRET", SECRET)
    with linked(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as desk:
        shipped = Path(actions.__file__).parent / "rules" / "payment_reminder.yaml"
        late = "approval: {roles: [finance], escalate_days: 2, escalate_to: [analyst], expires_days: 5}"
        lines = [
            f"    {late}" if "approval: {" in line else line for line in shipped.read_text().splitlines()
        ]
        (desk.firm.directory / "rules").mkdir()
        (desk.firm.directory / "rules" / shipped.name).write_text("\n".join(lines))
        desk.propose()
        assert [n.person for n in desk.notify()] == [MAEVE, TOMAS]
        desk.moment += timedelta(days=2)
        assert [(n.person, n.proposals) for n in desk.notify()] == [(INES, 2)]
        assert post(desk, desk.links(INES)[0]).status_code == 200
        assert desk.state() == "approved"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('links = "http://127.0.0.1', 'links = "http://approve.example.com', "begins with"),
        ('secret = "env:LINK_SECRET"', f'secret = "{SECRET}"', "never the password itself"),
        ('secret = "env:LINK_SECRET"', 'secret = "env:LINK_SECRET"\nexpires_hours = 0', "expires_hours"),
    ],
)
def test_a_section_that_is_not_safe_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    section = '[approvals]\nlinks = "http://127.0.0.1:1"\nsecret = "env:LINK_SECRET"\n'
    source = '[sources.a]\nkind = "files"\nmapping = "xero"\npath = "."\n'
    head = '[firm]\nname = "T"\nbase_currency = "EUR"\n'
    (tmp_path / "firm.toml").write_text(head + source + section.replace(old, new))
    with pytest.raises(ConfigurationError, match=why) as error:
        load_firm(tmp_path)
    assert SECRET not in str(error.value)
