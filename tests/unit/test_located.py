"""Errors of YAML point at file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from opslayer.actions import load_rules
from opslayer.config import PROJECT, Firm
from opslayer.errors import ConfigurationError
from opslayer.located import read_located
from tests.reminders import write_firm

SHIPPED = PROJECT / "lib" / "opslayer" / "actions" / "rules" / "overrun_escalation.yaml"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return write_firm(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("kind: message", "kind: mesage", "mesage", "nearest: \"message\""),
        ("daily_cap: 15", "daily_cap: -1", "-1", "greater than or equal to 1"),
        ("daily_cap: 15", "dayly_cap: 15", "dayly_cap", 'nearest: "daily_cap"'),
        ("query: overruns_to_escalate", "query: overuns_to_escalate", "overuns_to", 'nearest: "overruns'),
        ("jobs: [monday]", "jobs: [munday]", "munday", 'nearest: "monday"'),
        ("template: overrun_escalation", "template: overun_escalation", "overun_", 'nearest: "overrun_escal'),
        ("to: owner", "to: ben@client.example", "ben@", "an address stands in the party's"),
        ("type: percent", "type: procent", "procent", 'nearest: "percent"'),
        ("from_amount: 25000", "as_of: 25000", "{as_of", "is bound already"),
        ("expires_days: 5", "expires_days: soon", "soon", "got 'soon'"),
        ("again_after_days: 14", "again_after_days: 0", "0 ", "greater than or equal to 1"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_rule_is_found_where_it_stands(
    firm: Firm, old: str, new: str, at: str, said: str
) -> None:
    text = SHIPPED.read_text()
    assert text.count(old) == 1
    path = firm.directory / "rules" / SHIPPED.name
    path.parent.mkdir()
    path.write_text(text.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load_rules(firm)
    message = str(caught.value)
    place, _, _ = message.partition("\n")
    file, line, column = place.rsplit(":", 2)
    assert file == str(path)
    assert path.read_text().splitlines()[int(line) - 1][int(column) - 1 :].startswith(at)
    assert said in message


def test_what_is_missing_is_shown_by_what_should_hold_it(firm: Firm) -> None:
    path = firm.directory / "rules" / SHIPPED.name
    path.parent.mkdir()
    path.write_text(SHIPPED.read_text().replace("  query: overruns_to_escalate\n", ""))
    with pytest.raises(ConfigurationError, match="expected a value; got nothing") as caught:
        load_rules(firm)
    line = path.read_text().splitlines().index("who:") + 1
    assert str(caught.value).startswith(f"{path}:{line + 1}:3\n  at who\n  at key: query")


def test_every_finding_has_its_own_place(tmp_path: Path) -> None:
    firm = write_firm(tmp_path)
    path = firm.directory / "rules" / SHIPPED.name
    path.parent.mkdir()
    path.write_text(
        SHIPPED.read_text().replace("daily_cap: 15", "daily_cap: -1").replace("to: owner", "too: x")
    )
    with pytest.raises(ConfigurationError) as caught:
        load_rules(firm)
    lines = [line.rsplit(":", 2)[1] for line in str(caught.value).splitlines() if line.startswith(str(path))]
    texts = path.read_text().splitlines()
    words = sorted(texts[int(line) - 1].split()[0] for line in lines)
    assert words == ["daily_cap:", "too:", "too:"]  # the cap, the unknown key, and where `to` is missing


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "a: 1\nb:\n  c: 1\n  c: 2\n",
            ":4:3\n  at key: c\n    expected each key once; it stands on line 3 too",
        ),
        ("a: [1\n", "is not YAML"),
        ("a: !!python/object/apply:os.system [ls]\n", "is not YAML"),
        ("a: 2026-13-45\n", "is not YAML"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_located(path)
    assert said in str(caught.value)


def test_an_alias_to_itself_ends(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("a: &x\n  b: *x\n  c: [1, *x]\n")
    read = read_located(path)
    assert read.at("a", "c", 0).endswith(":3:7")
