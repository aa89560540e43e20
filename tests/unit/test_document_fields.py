"""Fields are read from the line they stand in, and what people said of names is known again."""

from __future__ import annotations

import polars as pl
import pytest
import skops.io

from opslayer.errors import UsageError
from opslayer.intelligence.document import FieldLearner, FieldModel, could_be, same

SHOPS = ("Mill Road Hardware Ltd", "Harbour Books Ltd", "Green Grocer Ltd")


def receipt(number: int, *, name: str | None = None) -> list[tuple[str, int, int, int, int, int, str]]:
    """Name, address, date, two prices, the total beside its word, and what was handed over."""
    price = 10 + number
    said = [
        (0, name or SHOPS[number % 3]), (0, f"{number} Quay Street"), (0, f"Date: 0{1 + number % 9}/11/2026"),
        (0, "Nails"), (300, f"{price}.00"), (0, "Glue"), (300, "2.50"),
        (0, "Total"), (300, f"{price + 2}.50"), (0, "Cash"), (300, "100.00"),
    ]  # fmt: skip
    height = [0, 20, 40, 60, 60, 80, 80, 100, 100, 120, 120]
    return [
        (f"d{number}", n + 1, x, y, x + 80, y + 15, text)
        for n, ((x, text), y) in enumerate(zip(said, height, strict=True))
    ]


def page(*receipts: list[tuple[str, int, int, int, int, int, str]]) -> pl.DataFrame:
    return pl.DataFrame(
        [line for one in receipts for line in one],
        schema=["document_id", "line", "x0", "y0", "x1", "y1", "text"],
        orient="row",
    )


@pytest.fixture(scope="module")
def model() -> FieldModel:
    labels = [
        (f"d{n}", field, value)
        for n in range(30)
        for field, value in (
            ("company", SHOPS[n % 3]), ("date", f"0{1 + n % 9}/11/2026"), ("total", f"{12 + n}.50"),
        )
    ]  # fmt: skip
    said = pl.DataFrame(labels, schema=["document_id", "field", "value"], orient="row")
    return FieldLearner().fit(page(*(receipt(n) for n in range(30))), labels=said)


def test_fields_are_found_with_their_place(model: FieldModel) -> None:
    found = {row["field"]: row for row in model.predict(page(receipt(41))).to_dicts()}
    assert {name: row["answer"] for name, row in found.items()} == {
        "company": SHOPS[41 % 3], "date": "06/11/2026", "total": "53.50",
    }  # fmt: skip
    assert [found[name]["line"] for name in ("company", "date", "total")] == [1, 3, 9]
    assert found["total"]["confidence"] > 0.7
    assert "beside “total”" in found["total"]["reasons"]


def test_a_name_misread_is_known_again_and_a_stranger_stays_itself(model: FieldModel) -> None:
    (misread,) = (
        model.predict(page(receipt(50, name="HARB0UR BOOKS LTD (778899-X)")))
        .filter(field="company")
        .to_dicts()
    )
    assert misread["answer"] == "Harbour Books Ltd"
    assert "HARB0UR" in misread["reasons"]
    (strange,) = (
        model.predict(page(receipt(51, name="Quite Another Firm Ltd"))).filter(field="company").to_dicts()
    )
    assert strange["answer"] == "Quite Another Firm Ltd"


def test_what_is_not_there_is_not_made_up(model: FieldModel) -> None:
    without = page([line for line in receipt(52) if "Date" not in line[6]])
    (date,) = model.predict(without).filter(field="date").to_dicts()
    assert (date["answer"], date["confidence"], date["line"]) == (None, 0.0, None)
    with pytest.raises(UsageError, match="no form"):
        could_be(without, "colour")


def test_skops_keeps_it_with_no_code_of_ours_but_its_classes(model: FieldModel) -> None:
    kept = skops.io.dumps(model)
    again = skops.io.loads(kept, trusted=skops.io.get_untrusted_types(data=kept))
    assert again.predict(page(receipt(60))).equals(model.predict(page(receipt(60))))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [("RM 31.60", "31.60", True), ("1,031.60", "$1031.60", True), ("31.60", "31.61", False),
     ("ACME  Sdn. Bhd", "Acme SDN BHD", True), (None, "x", False)],
)  # fmt: skip
def test_the_same_is_told_from_the_like(one: str | None, other: str, is_same: bool) -> None:
    assert same(one, other) is is_same
