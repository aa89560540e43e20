"""The table triage gives: its columns and types."""

from __future__ import annotations

import polars as pl

Column = pl.DataType | type[pl.DataType]
TRIAGE: dict[str, Column] = {
    "as_of": pl.Date, "subject_id": pl.String, "message_id": pl.String, "call_id": pl.String,
    "received_at": pl.Datetime("us", "UTC"), "sender": pl.String, "about": pl.String, "intent": pl.String,
    "urgency": pl.String, "is_qualified": pl.Boolean, "out_of_scope": pl.Boolean, "to_person_id": pl.String,
    "to_person": pl.String, "confidence": pl.Float64, "reasons": pl.String, "abstained": pl.Boolean,
    "model": pl.String, "model_version": pl.String, "is_fallback": pl.Boolean,
}  # fmt: skip
WORK, NOTHING, UNSURE, CALL = "asks for work", "nothing to answer", "for a person", "call back"
RULED = {"inquiry": WORK, "noise": NOTHING, "unclear": UNSURE}  # by the verdict of intelligence.inquiry
