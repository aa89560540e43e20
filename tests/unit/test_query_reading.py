"""A query of a rule reads published tables: everything else is refused by name, with line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from opslayer.errors import ConfigurationError
from opslayer.warehouse import check_reading, open_layer
from opslayer.warehouse.layer import QUERIES
from tests.reminders import Books, Owed, write_firm

NONE_OF_RULES = {"published_tables", "staged_rows", "staged_schemas"}  # they ask which tables there are


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("insert into core.party select 1", "expected a SELECT; got INSERT"),
        ("copy core.party to 'out.csv'", "expected a SELECT; got COPY"),
        ("copy (select 1) to 'out.csv'", "expected a SELECT; got COPY"),
        ("attach 'x.db' as x", "expected a SELECT; got ATTACH"),
        ("install httpfs", "got INSTALL"),
        ("pragma database_list", "got PRAGMA"),
        ("set memory_limit = '1GB'", "got SET"),
        ("call pragma_version()", "expected a SELECT"),
        ("drop table core.party", "got DROP"),
        ("select 1; drop table core.party", "expected one query; got 2"),
        ("select 1 into x", "only reads; got INTO"),
        ("with x as (delete from core.party returning *) select * from x", "only reads; got DELETE"),
        ("select * from read_csv('/etc/passwd')", "got the function read_csv"),
        ("select * from '/etc/passwd.csv'", "expected a table of core"),
        ('with "a.csv" as (select 1) select * from "a.csv"', "expected a table of core"),
        ("select * from core.party where exists (from parquet_scan('x'))", "got the function parquet_scan"),
        ("select * from glob('*')", "got the function glob"),
        ("select * from query('drop table core.party')", "got the function query"),
        ("select * from duckdb_settings()", "got the function duckdb_settings"),
        ("select read_text('/etc/passwd')", "got read_text()"),
        ("select system.main.read_blob('/etc/passwd')", "got read_blob()"),
        ("select '/etc/passwd'.read_text()", "got read_text()"),
        ("select current_setting('home_directory')", "got current_setting()"),
        ("select getvariable('x')", "got getvariable()"),
        ("select getenv('HOME')", "no function named getenv"),
        ("select now()", "got now()"),
        ("select current_timestamp", "got current_timestamp()"),
        ("select random()", "is the same when run again"),
        ("select stfrtime(due_on, '%d') from core.invoice", 'nearest: "st'),
        ("select * from cor.party", 'nearest: "core.party"'),
        ("select * from staging.party", "expected a table of core"),
        ("select * from information_schema.tables", "expected a table of core"),
        ("select * from other.core.party", "expected a table of core"),
        ("select (", "is not SQL"),
        ("", "expected one query; got 0"),
    ],
)
def test_it_is_refused(sql: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_reading(sql, Path("who.sql"))
    assert said in str(caught.value)
    assert str(caught.value).startswith("who.sql:1:")


def test_the_place_is_that_of_the_name() -> None:
    with pytest.raises(ConfigurationError, match=r"who.sql:3:6\n"):
        check_reading("select *\n-- a comment\nfrom cor.party", Path("who.sql"))


@pytest.mark.parametrize("path", sorted(QUERIES.glob("*.sql")), ids=lambda path: path.stem)
def test_shipped_queries_only_read(path: Path) -> None:
    if path.stem in NONE_OF_RULES:
        with pytest.raises(ConfigurationError):
            check_reading(path.read_text(), path)
    else:
        check_reading(path.read_text(), path)


def test_a_firms_own_query_is_found_and_refused_where_it_writes(tmp_path: Path) -> None:
    firm = write_firm(tmp_path)
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "mine.sql").write_text("select count(*) as n from core.invoice")
    (tmp_path / "queries" / "theirs.sql").write_text(f"copy core.invoice to '{tmp_path}/out.csv'")
    with Books(firm, [Owed("1", "acme", 1)]).publish() as published:
        published.close()
    with open_layer(firm) as layer:
        assert layer.query("mine").item() == 1
        with pytest.raises(ConfigurationError, match="got COPY"):
            layer.query("theirs")
    assert not (tmp_path / "out.csv").exists()
