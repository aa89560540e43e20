"""Each way a source or a file can be bad: a named error or quarantine, and the last good snapshot stands."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from opslayer.errors import RefreshInProgress
from opslayer.intelligence import win
from opslayer.store import open_store
from opslayer.warehouse import files, open_layer
from tests.faults.conftest import AS_OF, Case, Outcome
from tests.planted import bare


def refused(case: Case, code: int, *words: str) -> Outcome:
    """Refresh ends with `code`, says `words`, and readers keep what they had; nothing is proposed."""
    before, snapshot = case.version(), case.snapshot()
    outcome = case.refresh()
    assert outcome.code == code, outcome.said
    said = " ".join(outcome.said.split())
    for word in words:
        assert word in said
    assert case.version() == before
    assert case.snapshot() == snapshot
    with open_store(case.firm) as store:
        assert store.change_counter() == 0  # nothing acted on
    return outcome


def set_aside(case: Case, table: str, rule: str, *keys: str) -> None:
    """Refresh publishes; exactly these rows more than before stand in quarantine by that rule."""
    before = case.quarantined().filter(table_name=f"staging.{table}")
    outcome = case.refresh()
    assert outcome.code == 0, outcome.said
    after = case.quarantined().filter(table_name=f"staging.{table}")
    fresh = after.join(before, on=["source_key", "rule"], how="anti")
    found = fresh.filter(pl.col("rule").str.contains(rule))["source_key"].to_list()
    assert sorted(set(found)) == sorted(keys), fresh


def test_a_missing_column(case: Case) -> None:
    case.write("invoice", case.read("invoice").drop("due_on"))
    refused(case, 1, "ledger", "invoice", "due_on")


def test_a_new_column(case: Case) -> None:
    before = case.version()
    case.write("invoice", case.read("invoice").with_columns(pl.lit("x").alias("mood")))
    outcome = case.refresh()
    assert outcome.code == 0
    assert "ledger.invoice: new column mood" in outcome.said
    assert case.version() != before


def test_a_type_change(case: Case) -> None:
    key = case.change("invoice", "invoice_id", "total", "twelve")
    set_aside(case, "invoice", "cast", key)


def test_an_amount_of_1e300(case: Case) -> None:
    key = case.change("invoice", "invoice_id", "total", "1e300")
    set_aside(case, "invoice", "cast", key)


def test_an_empty_file(case: Case) -> None:
    case.table("invoice").write_bytes(b"")
    refused(case, 1, "ledger", "invoice", "empty")


def test_a_truncated_parquet_file(case: Case) -> None:
    frame = case.read("invoice")
    case.table("invoice").unlink()
    path = case.table("invoice").with_suffix(".parquet")
    frame.write_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    settings = case.folder / "firm.toml"
    settings.write_text(settings.read_text().replace("{table}.csv", "{table}.*"))
    refused(case, 1, "ledger", "invoice", "invoice.parquet")


def test_cp1252_bytes(case: Case) -> None:
    frame = case.read("party").with_columns(name=pl.lit("Café Zürich €"))
    case.table("party").write_bytes(frame.write_csv().encode("cp1252"))
    refused(case, 1, "ledger", "party", "encoding")
    settings = case.folder / "firm.toml"
    text = settings.read_text()
    settings.write_text(text.replace('mapping = "opslayer"', 'mapping = "opslayer"\nencoding = "cp1252"', 1))
    assert case.refresh().code == 0


def test_mixed_date_formats(case: Case) -> None:
    frame = case.read("invoice")
    keys = frame["invoice_id"].unique(maintain_order=True).to_list()[:3]
    dates = dict(zip(keys, ["03/04/2026", "25/04/2026", "the ides of March"], strict=True))
    issued = pl.col("invoice_id").replace_strict(dates, default=pl.col("issued_on"))
    case.write("invoice", frame.with_columns(issued_on=issued))
    set_aside(case, "invoice", "cast", keys[0], keys[2])


def test_a_duplicate_key_with_different_content(case: Case) -> None:
    frame = case.read("invoice")
    twin = frame.head(1).with_columns(total=pl.lit("1.00"), subtotal=pl.lit("1.00"), tax=pl.lit("0.00"))
    case.write("invoice", pl.concat([frame, twin]))
    set_aside(case, "invoice", "conflict", str(twin["invoice_id"][0]))


def test_an_orphan_invoice_line(case: Case) -> None:
    key = case.change("invoice_line", "invoice_line_id", "invoice_id", "no-such-invoice")
    set_aside(case, "invoice_line", "invoice", key)


def test_a_row_comes_back_when_its_source_mends_it(case: Case) -> None:
    good = case.read("invoice_line")
    key = case.change("invoice_line", "invoice_line_id", "invoice_id", "no-such-invoice")
    set_aside(case, "invoice_line", "invoice", key)
    case.write("invoice_line", good)
    assert case.refresh().code == 0
    assert key not in case.quarantined().filter(table_name="staging.invoice_line")["source_key"].to_list()


def test_a_journal_that_does_not_sum_to_zero(case: Case) -> None:
    frame = case.read("journal_line")
    journal = str(frame["journal_id"][0])
    case.write(
        "journal_line",
        frame.filter(
            ~((pl.col("journal_id") == journal) & (pl.col("journal_line_id") == frame["journal_line_id"][0]))
        ),
    )
    refused(case, 3, "marts.journal_balance", journal)


def test_a_future_date(case: Case) -> None:
    key = case.change("invoice", "invoice_id", "issued_on", "2036-01-01")
    set_aside(case, "invoice", "issued_on", key)


def test_an_unknown_currency(case: Case) -> None:
    key = case.change("invoice", "invoice_id", "currency", "ZZZ")
    set_aside(case, "invoice", "currency", key)


@pytest.mark.parametrize(
    ("currency", "rate", "rule"), [("ZZZ", "1.10", "currency"), ("USD", None, "named currency has a rate")]
)
def test_a_deal_in_a_currency_nobody_can_turn_into_the_firms(
    case: Case, currency: str, rate: str | None, rule: str
) -> None:
    deals = case.read("opportunity")
    key = str(deals.filter(outcome="open")["opportunity_id"][0])
    it = pl.col("opportunity_id") == key
    told = {"currency": currency, "fx_rate": rate}
    case.write(
        "opportunity",
        deals.with_columns(
            pl.when(it).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in told.items()
        ),
    )
    set_aside(case, "opportunity", rule, key)
    listed = json.loads(case.command("quarantine", "staging.opportunity", "--json").printed)
    assert [rule in row["rule"] for row in listed if row["source_key"] == key] == [True]
    with open_layer(case.firm) as layer:
        kept = {bare(deal) for deal in layer.query("select opportunity_id from core.opportunity").to_series()}
        outlook = win.run(layer, as_of=AS_OF)["win_forecast"]
    assert set(deals["opportunity_id"]) - kept == {key}, "one is set aside, every other is there"
    assert key not in {bare(deal) for deal in outlook["opportunity_id"]}


def test_a_source_that_is_down(case: Case) -> None:
    settings = case.folder / "firm.toml"
    rest = (
        '\n[sources.shop]\nkind = "rest"\nmapping = "opslayer"\nbase_url = "http://127.0.0.1:9"\n'
        '[sources.shop.endpoints.party]\npath = "party"\n'
    )
    settings.write_text(settings.read_text() + rest)
    refused(case, 1, "shop", "party")


@pytest.fixture
def full_disk(case: Case) -> Iterator[Path]:
    """The warehouse on a file system with no room left for a build."""
    folder = case.folder / "var" / "warehouse"
    kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    size = sum(map(len, kept.values())) + 1024**2
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(mount, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this machine does not let the test mount a small disk: {done.stderr.strip()}")
    try:
        for name, content in kept.items():
            (folder / name).write_bytes(content)
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.usefixtures("full_disk")
def test_a_disk_that_is_full(case: Case) -> None:
    refused(case, 1, "No space left", "free disk space")


def test_two_refreshes_at_once(case: Case) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with files.writer(case.firm):
            held.set()
            release.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(60)
    try:
        refused(case, RefreshInProgress.exit_code, "another process", "is writing the warehouse")
    finally:
        release.set()
        holder.join()
    assert case.refresh().code == 0


def test_a_typo_in_firm_toml(case: Case) -> None:
    settings = case.folder / "firm.toml"
    text, snapshot = settings.read_text(), case.snapshot()
    settings.write_text(text.replace("[firm]", "[frim]", 1))
    outcome = case.refresh()
    assert outcome.code == 2
    assert 'nearest: "firm"' in outcome.said
    settings.write_text(text)
    assert case.snapshot() == snapshot
