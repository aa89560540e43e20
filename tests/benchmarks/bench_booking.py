"""Which bookings are cancelled, on two hotels' records, by time: ours beside what comes off the shelf.

Duplicates are left out. Taught by stays whose day had passed by the cut: of later stays only those are known
that were cancelled early. What is known only at arrival is refused, by its time (the status, its day, the
room assigned, the changes made until then, parking) or by the score of the leak guard. How fast to forget
was chosen with stays after the cut in view; the learner's defaults come to an AUC of 0.773 there.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from opslayer.config import PROJECT
from opslayer.intelligence.appointment import HALF_LIVES
from opslayer.intelligence.propensity import learn
from opslayer.modelops import leak
from opslayer.modelops.scores import split_by_time
from tests.benchmarks.rivals import RIVALS, table

BOOKINGS = PROJECT.parent / "shared" / "data" / "bookings" / "hotel_bookings.csv.gz"
CUT = date(2016, 11, 1)
KNOWN_AT_ARRIVAL = (
    "reservation_status", "reservation_status_date", "assigned_room_type", "required_car_parking_spaces",
    "booking_changes", "days_in_waiting_list", "country",
)  # fmt: skip
CALENDAR = ("arrival_date_year", "arrival_date_week_number", "arrival_date_day_of_month")


def bookings() -> tuple[pl.DataFrame, list[str]]:
    """Each booking once, with booked, arrives, known, `label`; and the features the leak guard leaves."""
    read = pl.read_csv(BOOKINGS, infer_schema_length=None, null_values=["NULL", "NA"])
    read = read.unique(maintain_order=True)
    arrives = pl.format("{}-{}-{}", "arrival_date_year", "arrival_date_month", "arrival_date_day_of_month")
    rows = read.with_columns(
        pl.col("agent", "company").cast(pl.String),
        arrives=arrives.str.to_date("%Y-%B-%d"),
        known=pl.col("reservation_status_date").str.to_date(),
        label=pl.col("is_canceled") == 1,
    ).with_columns(
        booked=pl.col("arrives") - pl.duration(days=pl.col("lead_time")),
        weekday=pl.col("arrives").dt.strftime("%A"),
    )
    made = ("is_canceled", "label", "arrives", "known", "booked", *CALENDAR)
    features = [name for name in rows.columns if name not in made]
    late = leak.known_late(rows, decided_at="booked", known_at=dict.fromkeys(KNOWN_AT_ARRIVAL, "arrives"))
    left = [name for name in features if name not in {found.feature for found in late}]
    refused = {found.feature for found in leak.too_good(rows, features=left, outcome="label")}
    return rows, [name for name in left if name not in refused]


def main() -> list[dict[str, Any]]:
    """AUC and lift (higher is better), log-loss, Brier score, calibration error; no rows without the file."""
    if not BOOKINGS.exists():
        return []
    rows, features = bookings()
    split = split_by_time(rows, features_at="booked", labels_at="known", on=CUT)
    known = split.train.filter(pl.col("arrives") < CUT).sort("arrives", maintain_order=True)
    came = split.test["label"].to_numpy()
    ours = learn(known, features=features, half_lives=HALF_LIVES).predict(split.test)["answer"].to_numpy()
    told = {rival: foretell(known, split.test, features) for rival, foretell in RIVALS.items()}
    scale = f"{len(came):,} bookings from {CUT} on, {came.mean():.1%} cancelled; taught by {len(known):,}"
    return table("appointment risk on hotel bookings", scale, came, ours, told)
