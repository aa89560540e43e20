"""Mail as a channel: a real server lets us in or does not, and later steps answer earlier ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from opslayer import cli
from opslayer.store import open_store
from tests.channels import approve_on, dispatch_on, write_follow_up
from tests.reminders import received, serving, write_firm


def test_a_later_step_answers_the_earlier_one(tmp_path: Path, store_url: str) -> None:
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port)
        write_follow_up(firm)
        for day in (1, 7):
            approve_on(firm, store, day)
            assert dispatch_on(firm, store, day) == ["sent"]
    first, second = sorted(
        received(tmp_path / "mail", "ada@harrow.example"), key=lambda mail: mail["Date"].datetime
    )
    assert first["In-Reply-To"] is None
    assert (second["In-Reply-To"], second["References"]) == (first["Message-ID"], first["Message-ID"])


def test_check_asks_the_server_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check() -> tuple[int, str]:
        monkeypatch.setattr(
            sys, "argv", ["opslayer", "--firm", str(tmp_path / "firm"), "channels", "check", "--json"]
        )
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), capsys.readouterr().out

    with serving(tmp_path / "mail") as server:
        write_firm(tmp_path / "firm", port=server.port)
        code, said = check()
        assert code == 0
        assert "let us in" in said
    code, said = check()
    assert code == 1
    assert "did not let us in" in said
    assert not list((tmp_path / "mail").glob("*@*"))
    assert not (tmp_path / "firm" / "var").exists()
