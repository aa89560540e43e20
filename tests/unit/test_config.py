"""firm.toml: every error names file, key, found, allowed and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from opslayer.config import load_firm, secret
from opslayer.errors import ConfigurationError

GOOD = """
[firm]
name = "Acme"
base_currency = "EUR"
time_zone = "Europe/Berlin"
[sources.ledger]
kind = "files"
mapping = "opslayer"
path = "data"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "firm.toml").write_text(text)
    return folder


def test_a_good_file_is_read(tmp_path: Path) -> None:
    firm = load_firm(write(tmp_path, GOOD))
    assert (firm.name, firm.base_currency, firm.zone.key) == ("Acme", "EUR", "Europe/Berlin")
    assert firm.var == tmp_path / "var"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "[firm]\n",
            "[firm]\nbase_curency = 'EUR'\n",
            ["at firm", "at key: base_curency", '"base_currency"'],
        ),
        ("[firm]\n", "[mial]\nhost = 'x'\n[firm]\n", ["at key: mial", 'nearest: "mail"']),
        ('"files"', '"fils"', ["at sources.ledger", "fils", "'files'", 'nearest: "files"']),
        ("path =", "pth =", ["at sources.ledger", "at key: pth", 'nearest: "path"']),
        ("Europe/Berlin", "Europe/Berln", ["at key: time_zone", "Europe/Berln", "nearest: Europe/Berlin"]),
        ('"EUR"', '"euro"', ["at key: base_currency", "'euro'", "ISO 4217"]),
        ('path = "data"', "", ["at sources.ledger", "at key: path", "got nothing"]),
        ('name = "Acme"', 'name = "Acme', ["is not TOML"]),
    ],
)
def test_an_error_names_key_found_allowed_nearest(
    tmp_path: Path, old: str, new: str, expected: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_firm(write(tmp_path, GOOD.replace(old, new, 1)))
    message = str(caught.value)
    assert str(tmp_path / "firm.toml") in message
    for part in expected:
        assert part in message
    assert caught.value.exit_code == 2


def test_a_missing_firm_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="opslayer init"):
        load_firm(tmp_path)


def test_a_password_in_the_file_is_refused(tmp_path: Path) -> None:
    mail = '[mail]\nsender = "a@b.example"\npassword = "hunter2"\n'
    with pytest.raises(ConfigurationError, match="never the password itself") as caught:
        load_firm(write(tmp_path, GOOD + mail))
    assert "hunter2" not in str(caught.value)


def test_a_secret_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSLAYER_TEST", "value")
    assert secret("env:OPSLAYER_TEST") == "value"
    with pytest.raises(ConfigurationError, match="env:NOT_SET"):
        secret("env:NOT_SET")


def test_the_firms_own_file_wins_over_the_shipped_one(tmp_path: Path) -> None:
    firm = load_firm(write(tmp_path, GOOD))
    (tmp_path / "scheduled").mkdir()
    own = tmp_path / "scheduled" / "morning.yaml"
    own.write_text("job: morning")
    assert firm.files("scheduled")["morning.yaml"] == own
