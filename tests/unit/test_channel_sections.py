"""[channels.NAME] in firm.toml: every error names key, allowed and nearest; no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from opslayer.config import load_firm
from opslayer.errors import ConfigurationError
from tests.reminders import write_firm

GOOD = {
    "webhook": {"kind": '"webhook"', "url": '"https://crm.example/in"', "secret": '"env:HOOK"'},
    "folder": {"kind": '"folder"', "path": '"in"', "format": '"csv"'},
    "apprise": {"kind": '"apprise"', "url": '"env:ROOM"'},
    "calendar": {"kind": '"calendar"', "minutes": "30"},
    "sql": {
        "kind": '"sql"',
        "url": '"env:CRM"',
        "statement": '"set_stage"',
        "table": '"deal"',
        "key": '"deal_id"',
    },
}


def read(folder: Path, of: str, **more: str) -> None:
    write_firm(folder)
    text = "\n".join(f"{key} = {value}" for key, value in (GOOD[of] | more).items())
    path = folder / "firm.toml"
    path.write_text(f"{path.read_text()}[channels.crm]\n{text}\n")
    load_firm(folder)


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_section_is_read(tmp_path: Path, kind: str) -> None:
    read(tmp_path, kind)


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("webhook", {"kind": '"webhok"'}, 'nearest: "webhook"'),
        ("webhook", {"secret": '"whsec_abc"'}, "at key: secret"),
        ("webhook", {"url": '"http://localhost/in"'}, "https, or a host that `allowed_hosts` names"),
        ("webhook", {"status_url": '"https://a.example/"'}, "a URL with {key} in it"),
        ("folder", {"format": '"xlsx"'}, "'json' or 'csv'"),
        ("sql", {"url": '"postgresql://u:whsec_abc@h/d"'}, "at key: url"),
        ("sql", {"statement": '"../x"'}, "at key: statement"),
        ("apprise", {"url": '"json://whsec_abc@h"'}, "at key: url"),
        ("calendar", {"minutes": "0"}, "at key: minutes"),
        ("webhook", {"timeout": "3"}, 'nearest: "timeout_seconds"'),
    ],
)
def test_what_cannot_be_is_named(tmp_path: Path, kind: str, more: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, kind, **more)
    assert said in str(caught.value)
    assert "firm.toml" in str(caught.value)
    assert "whsec_abc" not in str(caught.value)
