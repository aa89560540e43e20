"""The demo firm: the same books every time, books that hold, and the answers that were planted."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from opslayer import demo
from opslayer.config import load_firm

AS_OF = demo.AS_OF
MONEY = pl.Decimal(18, 2)
Books = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("demo") / "firm"
    demo.generate(folder)
    return folder


@pytest.fixture(scope="module")
def books(folder: Path) -> Books:
    return {path.stem: pl.read_csv(path, infer_schema=False) for path in (folder / "data").glob("*.csv")}


@pytest.fixture(scope="module")
def answers(folder: Path) -> dict[str, Any]:
    key: dict[str, Any] = json.loads((folder / "answer_key.json").read_text())
    return key


@pytest.fixture(scope="module")
def invoices(books: Books, answers: dict[str, Any]) -> pl.DataFrame:
    """Sales invoices that are not void, one row a key, typed; with the day the last of each was paid."""
    paid = (
        books["payment"]
        .filter(direction="in")
        .group_by("document_id")
        .agg(pl.col("paid_on").str.to_date().max(), pl.col("amount").cast(MONEY).sum().alias("paid"))
    )
    return (
        books["invoice"]
        .unique("invoice_id", keep="last", maintain_order=True)
        .filter(pl.col("status") != "void")
        .with_columns(
            pl.col("issued_on").str.to_date(strict=False),
            pl.col("due_on").str.to_date(strict=False),
            pl.col("total").cast(MONEY, strict=False),
        )
        .join(paid, left_on="invoice_id", right_on="document_id", how="left")
    )


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        demo.generate(tmp_path / name, seed=seed, scale=0.01)
    first, again, other = (digest(tmp_path / name) for name in "abc")
    assert first == again
    assert first["data/invoice.csv"] != other["data/invoice.csv"]


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


def test_receivables_tie_to_documents(books: Books) -> None:
    """What the ledger has of each invoice is its total, in the firm's currency."""
    (control,) = books["account"].filter(type="receivable")["code"]
    receivable = (
        books["journal_line"]
        .filter(account_code=control, document_type="invoice")
        .group_by("document_id")
        .agg(pl.col("amount").cast(MONEY).sum().alias("posted"))
    )
    documents = (
        books["invoice"]
        .unique("invoice_id", keep="none")
        .with_columns(
            base=(pl.col("total").cast(pl.Float64, strict=False) * pl.col("fx_rate").cast(pl.Float64)).round(
                2
            )
        )
        .filter(pl.col("status") != "void", pl.col("base").is_not_null())
    )
    assert len(documents) > 10_000
    both = documents.join(receivable, left_on="invoice_id", right_on="document_id", how="inner")
    assert len(both) > 0.99 * len(documents)
    apart = (both["base"] - both["posted"].cast(pl.Float64)).abs()
    assert (apart < 0.011).all()  # half a cent rounds either way in floating point


def test_revenue_a_year(books: Books) -> None:
    revenue = books["account"].filter(type="revenue")["code"]
    lines = books["journal_line"].filter(pl.col("account_code").is_in(revenue.to_list()))
    years = (
        lines.group_by(pl.col("posted_on").str.slice(0, 4).alias("year"))
        .agg(
            -pl.col("amount").cast(pl.Float64).sum(),
            pl.col("posted_on").str.slice(0, 7).n_unique().alias("n"),
        )
        .filter(pl.col("n") == 12)
    )
    assert len(years) == 2
    assert years["amount"].is_between(70e6, 100e6).all()


def test_the_share_paid_late_is_the_real_firms(invoices: pl.DataFrame) -> None:
    paid = invoices.filter(pl.col("paid") >= pl.col("total"), pl.col("due_on").is_not_null())
    share = (paid["paid_on"] > paid["due_on"]).mean()
    assert isinstance(share, float)
    assert abs(share - 0.417) <= 0.04


def test_each_rung_has_its_clients(invoices: pl.DataFrame, answers: dict[str, Any]) -> None:
    """The clients of the key have an invoice that is due so many days ago and unpaid."""
    assert set(answers["reminder_rungs"]) == {"-3", "1", "15", "30", "45"}
    for rung, clients in answers["reminder_rungs"].items():
        due = AS_OF - timedelta(int(rung))
        standing = invoices.filter(pl.col("due_on") == due, pl.col("paid").is_null())
        assert set(clients) <= set(standing["party_id"])


def test_disputed_invoices(books: Books, answers: dict[str, Any]) -> None:
    disputed = books["invoice"].filter(pl.col("is_disputed").str.to_lowercase() == "true")["invoice_id"]
    assert set(disputed) == set(answers["disputed_invoices"])


def test_unusual_journals_are_in_the_books(books: Books, answers: dict[str, Any]) -> None:
    lines = books["journal_line"]
    for answer in answers["unusual_journals"]:
        assert not lines.filter(journal_id=answer["journal_id"]).is_empty()
    twins = lines.filter(pl.col("journal_id").is_in(["SPECIAL-1", "SPECIAL-2"]), account_code="6500")
    assert twins["amount"].n_unique() == 1
    (sunday,) = lines.filter(journal_id="SPECIAL-4")["posted_on"].unique()
    assert date.fromisoformat(sunday).weekday() == 6


def test_bent_months_are_closed(answers: dict[str, Any]) -> None:
    assert {bent["driver"] for bent in answers["bent_months"] if "driver" in bent} == {"price", "fx"}
    assert all(bent["month"] < AS_OF.strftime("%Y-%m") for bent in answers["bent_months"])


def test_dirt_is_where_the_key_says(books: Books, answers: dict[str, Any]) -> None:
    dirt, invoice = answers["dirt"], books["invoice"]
    assert len(invoice.filter(invoice_id=dirt["duplicate"])) == 2
    (bad_date,) = invoice.filter(invoice_id=dirt["bad_date"])["issued_on"]
    assert bad_date == "the 32nd of May"
    (currency,) = invoice.filter(invoice_id=dirt["unknown_currency"])["currency"]
    assert currency == "XXQ"
    (parent,) = books["invoice_line"].filter(invoice_line_id=dirt["orphan_line"])["invoice_id"]
    assert parent not in set(invoice["invoice_id"])
