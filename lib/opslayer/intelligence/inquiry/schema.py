"""The columns of the tables inquiry, inquiry_fact and inquiry_capacity."""

from __future__ import annotations

import polars as pl

from opslayer.intelligence.tables import MONEY

Column = pl.DataType | type[pl.DataType]
MOMENT = pl.Datetime("us", "UTC")
INQUIRY: dict[str, Column] = {
    "as_of": pl.Date, "message_id": pl.String, "received_at": MOMENT, "from_name": pl.String,
    "from_address": pl.String, "subject": pl.String, "excerpt": pl.String, "language": pl.String,
    "verdict": pl.String, "score": pl.Float64, "practice": pl.String, "skills": pl.String,
    "wanted": pl.String,
    "hours": pl.Int64, "people": pl.Int64, "weeks": pl.Int64, "starts_on": pl.Date,
    "budget": MONEY, "currency": pl.String,
    "deadline": pl.Date, "match": pl.String, "party_id": pl.String, "party_name": pl.String,
    "opportunity_id": pl.String, "qualifies": pl.Boolean, "capacity": pl.String, "reasons": pl.String,
    "model": pl.String, "model_version": pl.String,
}  # fmt: skip
FACT: dict[str, Column] = {
    "as_of": pl.Date, "message_id": pl.String, "field": pl.String, "value": pl.String, "quote": pl.String,
    "place": pl.String, "start": pl.Int64, "model": pl.String, "model_version": pl.String,
}  # fmt: skip
CAPACITY: dict[str, Column] = {
    "as_of": pl.Date, "message_id": pl.String, "skill": pl.String, "week_start": pl.Date,
    "needed_hours": pl.Float64, "free_hours": pl.Float64, "people_free": pl.Int64, "fits": pl.Boolean,
    "model": pl.String, "model_version": pl.String,
}  # fmt: skip
