"""A supplier whose layout is misread is read right once people have put it right; all else stays."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from opslayer.config import Firm, load_firm
from opslayer.demo.documents import write_documents
from opslayer.errors import AccessDenied, UsageError
from opslayer.intelligence import document
from opslayer.intelligence.document import headline, learn, put_right, run, waiting
from opslayer.modelops import Models
from opslayer.sources.documents import Folder, document_row
from opslayer.store import Store, open_store
from tests.talking import AS_OF, MOMENT, write_firm

PERSON = """
[[people]]
name = "Maeve"
email = "maeve@firm.example"
roles = ["finance"]
[[people]]
name = "Eve"
email = "eve@firm.example"
roles = ["viewer"]
"""


def firm_of(place: Path) -> Firm:
    write_firm(place)
    with (place / "firm.toml").open("a", encoding="utf-8") as file:
        file.write(PERSON)
    return load_firm(place)


BOOKS = pl.DataFrame(
    [
        {"bill_id": f"B{n}", "number": f"B-{n}", "party_id": "S1", "party": "Acme Supplies",
         "currency": "EUR", "total": f"{900 + n}.50", "issued_on": f"2026-11-0{n}"}
        for n in range(1, 7)
    ]
)  # fmt: skip


class Snapshot:
    """The documents of a folder as they land, and the books."""

    as_of = AS_OF

    def __init__(self, folder: Path) -> None:
        rows = [document_row(come) | {"document_id": come.name} for come in Folder(folder).come(None)]
        self.come = pl.DataFrame(rows, infer_schema_length=None).with_columns(
            pl.col("received_at").str.to_datetime(time_zone="UTC").dt.cast_time_unit("us")
        )

    def query(self, query: str, /, **values: Any) -> pl.DataFrame:
        if query == "bills_known":
            return BOOKS.drop("issued_on").with_columns(pl.col("total").cast(pl.Decimal(18, 2)))
        return self.come


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, dict[str, dict[str, Any]]]:
    place = tmp_path_factory.mktemp("documents")
    parties = pl.DataFrame({"party_id": ["S1"], "name": ["Acme Supplies"]})
    answers = write_documents(place, BOOKS, parties, as_of=date(2026, 11, 16))
    return Snapshot(place), {answer["file"]: answer for answer in answers}


@pytest.fixture
def store(store_url: str) -> Any:
    with open_store(store_url) as opened:
        yield opened


def test_what_speaks_against_a_document_is_found_and_what_is_put_right_is_learnt(
    folder: tuple[Snapshot, dict[str, dict[str, Any]]], store: Store, tmp_path: Path
) -> None:
    snapshot, answers = folder
    firm = firm_of(tmp_path)
    models = Models(firm, store)
    before = run(snapshot, models, as_of=AS_OF, moment=MOMENT)["document"]
    found = {row["name"]: row for row in before.to_dicts()}
    for file, answer in answers.items():
        assert found[file]["exception"] == answer.get("exception"), file
    assert "other total" not in headline(before)
    assert "901.50" in found["1-bill.pdf"]["reasons"] or found["1-bill.pdf"]["bill_id"] == "B1"
    assert "of 904.50" in found["4-other-total.pdf"]["reasons"]
    assert found["6-twice.pdf"]["reasons"] == "The same came before, as 1-bill.pdf."
    assert "password" in found["locked.pdf"]["reasons"]
    assert len(waiting(before)) == 13

    odd = [file for file, answer in answers.items() if "layout" in answer]
    assert found[odd[-1]]["company"] != "Nordlicht Cleaning"
    assert "6 are needed" in learn(snapshot, models, as_of=AS_OF, moment=MOMENT)
    for file in odd[:-1]:
        put_right(
            firm,
            store,
            file,
            answers[file]["says"],
            by="maeve@firm.example",
            reason="read by eye",
            moment=MOMENT,
        )
    assert "answers from now on" in learn(snapshot, models, as_of=AS_OF, moment=MOMENT)
    after = {
        row["name"]: row for row in run(snapshot, models, as_of=AS_OF, moment=MOMENT)["document"].to_dicts()
    }
    newest, says = after[odd[-1]], answers[odd[-1]]["says"]
    assert (newest["company"], newest["number"]) == ("Nordlicht Cleaning", says["number"])
    assert f"{newest['total']:,.2f}" == says["total"]
    assert f"{newest['issued_on']:%d/%m/%Y}" == says["date"]
    assert newest["model"] == "words and places of fields"
    assert (after[odd[0]]["standing"], after[odd[0]]["said_by"]) == ("read", "maeve@firm.example")
    for file in ("1-bill.pdf", "5-wrong-sum.pdf", "hosting.pdf"):  # nobody said anything of these
        assert (after[file]["company"], after[file]["total"]) == (
            found[file]["company"],
            found[file]["total"],
        )


def test_what_a_person_says_is_checked(
    folder: tuple[Snapshot, dict[str, dict[str, Any]]], tmp_path: Path
) -> None:
    snapshot, _ = folder
    firm = firm_of(tmp_path)
    how: dict[str, Any] = {
        "by": "maeve@firm.example",
        "reason": "",
        "moment": datetime(2026, 11, 16, tzinfo=UTC),
    }
    with open_store(firm) as store:
        run(snapshot, Models(firm, store), as_of=AS_OF, moment=MOMENT)
        receipt = {"class": "receipt", "company": "Acme", "date": "5 Nov 2026", "total": "12.00"}
        for wrong, told in (
            ({"class": "letter"}, "no class"),
            ({"date": "soon"}, "no date"),
            ({"total": "12"}, "no amount"),
        ):
            with pytest.raises(UsageError, match=told):
                put_right(firm, store, "locked.pdf", receipt | wrong, **how)
        with pytest.raises(UsageError, match="not read yet"):
            put_right(firm, store, "elsewhere.pdf", receipt, **how)
        with pytest.raises(AccessDenied):
            put_right(firm, store, "locked.pdf", receipt, **how | {"by": "eve@firm.example"})
        put_right(firm, store, "locked.pdf", receipt, **how)  # read by eye: it has a password
        found = run(snapshot, Models(firm, store), as_of=AS_OF, moment=MOMENT)["document"].filter(
            name="locked.pdf"
        )
    assert found.select("standing", "company", "total").row(0) == ("read", "Acme", found["total"][0])
    assert document.done(found).height == 1
