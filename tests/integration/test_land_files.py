"""Exports of every kind, whole and broken, from real files."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from opslayer.errors import ConfigurationError, SchemaDrift, SourceError, UnreadableSource, UsageError
from opslayer.sources import DriftPolicy, land, plan_land, raw_tables
from tests.landing import AS_OF, MOMENT, files_firm, landed, visible


def put(folder: Path, content: bytes | str, name: str = "invoice.csv") -> Path:
    path = folder / "in" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def book(folder: Path, rows: list[list[object]], sheet: str = "invoice", name: str = "invoice.xlsx") -> None:
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    (folder / "in").mkdir(exist_ok=True)
    workbook.save(folder / "in" / name)


@pytest.mark.parametrize(
    ("name", "content", "extra"),
    [
        ("invoice.csv", b'id,name,total\r\n1,"Caf\xc3\xa9, ""Z""",1.10\r\n2,,007\r\n', ""),
        ("invoice.csv", b'\xef\xbb\xbf id ,name, total\n1,"Caf\xc3\xa9, ""Z""",1.10\n2,"",007', ""),
        ("invoice.tsv", b'id\tname\ttotal\n1\t"Caf\xc3\xa9, ""Z"""\t1.10\n2\t\t007\n', ""),
        (
            "invoice.csv",
            b'id;name;total\n1;"Caf\xe9, ""Z""";1.10\n2;;007\n',
            'encoding="cp1252"\ndelimiter=";"',
        ),
        (
            "invoice.csv",
            'id,name,total\n1,"Café, ""Z""",1.10\n2,,007\n'.encode("utf-16"),
            'encoding="utf-16"',
        ),
        (
            "invoice.json",
            '[{"id":1,"name":"Café, \\"Z\\"","total":1.10},{"id":2,"name":"","total":"007"}]',
            "",
        ),
        ("invoice.ndjson", '{"id":1,"name":"Café, \\"Z\\"","total":1.10}\n{"id":2,"total":"007"}\n', ""),
    ],
)
def test_every_text_format_lands_as_the_same_text(
    tmp_path: Path, name: str, content: bytes | str, extra: str
) -> None:
    put(tmp_path, content, name)
    firm = files_firm(tmp_path, extra)
    one = landed(firm)
    assert visible(firm, "id, name, total") == [("1", 'Café, "Z"', "1.10"), ("2", None, "007")]
    assert (one.rows_new, one.rows_total, one.rows_deleted) == (2, 2, 0)
    assert raw_tables(firm)[0].columns == dict.fromkeys(["id", "name", "total", "_load_id"], "VARCHAR")


def test_json_numbers_stay_exact_and_nested_values_stay_json(tmp_path: Path) -> None:
    put(
        tmp_path,
        '[{"id":12345678901234567890,"t":1234567890123456789012.10,"e":1e300,"b":true,"n":{"k":1.10,"l":[1]}}]',
        "invoice.json",
    )
    firm = files_firm(tmp_path)
    landed(firm)
    assert visible(firm, "id, t, b, n") == [
        ("12345678901234567890", "1234567890123456789012.10", "true", '{"k": 1.10, "l": [1]}')
    ]
    assert visible(firm, "e::double") == [(1e300,)]


def test_excel_lands_as_text_with_iso_dates_and_its_errors_in_sight(tmp_path: Path) -> None:
    book(
        tmp_path,
        [
            [" id ", "total", "due", "at", "ok", None, "time", "bad"],
            [
                1,
                1234.56,
                dt.date(2021, 1, 15),
                dt.datetime(2021, 1, 15, 10, 30),  # noqa: DTZ001  (a workbook knows no zones)
                True,
                "x",
                dt.time(9, 5),
                "#N/A",
            ],
            [2, 100, "15/01/2021", None, False, None, None, "fine"],
            [None] * 8,
        ],
    )
    firm = files_firm(tmp_path)
    assert landed(firm).rows_new == 2
    assert list(raw_tables(firm)[0].columns)[:6] == ["id", "total", "due", "at", "ok", "column_6"]
    assert visible(firm) == [
        ("1", "1234.56", "2021-01-15", "2021-01-15 10:30:00", "true", "x", "09:05:00", "#N/A"),
        ("2", "100", "15/01/2021", None, "false", None, None, "fine"),
    ]


def test_one_workbook_may_hold_many_tables(tmp_path: Path) -> None:
    book(tmp_path, [["id"], [1]], sheet="Invoice", name="books.xlsx")
    tables = {"invoice": {"key": ["id"]}, "bill": {"key": ["id"]}}
    workbook = openpyxl.load_workbook(tmp_path / "in" / "books.xlsx")
    page = workbook.create_sheet("bill")
    page.append(["id"])
    page.append([7])
    workbook.save(tmp_path / "in" / "books.xlsx")
    firm = files_firm(tmp_path, 'pattern = "books.xlsx"', tables)
    landed(firm)
    assert visible(firm) == [("1",)]
    assert visible(firm, table="bill") == [("7",)]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [1], "total": ["12345678901234567.89"], "due": [dt.date(2021, 1, 15)]})
    (tmp_path / "in").mkdir()
    frame.with_columns(pl.col("total").cast(pl.Decimal(38, 2))).write_parquet(tmp_path / "in/invoice.parquet")
    firm = files_firm(tmp_path)
    landed(firm)
    kinds = raw_tables(firm)[0].columns
    assert kinds == {"id": "BIGINT", "total": "DECIMAL(38,2)", "due": "DATE", "_load_id": "VARCHAR"}
    assert visible(firm, "total::varchar") == [("12345678901234567.89",)]


def test_a_glob_gathers_parts_whose_columns_differ(tmp_path: Path) -> None:
    put(tmp_path, "id,total\n1,5\n", "invoice_2020.csv")
    put(tmp_path, "total,id,mood\n6,2,good\n", "invoice_2021.csv")
    firm = files_firm(tmp_path, 'pattern = "{table}_*.csv"')
    landed(firm)
    assert visible(firm, "id, total, mood") == [("1", "5", None), ("2", "6", "good")]


def test_files_that_did_not_change_are_not_read_again(tmp_path: Path) -> None:
    path = put(tmp_path, "id\n1\n")
    firm = files_firm(tmp_path)
    first = landed(firm)
    assert plan_land(firm)[0].mode == "unchanged"
    path.chmod(0)  # where it were read, and this were not root, it would fail
    again = landed(firm, hours=1)
    assert (again.rows_new, again.rows_total, again.load_id) == (0, 1, first.load_id)
    assert (raw_tables(firm)[0].landed_at - MOMENT).total_seconds() == 3600
    path.chmod(0o600)
    put(tmp_path, "id\n2\n")
    os.utime(path, ns=(1, 1))
    assert plan_land(firm)[0].mode == "replace"
    assert landed(firm, hours=2).load_id > first.load_id


def test_rows_that_left_the_export_are_counted_and_their_keys_kept(tmp_path: Path) -> None:
    put(tmp_path, "id,total\n1,5\n2,6\n3,7\n")
    firm = files_firm(tmp_path)
    landed(firm)
    put(tmp_path, "id,total\n2,8\n")
    one = landed(firm)
    assert (one.rows_new, one.rows_total, one.rows_deleted) == (1, 1, 2)
    assert visible(firm) == [("2", "8")]
    gone = raw_tables(firm)[0].deleted_keys_file
    assert gone is not None
    assert sorted(pl.read_parquet(gone)["id"]) == ["1", "3"]


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    put(tmp_path, "id,total\n")
    firm = files_firm(tmp_path)
    assert landed(firm).rows_total == 0
    assert list(raw_tables(firm)[0].columns) == ["id", "total", "_load_id"]


BROKEN = [
    ("invoice.csv", b"", "", ["invoice.csv", "empty", "export"]),
    ("invoice.csv", b"\n\n", "", ["names no columns"]),
    ("invoice.csv", b"id,name\n1,x\n2\n", "", ["Line: 3", "Columns: 2 Found: 1"]),
    ("invoice.csv", b"id,name\n1,x\n2,y,z\n", "", ["Line: 3", "Columns: 2 Found: 3"]),
    ("invoice.csv", b'id,name\n1,"x\n', "", ["Line: 2", "quote"]),
    ("invoice.csv", b"id,ID\n1,x\n", "", ['"ID"', "rename"]),
    ("invoice.csv", b"id,_load_id\n1,x\n", "", ["_load_id", "rename"]),
    (
        "invoice.csv",
        b"id,name\n1,caf\xe9\n",
        "",
        ["byte 13", "line 2", "0xe9", "utf-8", 'encoding = "cp1252"'],
    ),
    ("invoice.csv", b"id,name\n1,\x81\n", 'encoding = "cp1252"', ["byte 10", "cp1252"]),
    ("invoice.csv", "id,name\n1,Müller\n".encode(), 'encoding = "cp1252"', ["it is UTF-8, not cp1252"]),
    ("invoice.json", b'[{"id":1},{"id":', "", ["invoice.json", "Malformed JSON"]),
    ("invoice.json", b'[{"id":1},7]', "", ["record 2", "array of objects"]),
    ("invoice.ndjson", b'{"id":1}\n{"id":\n', "", ["invoice.ndjson", "line"]),
    ("invoice.parquet", b"PAR1 and then nothing", "", ["invoice.parquet", "not a whole Parquet file"]),
    ("invoice.xlsx", b"PK\x03\x04 cut off", "", ["invoice.xlsx", "not a workbook"]),
    ("invoice.pdf", b"%PDF", "", [".pdf", ".csv"]),
    ("invoise.csv", b"id\n1\n", "", ["no file matches invoice.*", 'nearest: "invoise.csv"', "optional"]),
]


@pytest.mark.parametrize(("name", "content", "extra", "words"), BROKEN)
def test_what_cannot_be_read_is_named_and_the_last_landing_stands(
    tmp_path: Path, name: str, content: bytes, extra: str, words: list[str]
) -> None:
    good = put(tmp_path, "id,name\n1,good\n")
    landed(files_firm(tmp_path))
    good.unlink()
    put(tmp_path, content, name)
    firm = files_firm(tmp_path, extra)
    with pytest.raises(UnreadableSource) as caught:
        landed(firm)
    said = str(caught.value)
    for word in ["ledger: invoice: ", "mend: ", *words]:
        assert word in said
    assert visible(firm) == [("1", "good")]
    assert {path.suffix for path in (firm.var / "raw/ledger/invoice").iterdir()} == {".json", ".parquet"}


def test_a_truncated_parquet_file(tmp_path: Path) -> None:
    path = put(tmp_path, b"", "invoice.parquet")
    pl.DataFrame({"id": range(10_000)}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UnreadableSource, match="not a whole Parquet file"):
        landed(files_firm(tmp_path))


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ('encoding = "cp1525"', 'did you mean "cp1252"'),
        ('optional = ["invoise"]', 'did you mean "invoice"'),
    ],
)
def test_a_typo_in_the_source_is_a_configuration_error(tmp_path: Path, extra: str, said: str) -> None:
    put(tmp_path, "id\n1\n")
    with pytest.raises(ConfigurationError, match=said) as caught:
        landed(files_firm(tmp_path, extra))
    assert str(caught.value).startswith("firm.toml\n  at sources.ledger\n  at key: ")


def test_two_kinds_of_one_table_are_not_both_read(tmp_path: Path) -> None:
    put(tmp_path, "id\n1\n")
    book(tmp_path, [["id"], [1]])
    with pytest.raises(ConfigurationError, match="several kinds"):
        landed(files_firm(tmp_path))


def test_an_optional_table_may_be_absent_and_an_unknown_source_is_named(tmp_path: Path) -> None:
    put(tmp_path, "id\n1\n")
    tables = {"invoice": {"key": ["id"]}, "credit": {"key": ["id"]}}
    firm = files_firm(tmp_path, 'optional = ["credit"]', tables)
    assert [one.table for one in land(firm, as_of=AS_OF, moment=MOMENT)] == ["invoice"]
    with pytest.raises(UsageError, match="ledger"):
        land(firm, as_of=AS_OF, moment=MOMENT, only="legder")


def test_one_bad_table_leaves_its_source_and_the_others_as_they_were(tmp_path: Path) -> None:
    put(tmp_path, "id\n1\n")
    put(tmp_path, "id\n1\n", "bill.csv")
    tables = {"invoice": {"key": ["id"]}, "bill": {"key": ["id"]}}
    firm = files_firm(tmp_path, tables=tables)
    landed(firm)
    put(tmp_path, "id\n1\n2\n")
    put(tmp_path, b"", "bill.csv")
    with pytest.raises(SourceError, match="ledger: bill: "):
        landed(firm)
    assert visible(firm) == [("1",)]
    assert visible(firm, table="bill") == [("1",)]


class TestDrift:
    """One table, then the same with a new column and without an old one."""

    @pytest.fixture
    def changed(self, tmp_path: Path) -> Path:
        put(tmp_path, "id,total,due\n1,5,x\n")
        landed(files_firm(tmp_path))
        put(tmp_path, "id,total,mood\n1,5,good\n2,6,\n3,7,bad\n")
        return tmp_path

    def test_without_a_policy_it_evolves_and_says_so(self, changed: Path) -> None:
        firm = files_firm(changed)
        one = landed(firm)
        assert (one.columns_added, one.columns_missing, one.columns_discarded) == (("mood",), ("due",), {})
        assert list(raw_tables(firm)[0].columns) == ["id", "total", "mood", "_load_id"]

    def test_freeze_refuses_and_names_the_columns(self, changed: Path) -> None:
        firm = files_firm(changed)
        with pytest.raises(SchemaDrift, match="new: mood; missing: due"):
            landed(firm, policy=DriftPolicy(policy="freeze"))
        assert visible(firm) == [("1", "5", "x")]

    def test_discard_drops_with_a_count(self, changed: Path) -> None:
        firm = files_firm(changed)
        one = landed(firm, policy=DriftPolicy(policy="discard", columns=("id", "total")))
        assert (one.columns_discarded, one.columns_added, one.columns_missing) == ({"mood": 2}, (), ())
        assert visible(firm) == [("1", "5"), ("2", "6"), ("3", "7")]

    def test_an_undeclared_column_is_news_once(self, changed: Path) -> None:
        firm = files_firm(changed)
        policy = DriftPolicy(policy="evolve", columns=("id", "total"))
        assert landed(firm, policy=policy).columns_added == ("mood",)
        assert landed(firm, policy=policy, full=True).columns_added == ()

    def test_a_changed_policy_reads_an_unchanged_file_again(self, changed: Path) -> None:
        firm = files_firm(changed)
        landed(firm, policy=DriftPolicy(policy="discard", columns=("id", "total")))
        landed(firm, policy=DriftPolicy(policy="evolve", columns=("id", "total")))
        assert "mood" in raw_tables(firm)[0].columns

    def test_a_wrong_delimiter_is_a_lost_key(self, changed: Path) -> None:
        with pytest.raises(SchemaDrift, match=r"(?s)key column id .* delimiter"):
            landed(files_firm(changed, 'delimiter = ";"'))
