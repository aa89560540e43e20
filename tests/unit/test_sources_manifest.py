"""Only what the manifest names is visible."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from opslayer.errors import ConfigurationError, SourceError
from opslayer.sources import load_mapping, next_load_id, raw_tables, read_manifest, write_table
from tests.landing import AS_OF, MOMENT, files_firm


def forecast(firm_var: Path) -> Path:
    return firm_var / "raw" / "intelligence" / "cash_forecast"


def test_what_intelligence_writes_is_a_raw_table_like_any_other(tmp_path: Path) -> None:
    firm = files_firm(tmp_path)
    folder = forecast(firm.var)
    for n, frame in enumerate([pl.DataFrame({"week": [1, 2]}), pl.DataFrame({"week": [3], "why": ["x"]})], 1):
        load_id = next_load_id(read_manifest(folder), AS_OF)
        assert load_id == f"0000000{n}-2026-11-16"
        write_table(folder, frame, load_id=load_id, moment=MOMENT, mode="append", key=["week"])
    (table,) = raw_tables(firm)
    assert (table.source, table.table, table.rows) == ("intelligence", "cash_forecast", 3)
    assert table.columns == {"week": "BIGINT", "why": "VARCHAR", "_load_id": "VARCHAR"}
    loads = {load for path in table.files for load in pl.read_parquet(path)["_load_id"]}
    assert loads == {"00000001-2026-11-16", "00000002-2026-11-16"}


def test_writing_a_load_twice_leaves_it_once(tmp_path: Path) -> None:
    folder = forecast(tmp_path)
    for _ in range(2):
        written = write_table(
            folder, pl.DataFrame({"week": [1]}), load_id="00000001-x", moment=MOMENT, mode="append"
        )
    assert (written.rows, len(written.files)) == (1, 1)


def test_replace_shows_only_the_new_file_and_keeps_the_old_for_one_who_reads_it(tmp_path: Path) -> None:
    folder = forecast(tmp_path)
    for day in (1, 2, 3):
        frame = pl.DataFrame({"week": [day]})
        load_id = next_load_id(read_manifest(folder), date(2026, 11, day))
        write_table(folder, frame, load_id=load_id, moment=MOMENT, mode="replace")
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.files == ("00000003-2026-11-03.parquet",)
    assert sorted(p.name for p in folder.glob("*.parquet")) == [
        "00000002-2026-11-02.parquet",
        "00000003-2026-11-03.parquet",
    ]


def test_a_source_taken_out_of_the_firm_is_no_longer_seen(tmp_path: Path) -> None:
    firm = files_firm(tmp_path)
    frame = pl.DataFrame({"id": [1]})
    for source in ("ledger", "gone"):
        folder = firm.var / "raw" / source / "invoice"
        write_table(folder, frame, load_id="00000001-x", moment=MOMENT, mode="replace")
    assert [table.source for table in raw_tables(firm)] == ["ledger"]


def test_a_broken_manifest_is_named(tmp_path: Path) -> None:
    folder = forecast(tmp_path)
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"source": ')
    with pytest.raises(SourceError, match=r"cash_forecast/manifest.json is not a manifest"):
        read_manifest(folder)


def test_load_ids_sort_by_landing_when_the_clock_goes_back(tmp_path: Path) -> None:
    folder = forecast(tmp_path)
    first = next_load_id(None, date(2026, 11, 16))
    write_table(folder, pl.DataFrame({"a": [1]}), load_id=first, moment=datetime.now(UTC), mode="replace")
    assert next_load_id(read_manifest(folder), date(2020, 1, 1)) > first


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"invoice t"', '"invoce t"', 'nearest: "invoice"'),
        ('"key": ["id"]', '"keys": ["id"]', 'nearest: "key"'),
        ('"mapping": "books"', '"mapping": "book"', "the name of its file"),
        ('"invoice": {"key"', '"in/voice": {"key"', "letters, digits and underscores"),
    ],
)
def test_a_mapping_error_names_the_file_and_the_mend(tmp_path: Path, old: str, new: str, said: str) -> None:
    firm = files_firm(tmp_path)
    path = tmp_path / "mappings" / "books.yaml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load_mapping(firm, "books")
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_unknown_mapping_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match='did you mean "books"'):
        load_mapping(files_firm(tmp_path), "boks")


def test_one_entity_may_come_from_two_tables(tmp_path: Path) -> None:
    firm = files_firm(tmp_path)
    path = tmp_path / "mappings" / "books.yaml"
    one = '{"from": "invoice t", "columns": {"source_key": "t.id"}}'
    assert one in path.read_text()
    path.write_text(path.read_text().replace(one, f"[{one}, {one}]"))
    assert len(load_mapping(firm, "books").entities["invoice"]) == 2
