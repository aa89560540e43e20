"""A named statement is one UPDATE of the allowed table, by its key, from what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from opslayer.actions.channels.statement import read_statement
from opslayer.errors import ConfigurationError

GOOD = "update deal set stage = :stage where deal_id = :deal_id and stage = :stage_before"


def test_what_it_sets_and_by_what(tmp_path: Path) -> None:
    path = tmp_path / "set_stage.sql"
    path.write_text(f"-- the stage of a deal\n{GOOD};\n")
    read = read_statement(path, table="deal", key="deal_id")
    assert (read.columns, read.parameters) == (("stage",), ("deal_id", "stage", "stage_before"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("delete from deal where deal_id = :deal_id", "one UPDATE and nothing else"),
        ("drop table deal", "one UPDATE and nothing else"),
        (f"{GOOD}; {GOOD}", "2 statements"),
        ("", "0 statements"),
        (GOOD.replace("update deal", "update person"), "the allowed table deal"),
        (GOOD.replace("update deal", "update crm.deal"), "the allowed table deal"),
        ("update deal set stage = :stage", "no where"),
        ("update deal set stage = :stage where deal_id = :deal_id", "stage = :stage_before"),
        ("update deal set stage = :stage where stage = :stage_before", "deal_id = :deal_id"),
        (GOOD.replace(" and ", " or "), "column = :parameter"),
        (GOOD.replace("= :stage where", "= 'won' where"), "column = :parameter"),
        (GOOD.replace("= :stage where", "= :deal_id where"), "stage = :stage"),
        (GOOD.replace("deal_id = :deal_id", "1 = 1"), "column = :parameter"),
        (f"{GOOD} and deal_id in (select deal_id from deal)", "a query within"),
        (f"{GOOD} returning *", "returning"),
        (f"with x as (select 1) {GOOD}", "set and where alone"),
        ("update deal set stage = :stage from person where deal_id = :deal_id", "from"),
        ("update deal set where deal_id = :deal_id", "expected where"),
        ("update deal set stage = (", "cannot be read"),
    ],
)
def test_anything_else_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "set_stage.sql"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_statement(path, table="deal", key="deal_id")
    assert said in str(caught.value)
    assert "set_stage.sql" in str(caught.value)


def test_a_statement_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such statement"):
        read_statement(tmp_path / "none.sql", table="deal", key="deal_id")
