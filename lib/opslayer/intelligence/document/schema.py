"""The tables of documents: their columns and types."""

from __future__ import annotations

import polars as pl

Column = pl.DataType | type[pl.DataType]
READ, WAITS = "read", "waits"
UNREADABLE, UNSURE, CONTRADICTS, TWICE = "unreadable", "unsure", "contradicts", "came twice"
DOCUMENT: dict[str, Column] = {
    "as_of": pl.Date, "document_id": pl.String, "name": pl.String, "origin": pl.String,
    "received_at": pl.Datetime("us", "UTC"), "sender": pl.String, "class": pl.String, "type": pl.String,
    "company": pl.String, "party_id": pl.String, "number": pl.String, "issued_on": pl.Date,
    "total": pl.Decimal(18, 2), "currency": pl.String, "bill_id": pl.String, "standing": pl.String,
    "exception": pl.String, "confidence": pl.Float64, "reasons": pl.String, "said_by": pl.String,
    "model": pl.String, "model_version": pl.String, "is_fallback": pl.Boolean,
}  # fmt: skip
FIELD: dict[str, Column] = {
    "as_of": pl.Date, "document_id": pl.String, "field": pl.String, "value": pl.String,
    "confidence": pl.Float64, "page": pl.Int64, "line": pl.Int64, "x0": pl.Float64, "y0": pl.Float64,
    "x1": pl.Float64, "y1": pl.Float64, "quote": pl.String, "reasons": pl.String,
    "model": pl.String, "model_version": pl.String,
}  # fmt: skip
