"""The record holds, or what was changed is named: in the store, and in what is handed to an auditor."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import OKPKey
from sqlalchemy import text

from opslayer import actions, cli
from opslayer.config import Firm, load_firm
from opslayer.errors import ConfigurationError, GuardrailHeld, UsageError
from opslayer.store import Store, append, open_store
from tests.reminders import AS_OF, MOMENT, Books, Owed, write_firm

MAEVE = "maeve@harrow.example"
KEY = OKPKey.generate_key("Ed25519").as_pem(private=True).decode()
Recorded = tuple[Firm, Store]


@pytest.fixture
def recorded(store_url: str, tmp_path: Path) -> Iterator[Recorded]:
    """Two reminders proposed: one approved, one rejected."""
    firm = write_firm(tmp_path / "firm", store=store_url)
    with open_store(store_url) as store:
        with Books(firm, [Owed("1", "acme", 46), Owed("2", "beta", 20)]).publish() as layer:
            one, other = actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT)
            assert one.id is not None
            assert other.id is not None
            given_ = {"person": MAEVE, "moment": MOMENT, "layer": layer}
            actions.approve(firm, store, one.id, reason="long due", **given_)
            actions.reject(firm, store, other.id, reason="=HYPERLINK(1)", **given_)
        yield firm, store


@pytest.fixture
def signing(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    firm, store = recorded
    monkeypatch.setenv("TRAIL_KEY", KEY)
    path = firm.directory / "firm.toml"
    path.write_text(path.read_text() + '\n[trail]\nsigning_key = "env:TRAIL_KEY"\n')
    return load_firm(firm.directory), store


def change(store: Store, statement: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(statement))


def test_what_nobody_touched_holds(recorded: Recorded) -> None:
    assert actions.verify(recorded[1]).holds


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("update decision set verdict = 'approved' where id = 2", "decision 2 is not what event"),
        ("update decision set person = 'eve@harrow.example' where id = 1", "decision 1 is not what event"),
        ("update decision set reason = 'x' where id = 1", "decision 1 is not what event"),
        ("update proposal set amount = 1 where id = 1", "proposal 1 is not what was proposed"),
        ("update proposal set content = '{}' where id = 2", "proposal 2 is not what was proposed"),
        ("update proposal set state = 'sent' where id = 2", "proposal 2 is sent, and its last event says"),
    ],
)
def test_a_table_beside_the_trail_that_was_changed_is_named(
    recorded: Recorded, statement: str, why: str
) -> None:
    change(recorded[1], statement)
    outcome = actions.verify(recorded[1])
    assert not outcome.holds
    assert why in str(outcome.why)


def test_an_amount_lowered_below_the_limit_is_not_approved(recorded: Recorded) -> None:
    """Four eyes are asked for by amount: who lowers it in the store gains nothing."""
    firm, store = recorded
    change(store, "update proposal set amount = 1, state = 'proposed' where id = 2")
    with (
        Books(firm, [Owed("2", "beta", 20)]).publish() as layer,
        pytest.raises(GuardrailHeld, match="not what"),
    ):
        actions.approve(firm, store, 2, person=MAEVE, reason="yes", moment=MOMENT, layer=layer)


def test_no_cell_of_the_csv_is_a_formula(recorded: Recorded, tmp_path: Path) -> None:
    _, store = recorded
    with store.session() as session:
        for actor in ("=cmd|' /C calc'!A0", "+1", "-1", "@sum", "\t=1", "\r=1"):
            append(session, moment=MOMENT, actor=actor, event="tried")
    made = actions.export_csv(store, tmp_path / "trail.csv")
    with made.path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == made.events
    assert rows[-1]["hash"] == made.head
    assert [row["actor"] for row in rows[-6:]] == [
        "'=cmd|' /C calc'!A0", "'+1", "'-1", "'@sum", "'\t=1", "'\r=1",
    ]  # fmt: skip
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    [rejected] = [row for row in rows if row["event"] == "decision: rejected"]
    assert json.loads(rejected["detail"])["reason"] == "=HYPERLINK(1)"


def test_an_empty_trail_is_exported_too(store_url: str, tmp_path: Path) -> None:
    with open_store(store_url) as store:
        assert actions.export_csv(store, tmp_path / "trail.csv").events == 0


def test_a_signed_export_proves_itself(signing: Recorded, tmp_path: Path) -> None:
    firm, store = signing
    made = actions.export_signed(firm, store, tmp_path / "trail.json", moment=MOMENT)
    trail, key = actions.verify_export(made.path, key=made.key)
    assert (trail.holds, trail.events, trail.head) == (True, made.events, made.head)
    assert key == OKPKey.import_key(KEY).thumbprint()
    assert "PRIVATE" not in made.path.read_text()
    assert OKPKey.import_key(KEY).as_dict(private=True)["d"] not in made.path.read_text()
    with pytest.raises(UsageError, match="was signed by the key"):
        actions.verify_export(made.path, key="another")


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.pop(name)


@pytest.mark.parametrize(
    "forge",
    [
        lambda c: c["events"].pop(),
        lambda c: c["events"].pop(1),
        lambda c: c["events"].reverse(),
        lambda c: c["events"][2].update(actor="eve@harrow.example"),
        lambda c: c.update(firm="Another firm"),
        lambda c: c.update(count=c["count"] - 1),
        lambda c: c.update(signature=c["signature"][:-4] + "AAAA"),
        without("signature"),
        without("events"),
    ],
)
def test_a_forged_export_is_refused(
    signing: Recorded, tmp_path: Path, forge: Callable[[dict[str, Any]], None]
) -> None:
    firm, store = signing
    path = actions.export_signed(firm, store, tmp_path / "trail.json", moment=MOMENT).path
    content = json.loads(path.read_text())
    forge(content)
    path.write_text(json.dumps(content))
    assert refused(path)


def test_a_chain_made_anew_with_another_key_has_another_thumbprint(signing: Recorded, tmp_path: Path) -> None:
    firm, store = signing
    made = actions.export_signed(firm, store, tmp_path / "trail.json", moment=MOMENT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAIL_KEY", OKPKey.generate_key("Ed25519").as_pem(private=True).decode())
        forged = actions.export_signed(firm, store, tmp_path / "forged.json", moment=MOMENT)
    with pytest.raises(UsageError, match="was signed by the key"):
        actions.verify_export(forged.path, key=made.key)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_that_changes_what_it_says_is_found(
    signing: Recorded, tmp_path: Path, data: st.DataObject
) -> None:
    firm, store = signing
    path = tmp_path / "trail.json"
    if not path.exists():
        actions.export_signed(firm, store, path, moment=MOMENT)
    whole = path.read_text(encoding="utf-8")
    place = data.draw(st.integers(0, len(whole) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    changed = tmp_path / "changed.json"
    changed.write_text(whole[:place] + letter + whole[place + 1 :], encoding="utf-8", newline="")
    assert refused(changed) or json.loads(changed.read_text(encoding="utf-8")) == json.loads(whole)


def refused(path: Path) -> bool:
    try:
        return not actions.verify_export(path)[0].holds
    except UsageError:
        return True


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "is not set"),
        ("no key", "no private key"),
        (OKPKey.generate_key("Ed25519").as_pem(private=False).decode(), "no private Ed25519 key"),
        (OKPKey.generate_key("X25519").as_pem(private=True).decode(), "no private Ed25519 key"),
    ],
)
def test_a_key_that_is_none_is_said(
    signing: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None, said: str
) -> None:
    firm, store = signing
    monkeypatch.delenv("TRAIL_KEY") if value is None else monkeypatch.setenv("TRAIL_KEY", value)
    with pytest.raises(ConfigurationError, match=said) as caught:
        actions.export_signed(firm, store, tmp_path / "trail.json", moment=MOMENT)
    assert value is None or value not in str(caught.value)


def test_the_command_line_hands_it_over_and_checks_it(
    signing: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    firm, _ = signing
    openssl = ["openssl", "genpkey", "-algorithm", "ed25519"]
    made = subprocess.run(openssl, check=True, capture_output=True, text=True).stdout
    monkeypatch.setenv("TRAIL_KEY", made)
    file = tmp_path / "trail.json"

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["opslayer", "--firm", str(firm.directory), "actions", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), "".join(capsys.readouterr())

    assert run("export", str(file))[0] == 0
    code, said = run("verify", str(file))
    assert (code, "the chain holds" in said, "signed by the key" in said) == (0, True, True)
    file.write_text(file.read_text().replace("maeve", "moira", 1))
    code, said = run("verify", str(file))
    assert (code, "was changed" in said) == (1, True)
    assert run("export", str(tmp_path / "trail.txt"))[0] == 2
