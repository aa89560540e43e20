"""From a number to its rows: two ways to it, which meet, or the proof says that they do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opslayer.metrics import Metric, prove
from opslayer.warehouse import Layer, open_layer
from tests.reminders import AS_OF, MOMENT, write_firm
from tests.snapshots import version

TABLES = """
create schema marts; create schema quality;
create table marts.cash_position (
    as_of date, account_id varchar, account_name varchar, balance_base decimal(18, 2));
create table marts.cash_daily (day date, balance_base decimal(18, 2));
insert into marts.cash_position values ($as_of, 'a', 'Current', 700.10), ($as_of, 'b', 'Deposit', 300.20);
create table quality.results (
    as_of date, table_name varchar, rule varchar, dimension varchar, severity varchar, passed boolean,
    rows_checked bigint, rows_failed bigint);
insert into quality.results values
    ($as_of, 'marts.cash_position', 'account_id is unique', 'uniqueness', 'block', true, 2, 0),
    ($as_of, 'marts.cash_daily', 'day is complete', 'completeness', 'warn', false, 0, 0),
    ($as_of, 'core.invoice', 'number is unique', 'uniqueness', 'block', false, 9, 1);
"""
CASH: dict[str, Any] = {
    "name": "cash", "title": "Cash", "unit": "currency", "better": "higher", "owner": "Finance",
    "description": "", "query": "metric_cash", "rows": "cash_position", "of_rows": "sum(balance_base)",
}  # fmt: skip


@pytest.fixture
def layer(tmp_path: Path) -> Iterator[Layer]:
    firm = write_firm(tmp_path)
    with version(firm, as_of=AS_OF, moment=MOMENT) as connection:
        for statement in TABLES.strip().rstrip(";").split(";"):
            connection.execute(statement, {"as_of": AS_OF} if "$as_of" in statement else None)
    with open_layer(firm) as opened:
        yield opened


def test_it_names_rows_snapshot_and_what_the_contracts_say_of_its_tables(layer: Layer) -> None:
    proof = prove(layer, Metric(**CASH))
    assert (proof.holds, proof.value.value, proof.recomputed, proof.rows) == (True, 1000.30, 1000.30, 2)
    assert proof.snapshot == layer.version.name
    assert proof.tables == ("marts.cash_daily", "marts.cash_position")
    assert proof.contracts["table_name"].to_list() == ["marts.cash_daily", "marts.cash_position"]
    assert proof.red == 1


@pytest.mark.parametrize("of_rows", ["sum(balance_base) + 0.01", "max(balance_base)", "null"])
def test_two_ways_that_do_not_meet_prove_nothing(layer: Layer, of_rows: str) -> None:
    assert not prove(layer, Metric(**CASH | {"of_rows": of_rows})).holds


def test_what_cannot_be_computed_says_why(layer: Layer) -> None:
    proof = prove(layer, Metric(**CASH | {"of_rows": "sum(balance)"}))
    assert not proof.holds
    assert "balance" in (proof.failure or "")


def test_where_nothing_is_measured_nothing_is_recomputed(layer: Layer) -> None:
    nothing = {
        "query": "select null::double as value, null::double as previous",
        "rows": "select 1 where false",
    }
    assert prove(layer, Metric(**CASH | nothing | {"of_rows": "count(*)"})).holds
    assert not prove(layer, Metric(**CASH | nothing | {"of_rows": "count(*) + 1"})).holds
