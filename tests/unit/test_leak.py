"""A feature that was written after the outcome is refused by name, and an honest one is not."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from opslayer.config import PROJECT
from opslayer.modelops.leak import LeakFound, known_late, refuse, too_good

DATA = PROJECT.parent / "shared" / "data"
LEADS = DATA / "leads" / "bank-additional-first75.csv"
BOOKINGS = DATA / "bookings" / "hotel_bookings.csv.gz"


def made(rows: int = 3000) -> pl.DataFrame:
    chance = np.random.default_rng(8)
    size, age = chance.normal(0, 1, rows), chance.normal(0, 1, rows)
    came = chance.random(rows) < 1 / (1 + np.exp(2 - size - 0.5 * age))
    return pl.DataFrame(
        {
            "size": size,
            "age": age,
            "minutes": np.where(came, chance.gamma(6, 60, rows), chance.gamma(2, 60, rows)),
            "status": np.where(came, "signed", "filed"),
            "note": np.where(came, "", np.where(chance.random(rows) < 0.4, "declined", "")),
            "asked": [date(2026, 1, 1)] * rows,
            "noted": [date(2026, 2, 1) if place % 3 else None for place in range(rows)],
            "outcome": came,
        }
    )


def test_what_leaks_is_named_with_how_it_was_found_and_what_is_honest_is_not() -> None:
    found = {
        leak.feature: leak
        for leak in too_good(made(), features=["size", "age", "minutes", "status", "note"], outcome="outcome")
    }
    assert {name: leak.found_by for name, leak in found.items()} == {
        "status": "too good", "minutes": "too good", "note": "decides",
    }  # fmt: skip
    assert "AUC 1.000" in found["status"].reasons
    assert too_good(made(), features=["size", "age"], outcome="outcome") == []


def test_what_was_known_after_the_decision_is_refused_and_no_person_can_allow_it() -> None:
    rows = made()
    late = known_late(rows, decided_at="asked", known_at={"age": "noted", "size": "asked"})
    assert [leak.feature for leak in late] == ["age"]
    assert "in 2,000 of 3,000 rows" in late[0].reasons
    with pytest.raises(LeakFound, match="age is known only after"):
        refuse(
            rows,
            features=["size", "age"],
            outcome="outcome",
            decided_at="asked",
            known_at={"age": "noted"},
            allowed=["age"],
        )
    with pytest.raises(LeakFound, match="leave out minutes"):
        refuse(rows, features=["size", "age", "minutes"], outcome="outcome")
    refuse(rows, features=["size", "age", "minutes"], outcome="outcome", allowed=["minutes"])


@pytest.mark.real
@pytest.mark.skipif(not LEADS.exists(), reason="../shared/data/leads is not there")
def test_duration_is_found_in_the_leads_file_and_nothing_else() -> None:
    leads = pl.read_csv(LEADS, separator=";", infer_schema_length=None).with_columns(
        outcome=pl.col("y") == "yes"
    )
    features = [name for name in leads.columns if name not in ("y", "outcome")]
    assert [
        leak.feature for leak in too_good(leads.gather_every(5), features=features, outcome="outcome")
    ] == ["duration"]


@pytest.mark.real
@pytest.mark.skipif(not BOOKINGS.exists(), reason="../shared/data/bookings is not there")
def test_what_a_hotel_writes_at_arrival_is_found_in_its_bookings() -> None:
    bookings = pl.read_csv(BOOKINGS, infer_schema_length=None, null_values=["NULL"]).gather_every(11)
    rows = bookings.with_columns(outcome=pl.col("is_canceled") == 1)
    features = ["lead_time", "customer_type", "adr", "reservation_status", "required_car_parking_spaces"]
    found = too_good(rows, features=features, outcome="outcome")
    assert [leak.feature for leak in found] == ["reservation_status", "required_car_parking_spaces"]
