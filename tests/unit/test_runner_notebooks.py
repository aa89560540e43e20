"""Parameters: declared, checked, typed; and what is redacted. No kernel is needed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from opslayer.config import load_firm
from opslayer.errors import UsageError
from opslayer.runner.notebooks import bound_parameters, declared_parameters, find_notebook
from opslayer.runner.redaction import known_secrets, redacted

FIRM = """
[firm]
name = "Test"
base_currency = "EUR"
[sources.ledger]
kind = "sql"
mapping = "xero"
url = "env:LEDGER_URL"
[mail]
sender = "a@example.com"
password = "env:MAIL_PASSWORD"
"""
CELL = """\
firm = "."
as_of = "2026-11-16"
limit: int = 10
share = 0.5
quiet = False
clients = ["a"]
note = None
"""
NOTEBOOK = new_notebook(
    cells=[new_code_cell(CELL, metadata={"tags": ["parameters"]}), new_code_cell("x = 1")]
)
CONTEXT = {"firm": "/books", "as_of": "2026-11-16"}


def bind(**given: Any) -> dict[str, Any]:
    return bound_parameters("reports/weekly", NOTEBOOK, given, CONTEXT)


def test_parameters_are_read_from_the_tagged_cell() -> None:
    assert declared_parameters(NOTEBOOK) == {
        "firm": ".",
        "as_of": "2026-11-16",
        "limit": 10,
        "share": 0.5,
        "quiet": False,
        "clients": ["a"],
        "note": None,
    }
    assert declared_parameters(new_notebook(cells=[new_code_cell("x = 1")])) == {}


def test_a_notebook_gets_of_the_context_only_what_it_declares() -> None:
    only_day = new_notebook(cells=[new_code_cell('as_of = ""', metadata={"tags": ["parameters"]})])
    assert bound_parameters("n", only_day, {}, CONTEXT) == {"as_of": "2026-11-16"}
    assert bind() == CONTEXT


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"limit": "25"}, 25),
        ({"share": "0.25"}, 0.25),
        ({"quiet": "true"}, True),
        ({"as_of": date(2021, 1, 15)}, "2021-01-15"),
        ({"note": Decimal("1.10")}, "1.10"),
        ({"note": Path("a/b")}, "a/b"),
        ({"note": "text"}, "text"),
        ({"clients": ["b", "c"]}, ["b", "c"]),
    ],
)
def test_values_take_the_type_of_the_default(given: dict[str, Any], expected: object) -> None:
    (name,) = given
    bound = bind(**given)[name]
    assert bound == expected
    assert type(bound) is type(expected)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"limti": 5}, 'did you mean "limit"'),
        ({"limit": "ten"}, 'limit takes a int, like 10; got "ten"'),
        ({"limit": "2.5"}, 'got "2.5"'),
        ({"limit": "inf"}, 'got "inf"'),
        ({"quiet": "maybe"}, 'got "maybe"'),
        ({"note": object()}, "cannot be a object"),
    ],
)
def test_a_wrong_parameter_is_an_error_not_a_warning(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        bind(**given)
    assert raised.value.exit_code == 2


def test_the_firms_own_notebook_wins_and_a_typo_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "firm.toml").write_text(FIRM)
    own = tmp_path / "notebooks" / "reports" / "board.ipynb"
    own.parent.mkdir(parents=True)
    own.write_text("{}")
    firm = load_firm(tmp_path)
    assert find_notebook(firm, "reports/board") == own
    with pytest.raises(UsageError, match='did you mean "reports/board"'):
        find_notebook(firm, "reports/bord")


def test_secrets_are_found_in_every_way_of_writing_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "firm.toml").write_text(FIRM)
    monkeypatch.setenv("LEDGER_URL", "postgresql://reader:p%40ss-word@db/ledger")
    monkeypatch.setenv("MAIL_PASSWORD", 'quo"te & <more>')
    secrets = known_secrets(load_firm(tmp_path))
    shown = {
        "plain": "connecting to postgresql://reader:p%40ss-word@db/ledger now",
        "password alone": ["authentication of p%40ss-word failed"],
        "json": '{"password": "quo\\"te & <more>"}',
        "html": "<b>quo&quot;te &amp; &lt;more&gt;</b>",
        "harmless": "ledger, reader, 42",
    }
    clean, found = redacted(shown, secrets)
    assert found == {"env:LEDGER_URL", "env:MAIL_PASSWORD"}
    assert clean == {
        "plain": "connecting to [env:LEDGER_URL] now",
        "password alone": ["authentication of [env:LEDGER_URL] failed"],
        "json": '{"password": "[env:MAIL_PASSWORD]"}',
        "html": "<b>[env:MAIL_PASSWORD]</b>",
        "harmless": "ledger, reader, 42",
    }


def test_a_secret_that_is_not_set_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "firm.toml").write_text(FIRM)
    monkeypatch.delenv("LEDGER_URL", raising=False)
    monkeypatch.delenv("MAIL_PASSWORD", raising=False)
    assert known_secrets(load_firm(tmp_path)) == {}
