"""The demo firm: the same books every time, books that hold, and the answers that were planted."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from opslayer import demo
from opslayer.config import load_firm
from opslayer.errors import UsageError
from tests.shared import whole_firm

AS_OF = demo.AS_OF
MONEY = pl.Decimal(18, 2)
Books = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    return whole_firm(tmp_path_factory, worker_id)


@pytest.fixture(scope="module")
def books(folder: Path) -> Books:
    return {path.stem: pl.read_csv(path, infer_schema=False) for path in (folder / "data").glob("*.csv")}


@pytest.fixture(scope="module")
def answers(folder: Path) -> dict[str, Any]:
    key: dict[str, Any] = json.loads((folder / "answer_key.json").read_text())
    return key


@pytest.fixture(scope="module")
def invoices(books: Books, answers: dict[str, Any]) -> pl.DataFrame:
    """Sales invoices without the dirt, one row a key, typed; with what was paid of each, and the last day."""
    dirt = [answers["dirt"]["bad_date"], answers["dirt"]["unknown_currency"]]
    paid = (
        books["payment"]
        .filter(direction="in")
        .group_by("document_id")
        .agg(pl.col("paid_on").str.to_date().max(), pl.col("amount").cast(MONEY).sum().alias("paid"))
    )
    return (
        books["invoice"]
        .filter(~pl.col("invoice_id").is_in(dirt))
        .unique("invoice_id", maintain_order=True)
        .with_columns(pl.col("issued_on", "due_on").str.to_date(), pl.col("total").cast(MONEY))
        .join(paid, left_on="invoice_id", right_on="document_id", how="left")
        .with_columns(pl.col("paid").fill_null(0))
    )


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def in_base(frame: pl.DataFrame, amount: str) -> dict[str, Decimal]:
    """Key -> amount at the document's rate, half a cent away from zero; the first column is the key."""
    cent = Decimal("0.01")
    return {
        key: (Decimal(value) * Decimal(rate)).quantize(cent, ROUND_HALF_UP)
        for key, value, rate in frame.select(frame.columns[0], amount, "fx_rate").iter_rows()
    }


def posted(books: Books, kind: str) -> pl.DataFrame:
    """The lines of the one account of a kind, amounts typed."""
    (code,) = books["account"].filter(type=kind)["code"]
    return books["journal_line"].filter(account_code=code).with_columns(pl.col("amount").cast(MONEY))


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        demo.generate(tmp_path / name, seed=seed, scale=0.01)
    first, again, other = (digest(tmp_path / name) for name in "abc")
    assert first == again
    assert first["data/invoice.csv"] != other["data/invoice.csv"]


def test_parquet_holds_the_same_books(tmp_path: Path) -> None:
    demo.generate(tmp_path / "csv", scale=0.01)
    made = demo.generate(tmp_path / "parquet", scale=0.01, format="parquet")
    assert load_firm(tmp_path / "parquet").sources["ledger"].mapping == "opslayer"
    for table, rows in made.rows.items():
        typed = pl.read_parquet(tmp_path / "parquet" / f"{table}-*.parquet")
        assert len(typed) == rows
        if table.startswith("people/"):
            continue  # a workbook
        text = pl.read_csv(tmp_path / "csv" / f"{table}.csv", infer_schema=False)
        assert typed.cast(pl.String).equals(text), table


def test_every_system_is_a_source_with_its_own_mapping(folder: Path) -> None:
    firm = load_firm(folder)
    assert {name: source.mapping for name, source in firm.sources.items()} == {
        "ledger": "opslayer",
        "people": "hris",
        "crm": "salesforce",
        "projects": "project_tool",
        "time": "harvest",
        "calendar": "booking_calendar",
        "phone": "phone_log",
        "tickets": "incident_log",
        "mail": "mailbox",
        "documents": "documents",
        "attachments": "documents",
    }


def test_another_firm_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "firm.toml").write_text("ours")
    with pytest.raises(UsageError, match="not the demo"):
        demo.generate(tmp_path, scale=0.01)
    assert [path.name for path in tmp_path.iterdir()] == ["firm.toml"]


def test_the_firm_loads(folder: Path) -> None:
    firm = load_firm(folder)
    assert firm.base_currency == "EUR"
    assert {role for person in firm.people for role in person.roles} >= {"finance", "partner"}


def test_every_journal_balances(books: Books) -> None:
    crooked = (
        books["journal_line"]
        .group_by("journal_id")
        .agg(pl.col("amount").cast(MONEY).sum())
        .filter(pl.col("amount") != 0)
    )
    assert crooked.is_empty()


def test_receivables_tie_to_documents(books: Books, invoices: pl.DataFrame) -> None:
    """To the cent: each invoice at its rate, and the account is invoices less what was received of them."""
    control = posted(books, "receivable")
    documents = in_base(invoices.with_columns(pl.col("total").cast(pl.String)), "total")
    of_invoices = control.filter(document_type="invoice").group_by("document_id").agg(pl.col("amount").sum())
    assert dict(of_invoices.iter_rows()) == documents
    received = in_base(books["payment"].filter(direction="in"), "amount")
    assert control["amount"].sum() == sum(documents.values()) - sum(received.values())


def test_payables_tie_to_documents(books: Books) -> None:
    paid = in_base(books["payment"].filter(direction="out"), "amount")
    owed = sum(in_base(books["bill"], "total").values()) - sum(paid.values())
    assert -posted(books, "payable")["amount"].sum() == owed > 0


def test_revenue_a_year(books: Books) -> None:
    revenue = books["account"].filter(type="revenue")["code"]
    lines = books["journal_line"].filter(pl.col("account_code").is_in(revenue.to_list()))
    yearly = -lines["amount"].cast(pl.Float64).sum() / 3
    assert yearly == pytest.approx(75e6, rel=0.03)


def test_work_is_posted_on_weekdays(books: Books, answers: dict[str, Any]) -> None:
    days = books["journal_line"].filter(pl.col("posted_on").str.to_date().dt.weekday() > 5)
    opening = {"OPENING", "OPENING-2"}
    assert set(days["journal_id"]) - opening == {"SPECIAL-4"}


def test_parties_are_nobody(books: Books) -> None:
    party = books["party"]
    assert party["email"].str.ends_with(".example").all()
    assert party["name"].is_unique().all()


def test_each_rung_has_its_clients(invoices: pl.DataFrame, answers: dict[str, Any]) -> None:
    """The key names every client with an unpaid invoice at a rung, and nobody else."""
    assert set(answers["reminder_rungs"]) == {"-3", "1", "15", "30", "45"}
    for rung, clients in answers["reminder_rungs"].items():
        due = AS_OF - timedelta(int(rung))
        standing = invoices.filter(pl.col("due_on") == due, pl.col("paid") < pl.col("total"))
        found = {(party, invoice) for party, invoice in standing.select("party_id", "invoice_id").iter_rows()}
        assert found == {(party, invoice) for party, ids in clients.items() for invoice in ids}
        assert len(clients) >= 2


def test_disputed_invoices(books: Books, answers: dict[str, Any]) -> None:
    disputed = books["invoice"].filter(pl.col("is_disputed").str.to_lowercase() == "true")["invoice_id"]
    assert set(disputed) == set(answers["disputed_invoices"])


def test_receipts_on_account(books: Books, answers: dict[str, Any]) -> None:
    received = books["payment"].filter(direction="in", kind="payment")
    assert set(received.filter(pl.col("document_id").is_null())["payment_id"]) == set(
        answers["receipts_on_account"]
    )


def test_unusual_journals_are_in_the_books(books: Books, answers: dict[str, Any]) -> None:
    lines = books["journal_line"]
    for answer in answers["unusual_journals"]:
        assert not lines.filter(journal_id=answer["journal_id"]).is_empty()
    twins = lines.filter(pl.col("journal_id").is_in(["SPECIAL-1", "SPECIAL-2"]), account_code="6500")
    assert twins["amount"].n_unique() == 1
    (sunday,) = lines.filter(journal_id="SPECIAL-4")["posted_on"].unique()
    assert date.fromisoformat(sunday).weekday() == 6


def test_bent_months_are_bent(books: Books, answers: dict[str, Any], invoices: pl.DataFrame) -> None:
    """Each against the month before it: the price, the dollar, the cost."""
    by_why = {bent.get("driver", bent.get("account")): bent["month"] for bent in answers["bent_months"]}
    assert set(by_why) == {"price", "fx", "6200"}
    assert all(month < AS_OF.strftime("%Y-%m") for month in by_why.values())

    def against_the_month_before(frame: pl.DataFrame, month: str) -> float:
        value = dict(frame.iter_rows())
        before = f"{date.fromisoformat(month + '-01') - timedelta(1):%Y-%m}"
        return float(value[month]) / float(value[before])

    month_of = pl.col("issued_on").dt.strftime("%Y-%m").alias("month")
    price = (
        books["invoice_line"]
        .filter(item="Implementation")
        .join(invoices.select("invoice_id", "fx_rate", month_of), on="invoice_id")
        .group_by("month")
        .agg(pl.col("unit_price").cast(pl.Float64).dot(pl.col("fx_rate").cast(pl.Float64)) / pl.len())
    )
    assert against_the_month_before(price, by_why["price"]) == pytest.approx(0.8, abs=0.03)
    dollar = books["fx_rate"].filter(currency="USD").select(pl.col("rate_on").str.slice(0, 7), "rate")
    assert against_the_month_before(dollar, by_why["fx"]) == pytest.approx(0.92, abs=0.03)
    software = (
        books["journal_line"]
        .filter(account_code="6200")
        .group_by(pl.col("posted_on").str.slice(0, 7).alias("month"))
        .agg(pl.col("amount").cast(pl.Float64).sum())
    )
    assert against_the_month_before(software, by_why["6200"]) > 1.4


def test_dirt_is_where_the_key_says(books: Books, answers: dict[str, Any]) -> None:
    dirt, invoice = answers["dirt"], books["invoice"]
    assert len(invoice.filter(invoice_id=dirt["duplicate"])) == 2
    (bad_date,) = invoice.filter(invoice_id=dirt["bad_date"])["issued_on"]
    assert bad_date == "the 32nd of May"
    (currency,) = invoice.filter(invoice_id=dirt["unknown_currency"])["currency"]
    assert currency == "XXQ"
    (parent,) = books["invoice_line"].filter(invoice_line_id=dirt["orphan_line"])["invoice_id"]
    assert parent not in set(invoice["invoice_id"])
