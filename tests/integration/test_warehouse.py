"""Build, audit, publish, read: on a small demo firm, through the public verbs."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from opslayer import warehouse
from opslayer.config import Firm, load_firm
from opslayer.errors import BuildError, ContractBroken, RefreshInProgress, UsageError
from opslayer.intelligence import cash
from opslayer.warehouse import files
from tests.shared import AS_OF, MOMENT, small_firm


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    return small_firm(tmp_path_factory, worker_id)


@pytest.fixture
def firm(published: Path, tmp_path: Path) -> Firm:
    shutil.copytree(published, tmp_path / "firm")
    return load_firm(tmp_path / "firm")


def again(firm: Firm, count: int = 1) -> warehouse.Version:
    """Publish the same books once more, without an audit each time: the results of the first are copied."""
    base = warehouse.current(firm)
    assert base is not None
    version = base
    for number in range(1, count + 1):
        shutil.copyfile(version.path, files.staged(firm))
        version = warehouse.publish(firm, as_of=AS_OF, moment=MOMENT + timedelta(minutes=number))
    return version


def content(path: Path) -> dict[str, str]:
    """A digest of every table's rows, whatever their order."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where schema_name in ('staging', 'core', 'marts')"
        ).fetchall()
        return {
            f"{schema}.{name}": str(
                connection.execute(
                    f"select count(*), sum(hash(t)::hugeint) from {schema}.{name} t"
                ).fetchall()
            )
            for schema, name in tables
        }


def test_the_same_books_give_the_same_tables(firm: Firm) -> None:
    first = warehouse.current(firm)
    assert first is not None
    warehouse.build(firm, as_of=AS_OF)
    assert content(files.staged(firm)) == content(first.path)


def test_the_verbs_one_by_one(firm: Firm) -> None:
    first = warehouse.current(firm)
    assert first is not None
    with pytest.raises(BuildError, match="nothing is staged"):
        warehouse.publish(firm, as_of=AS_OF, moment=MOMENT)
    built = warehouse.build(firm, as_of=AS_OF)
    assert {model.name for model in built.models} == set(warehouse.load_models())
    with pytest.raises(UsageError, match="not audited"):
        warehouse.publish(firm, as_of=AS_OF, moment=MOMENT)
    report = warehouse.audit(firm, as_of=AS_OF)
    assert not report.blocking
    version = warehouse.publish(firm, as_of=AS_OF, moment=MOMENT + timedelta(hours=1))
    assert version.name == "2026-11-16.002"
    assert warehouse.current(firm) == version
    assert version.rows == first.rows
    assert (firm.var / "docs" / version.name / "index.html").exists()


def test_nothing_only_the_build_needs_is_published(firm: Firm) -> None:
    version = warehouse.current(firm)
    assert version is not None
    with duckdb.connect(str(version.path), read_only=True) as connection:
        schemas = {
            row[0]
            for row in connection.execute("select distinct schema_name from duckdb_tables()").fetchall()
        }
        views = connection.execute("select count(*) from duckdb_views() where not internal").fetchall()
    assert schemas == {"staging", "core", "marts", "intelligence", "quality"}
    assert views == [(0,)]


def test_a_reader_keeps_its_version_until_it_asks_again(firm: Firm) -> None:
    with warehouse.open_layer(firm) as before:
        again(firm, firm.warehouse.keep_versions + 2)  # the reader's own file is pruned meanwhile
        assert not before.version.path.exists()
        assert (
            before.query("select count(*) as n from core.invoice")["n"].item()
            == before.version.rows["invoice"]
        )
        with warehouse.open_layer(firm) as after:
            assert after.version != before.version


def test_the_last_versions_are_kept_and_one_can_go_back(firm: Firm) -> None:
    last = again(firm, 9)
    kept = warehouse.versions(firm)
    assert len(kept) == firm.warehouse.keep_versions
    assert kept[-1] == last == warehouse.current(firm)
    back = warehouse.rollback(firm, kept[0].name)
    assert warehouse.current(firm) == back
    again(firm)
    assert back in [*warehouse.versions(firm), back]
    with pytest.raises(UsageError, match="no version named"):
        warehouse.rollback(firm, "2026-11-16.999")


def test_a_day_of_many_outputs_leaves_the_days_before(firm: Firm) -> None:
    first = warehouse.current(firm)
    assert first is not None
    for day in range(1, 3):
        shutil.copyfile(first.path, files.staged(firm))
        as_of, moment = AS_OF + timedelta(days=day), MOMENT + timedelta(days=day)
        version = warehouse.publish(firm, as_of=as_of, moment=moment)
    for number in range(1, 10):
        shutil.copyfile(version.path, files.staged(firm))
        version = warehouse.publish(firm, as_of=as_of, moment=moment + timedelta(minutes=number))
    kept = [version.name for version in warehouse.versions(firm)]
    assert kept[:2] == [first.name, "2026-11-17.001"]
    assert kept[2:] == [f"2026-11-18.{number:03d}" for number in range(4, 11)]


def test_the_current_version_is_never_pruned(firm: Firm) -> None:
    again(firm, firm.warehouse.keep_versions - 1)
    oldest = warehouse.versions(firm)[0]
    warehouse.rollback(firm, oldest.name)
    again(firm)
    with warehouse.open_layer(firm, warehouse.versions(firm)[-1].name) as layer:
        assert layer.query("select count(*) as n from core.party")["n"].item()


def test_a_red_blocking_contract_is_not_published(firm: Firm) -> None:
    before = warehouse.current(firm)
    warehouse.build(firm, as_of=AS_OF)
    with duckdb.connect(str(files.staged(firm))) as connection:
        connection.execute("update marts.receivables_reconciliation set difference = 1000").fetchall()
    report = warehouse.audit(firm, as_of=AS_OF)
    assert [result.rule for result in report.blocking] == ["aging ties to the receivables account"]
    with pytest.raises(ContractBroken, match="aging ties to the receivables account") as caught:
        warehouse.publish(firm, as_of=AS_OF, moment=MOMENT)
    assert caught.value.exit_code == 3
    assert warehouse.current(firm) == before


def test_two_writers_do_not_meet(firm: Firm) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with files.writer(firm):
            held.set()
            release.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    try:
        with pytest.raises(RefreshInProgress, match="is writing the warehouse"):
            warehouse.build(firm, as_of=AS_OF)
        with warehouse.open_layer(firm) as layer:  # readers never wait
            assert layer.query("open_items").height
    finally:
        release.set()
        thread.join()


def test_outputs_are_published_under_contract_and_stay(firm: Firm) -> None:
    with warehouse.open_layer(firm) as layer:
        tables = cash.run(layer, as_of=AS_OF)
        open_invoices = layer.query("open_items").filter(pl.col("open_amount") > 0).height
    version = warehouse.save_outputs(firm, tables, as_of=AS_OF, moment=MOMENT + timedelta(hours=1))
    with warehouse.open_layer(firm) as layer:
        assert layer.version == version
        assert layer.query("payment_forecast").height == open_invoices
        assert layer.query("cash_forecast").height == 13
    warehouse.build(firm, as_of=AS_OF)  # a build from scratch has them too
    with duckdb.connect(str(files.staged(firm)), read_only=True) as connection:
        counted = connection.execute("select count(*) from intelligence.cash_forecast").fetchall()
    assert counted == [(13,)]


def test_outputs_of_an_older_contract_are_no_obstacle(firm: Firm) -> None:
    """A table that the published snapshot has not, and rows that landed before a column was asked for."""
    with warehouse.open_layer(firm) as layer:
        tables = cash.run(layer, as_of=AS_OF)
    base = warehouse.current(firm)
    assert base is not None
    with duckdb.connect(str(base.path)) as connection:
        connection.execute("drop table intelligence.cash_backtest")
    warehouse.save_outputs(firm, tables, as_of=AS_OF, moment=MOMENT + timedelta(hours=1))
    [landed] = (firm.var / "raw" / "intelligence" / "cash_backtest").rglob("*.parquet")
    pl.read_parquet(landed).drop("model_version").write_parquet(landed)
    warehouse.build(firm, as_of=AS_OF)
    with duckdb.connect(str(files.staged(firm)), read_only=True) as connection:
        counted = connection.execute(
            "select count(*), count(model_version) from intelligence.cash_backtest"
        ).fetchall()
    assert counted == [(len(tables["cash_backtest"]), 0)]


def test_outputs_that_break_their_contract_leave_no_trace(firm: Firm) -> None:
    before = warehouse.current(firm)
    with warehouse.open_layer(firm) as layer:
        tables = cash.run(layer, as_of=AS_OF)
    broken = {
        "payment_forecast": tables["payment_forecast"].with_columns(
            lower_95=pl.col("upper_95") + pl.duration(days=9)
        )
    }
    with pytest.raises(ContractBroken, match="intervals are nested"):
        warehouse.save_outputs(firm, broken, as_of=AS_OF, moment=MOMENT)
    assert warehouse.current(firm) == before
    assert not (firm.var / "raw" / "intelligence").exists()
    with pytest.raises(UsageError, match="cash_forcast"):
        warehouse.save_outputs(firm, {"cash_forcast": tables["cash_forecast"]}, as_of=AS_OF, moment=MOMENT)
    with pytest.raises(UsageError, match="expected the columns"):
        warehouse.save_outputs(
            firm, {"cash_forecast": tables["cash_forecast"].drop("week")}, as_of=AS_OF, moment=MOMENT
        )
    with pytest.raises(UsageError, match="as of 2026-11-16"):
        warehouse.save_outputs(firm, tables, as_of=AS_OF - timedelta(days=1), moment=MOMENT)


def test_a_query_is_bound_and_named(firm: Firm) -> None:
    with warehouse.open_layer(firm) as layer:
        assert layer.query("select $as_of as day, $n as n", n=3).row(0) == (AS_OF, 3)
        assert "marts.open_item" in layer.sql("open_items")
        with pytest.raises(UsageError, match='did you mean "open_items"'):
            layer.query("open_item")
        with pytest.raises(UsageError, match="does not run"):
            layer.query("select * from core.invoce")
        with pytest.raises(UsageError, match="does not run"):
            layer.query("delete from core.invoice")  # read-only


def test_before_the_first_publish(firm: Firm, tmp_path: Path) -> None:
    shutil.rmtree(firm.var)
    assert warehouse.current(firm) is None
    assert warehouse.versions(firm) == []
    with pytest.raises(UsageError, match="opslayer refresh"):
        warehouse.open_layer(firm)
    with pytest.raises(BuildError, match="never landed"):
        warehouse.build(firm, as_of=AS_OF)


def test_fewer_versions_can_be_kept(firm: Firm) -> None:
    few = firm.model_copy(update={"warehouse": firm.warehouse.model_copy(update={"keep_versions": 2})})
    again(few, 4)
    assert len(warehouse.versions(few)) == 2
    assert replace(warehouse.versions(few)[-1]) == warehouse.current(few)
