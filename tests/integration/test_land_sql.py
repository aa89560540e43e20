"""A real PostgreSQL by ADBC, and a SQLite file by SQLAlchemy's stream of rows."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from opslayer.config import Firm
from opslayer.errors import ConfigurationError, SchemaDrift, SourceUnavailable, UnreadableSource
from opslayer.sources import DriftPolicy, land, plan_land, raw_tables, read_manifest
from tests.landing import AS_OF, MOMENT, firm_with, landed, visible

INVOICE = {"invoice": {"key": ["id"], "cursor": "changed"}}


@pytest.fixture
def books(postgres_database: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A table of two invoices in a schema of its own, changed at six."""
    with psycopg.connect(postgres_database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("create schema acc")
        connection.execute(
            "create table acc.invoice (id bigint primary key, total numeric(30, 10), changed timestamptz)"
        )
        connection.execute("insert into acc.invoice values (1, 0.1, '2026-11-16 06:00+00')")
        connection.execute("insert into acc.invoice values (2, null, '2026-11-16 06:00+00')")
        yield connection


@pytest.fixture
def firm(books: object, postgres_database: str, tmp_path: Path) -> Firm:
    return firm_with(tmp_path, f'kind = "sql"\nurl = "{postgres_database}"\ndb_schema = "acc"\n', INVOICE)


def sqlite_firm(folder: Path, *statements: str, tables: dict[str, object] | None = None) -> Firm:
    with closing(sqlite3.connect(folder / "books.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return firm_with(folder, 'kind = "sql"\nurl = "sqlite:///books.db"\n', tables or INVOICE)


@pytest.mark.postgres
class TestPostgres:
    def test_only_what_changed_is_added(
        self, firm: Firm, books: psycopg.Connection[tuple[object, ...]]
    ) -> None:
        first = landed(firm)
        assert (first.mode, first.rows_new, first.rows_total) == ("replace", 2, 2)
        assert plan_land(firm)[0].mode == "append"
        again = landed(firm, hours=1)
        assert (again.rows_new, again.rows_total, again.load_id) == (0, 2, first.load_id)
        books.execute("insert into acc.invoice values (3, 3, '2026-11-16 06:30+00')")
        books.execute("update acc.invoice set total = 7, changed = '2026-11-16 06:40+00' where id = 1")
        third = landed(firm, hours=2)
        assert (third.mode, third.rows_new, third.rows_total) == ("append", 2, 4)
        assert visible(firm, "id, total") == [(1, "7.0000000000"), (2, None), (3, "3.0000000000")]

    def test_a_row_committed_late_is_found(
        self, firm: Firm, books: psycopg.Connection[tuple[object, ...]], postgres_database: str
    ) -> None:
        with psycopg.connect(postgres_database.replace("+psycopg", "")) as slow:
            slow.execute("insert into acc.invoice values (3, 3, '2026-11-16 05:59:30+00')")  # not committed
            landed(firm)
            assert len(visible(firm)) == 2
            slow.commit()
        assert landed(firm, hours=1).rows_new == 1
        assert len(visible(firm)) == 3

    def test_rows_of_the_cursors_own_second_are_not_lost(
        self,
        firm: Firm,
        books: psycopg.Connection[tuple[object, ...]],
        tmp_path: Path,
        postgres_database: str,
    ) -> None:
        source = f'kind = "sql"\nurl = "{postgres_database}"\ndb_schema = "acc"\nlag = 0\n'
        strict = firm_with(tmp_path, source, INVOICE)
        landed(strict)
        books.execute("insert into acc.invoice values (3, 3, '2026-11-16 06:00+00')")
        assert landed(strict, hours=1).rows_new == 1

    def test_a_row_whose_cursor_is_not_set_is_read(
        self, firm: Firm, books: psycopg.Connection[tuple[object, ...]]
    ) -> None:
        landed(firm)
        books.execute("insert into acc.invoice values (3, 3, null)")
        assert landed(firm, hours=1).rows_new == 1
        assert landed(firm, hours=2).rows_new == 0

    def test_a_date_in_2099_hides_nothing_that_changes_after(
        self, firm: Firm, books: psycopg.Connection[tuple[object, ...]]
    ) -> None:
        books.execute("insert into acc.invoice values (3, 3, '2099-01-01')")
        landed(firm)
        books.execute("insert into acc.invoice values (4, 4, '2026-11-16 06:30+00')")
        landed(firm, hours=1)
        assert [row[0] for row in visible(firm)] == [1, 2, 3, 4]

    def test_a_full_refresh_finds_hard_deletes(
        self, firm: Firm, books: psycopg.Connection[tuple[object, ...]]
    ) -> None:
        landed(firm)
        books.execute("delete from acc.invoice where id = 1")
        assert landed(firm, hours=1).rows_deleted == 0  # a cursor cannot see it
        one = landed(firm, hours=2, full=True)
        assert (one.mode, one.rows_deleted, one.rows_total) == ("replace", 1, 1)
        books.execute("insert into acc.invoice values (1, 9, '2026-11-16 08:30+00')")
        landed(firm, hours=3)
        assert visible(firm, "id") == [(1,), (2,)]  # a key that comes back is there again

    def test_every_type_lands_whole(
        self, books: psycopg.Connection[tuple[object, ...]], postgres_database: str, tmp_path: Path
    ) -> None:
        books.execute(
            """create table acc.wide (id int, n numeric, d date, t timestamp, j jsonb, b bool, u uuid,
               a int[], f float8, r real, by bytea, i interval, c char(3), m money, "Odd ""name" text)"""
        )
        books.execute(
            """insert into acc.wide values (1, 12345678901234567890.123456789, '2021-01-15',
               '2021-01-15 10:30', '{"a": 1.10}', true, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
               '{1,2}', 0.1, 1.5, 'abc', '1 day', 'EUR', '12.50', ''),
               (2, 'NaN', 'infinity', '-infinity', null, null, null, null, null, null, null,
               null, null, null, null)"""
        )
        source = f'kind = "sql"\nurl = "{postgres_database}"\ndb_schema = "acc"\n'
        firm = firm_with(tmp_path, source, {"invoice": {"key": ["id"]}, "wide": {"key": ["id"]}})
        landed(firm)
        columns = raw_tables(firm)[1].columns
        assert (columns["n"], columns["d"], columns["t"]) == ("VARCHAR", "DATE", "TIMESTAMP")
        selected = 'n, d::varchar, t::varchar, j, b, u, a, f, r, "by", i, trim(c), m, "Odd ""name"'
        assert visible(firm, selected, table="wide") == [
            (
                "12345678901234567890.123456789", "2021-01-15", "2021-01-15 10:30:00", '{"a": 1.10}', True,
                "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{1,2}", 0.1, 1.5, "\\x616263", "1 day", "EUR",
                "12.50", "",
            ),
            ("NaN", "infinity", "-infinity", *[None] * 11),
        ]  # fmt: skip

    def test_a_new_column_reads_the_table_whole_so_that_no_row_is_left_unfilled(
        self, firm: Firm, books: psycopg.Connection[tuple[object, ...]]
    ) -> None:
        landed(firm)
        books.execute("alter table acc.invoice add mood text default 'fine'")
        one = landed(firm, hours=1)
        assert (one.columns_added, one.mode) == (("mood",), "replace")
        assert visible(firm, "id, mood") == [(1, "fine"), (2, "fine")]

    def test_a_type_change_is_named(self, firm: Firm, books: psycopg.Connection[tuple[object, ...]]) -> None:
        books.execute("alter table acc.invoice add n int default 3")
        landed(firm)
        books.execute("alter table acc.invoice alter n type text")
        with pytest.raises(SchemaDrift, match="type of n: INTEGER -> VARCHAR"):
            landed(firm, hours=1, policy=DriftPolicy(policy="freeze"))
        one = landed(firm, hours=1)
        assert one.columns_retyped == {"n": "INTEGER -> VARCHAR"}
        assert visible(firm, "n") == [("3",), ("3",)]

    def test_discard_drops_a_column_with_a_count(
        self, firm: Firm, books: psycopg.Connection[tuple[object, ...]]
    ) -> None:
        landed(firm)
        books.execute("alter table acc.invoice add mood text default 'fine'")
        books.execute("insert into acc.invoice values (3, 3, '2026-11-16 06:30+00', 'good')")
        policy = DriftPolicy(policy="discard", columns=("id", "total", "changed"))
        one = landed(firm, hours=1, policy=policy)
        assert (one.columns_discarded, one.mode, one.rows_new) == ({"mood": 3}, "append", 1)
        assert "mood" not in raw_tables(firm)[0].columns

    def test_all_tables_are_of_one_moment(
        self, books: psycopg.Connection[tuple[object, ...]], postgres_database: str, tmp_path: Path
    ) -> None:
        """A line committed between two tables has no invoice here yet: it waits for the next landing."""
        books.execute("create table acc.line (id int, invoice_id int)")
        source = f'kind = "sql"\nurl = "{postgres_database}"\ndb_schema = "acc"\n'
        firm = firm_with(tmp_path, source, {"invoice": {"key": ["id"]}, "line": {"key": ["id"]}})

        def between(said: str) -> None:
            if said == "ledger.line":
                books.execute("insert into acc.line values (1, 99)")

        land(firm, as_of=AS_OF, moment=MOMENT, progress=between)
        assert visible(firm, table="line") == []

    def test_a_table_or_cursor_that_is_not_there_names_the_nearest(
        self, books: psycopg.Connection[tuple[object, ...]], postgres_database: str, tmp_path: Path
    ) -> None:
        source = f'kind = "sql"\nurl = "{postgres_database}"\ndb_schema = "acc"\n'
        with pytest.raises(UnreadableSource, match=r'ledger: invoices: .*nearest: "invoice"'):
            landed(firm_with(tmp_path, source, {"invoices": {"key": ["id"]}}))
        with pytest.raises(UnreadableSource, match=r'ledger: invoice: .*nearest: "changed"'):
            landed(firm_with(tmp_path, source, {"invoice": {"key": ["id"], "cursor": "change"}}))

    def test_a_database_that_is_down_or_dies_leaves_the_last_landing(
        self, firm: Firm, books: psycopg.Connection[tuple[object, ...]], tmp_path: Path
    ) -> None:
        landed(firm)
        books.execute("create view acc.boom as select 1 / (id - 1) as id from acc.invoice")
        text = (tmp_path / "mappings/books.yaml").read_text()
        (tmp_path / "mappings/books.yaml").write_text(
            text.replace('"invoice": {', '"boom": {"key": ["id"]}, "invoice": {', 1)
        )
        with pytest.raises(
            SourceUnavailable, match=r"ledger: boom: the database broke off: .*division by zero"
        ):
            landed(firm, hours=1)
        gone = firm_with(tmp_path, 'kind = "sql"\nurl = "postgresql://reader@/x?host=/nowhere"\n', INVOICE)
        with pytest.raises(SourceUnavailable, match=r"ledger: .*does not answer"):
            landed(gone, hours=1)
        assert len(visible(gone)) == 2

    def test_a_connection_lost_half_way_leaves_the_last_landing(
        self, firm: Firm, books: psycopg.Connection[tuple[object, ...]], tmp_path: Path
    ) -> None:
        landed(firm)
        books.execute("alter table acc.invoice rename to kept")
        books.execute(
            "create view acc.invoice as select g::bigint as id, repeat('x', 1000) as total, now() as changed"
            ", pg_sleep(0.001)::text as slow from generate_series(1, 100000) g"
        )
        end = "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'copy%'"
        cut = threading.Timer(1, lambda: books.execute(end))
        cut.start()
        with pytest.raises(SourceUnavailable, match="ledger: invoice: the database broke off"):
            landed(firm, hours=1)
        cut.join()
        assert len(visible(firm)) == 2

    def test_a_password_stays_out_of_the_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BOOKS", "postgresql://reader:hush@/x?host=/nowhere")
        with pytest.raises(SourceUnavailable) as caught:
            landed(firm_with(tmp_path, 'kind = "sql"\nurl = "env:BOOKS"\n', INVOICE))
        assert "hush" not in str(caught.value)
        assert "reader" in str(caught.value)

    def test_of_many_rows_only_the_changed_are_added(
        self, firm: Firm, books: psycopg.Connection[tuple[object, ...]]
    ) -> None:
        books.execute(
            "insert into acc.invoice select g, g / 7.0, '2026-01-01'::timestamptz + g * interval '1 second' "
            "from generate_series(10, 200009) g"
        )
        assert landed(firm).rows_total == 200_002
        books.execute("update acc.invoice set total = 1, changed = '2026-11-16 06:10+00' where id % 1000 = 0")
        assert landed(firm, hours=1).rows_new == 200
        assert visible(firm, "count(*), sum(total::decimal(30, 10))")[0] == (
            200_002,
            books.execute("select sum(total) from acc.invoice").fetchall()[0][0],
        )


class TestSqlite:
    TABLE = (
        "create table invoice "
        "(id integer primary key, total numeric, paid boolean, due date, changed datetime)"
    )
    ROW = "insert into invoice values ({}, {}, 1, '2021-01-15', '{}')"

    def test_only_what_changed_is_added(self, tmp_path: Path) -> None:
        firm = sqlite_firm(tmp_path, self.TABLE, self.ROW.format(1, "0.1", "2026-11-16 06:00:00.000000"))
        assert landed(firm).cursor == "2026-11-16 06:00:00.000000"
        assert landed(firm, hours=1).rows_new == 0
        sqlite_firm(tmp_path, self.ROW.format(2, "'12345678901234567890.12'", "2026-11-16 06:30:00.000000"))
        assert landed(firm, hours=1).rows_new == 1
        assert visible(firm, "id, paid, due") == [(1, True, "2021-01-15"), (2, True, "2021-01-15")]
        assert raw_tables(firm)[0].columns["total"] == "VARCHAR"

    def test_another_cursor_in_the_mapping_reads_the_table_whole(self, tmp_path: Path) -> None:
        firm = sqlite_firm(tmp_path, self.TABLE, self.ROW.format(1, 1, "2026-11-16 06:00:00"))
        landed(firm)
        moved = sqlite_firm(
            tmp_path,
            self.ROW.format(2, 2, "2026-11-16 01:00:00"),
            tables={"invoice": {"key": ["id"], "cursor": "due"}},
        )
        assert landed(moved, hours=1).mode == "replace"
        assert len(visible(firm)) == 2

    def test_many_small_landings_are_gathered(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("opslayer.sources.table.MOST_FILES", 3)
        firm = sqlite_firm(tmp_path, self.TABLE, self.ROW.format(0, 0, "2026-11-16 06:00:00"))
        landed(firm)
        for n in range(1, 6):
            sqlite_firm(tmp_path, self.ROW.format(n, n, f"2026-11-16 06:0{n}:00"))
            landed(firm, hours=n)
        manifest = read_manifest(firm.var / "raw/ledger/invoice")
        assert manifest is not None
        assert (len(manifest.files), manifest.rows) == (3, 6)
        assert len(visible(firm)) == 6

    def test_text_in_a_number_column_is_named(self, tmp_path: Path) -> None:
        firm = sqlite_firm(
            tmp_path,
            "create table invoice (id integer, changed datetime)",
            "insert into invoice values ('x', '')",
        )
        with pytest.raises(UnreadableSource, match=r'ledger: invoice: column "id" is declared int64'):
            landed(firm)

    def test_a_file_that_is_not_there_is_not_made(self, tmp_path: Path) -> None:
        with pytest.raises(SourceUnavailable, match=r"nothing\.db does not exist"):
            landed(firm_with(tmp_path, 'kind = "sql"\nurl = "sqlite:///nothing.db"\n', INVOICE))
        assert not (tmp_path / "nothing.db").exists()

    def test_an_unknown_driver_is_a_configuration_error(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match=r"(?s)sources\.ledger.*oracle"):
            landed(firm_with(tmp_path, 'kind = "sql"\nurl = "oracle://x/y"\n', INVOICE))
