"""What became of alerts: each move, each episode, and how long it took somebody to acknowledge it."""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import select

from opslayer.store import AlertChange, AlertRecord, Store

SECONDS_AN_HOUR = 3600
MOMENT = pl.Datetime(time_zone="UTC")
CHANGES = pl.Schema(
    {
        "alert_id": pl.Int64(), "definition": pl.String(), "entity": pl.String(), "name": pl.String(),
        "moment": MOMENT, "before": pl.String(), "after": pl.String(), "episode": pl.Int64(),
        "fired": pl.Boolean(), "as_of": pl.Date(), "value": pl.Float64(), "person": pl.String(),
        "why": pl.String(),
    }
)  # fmt: skip
EPISODE = ("alert_id", "episode")


def changes(store: Store, key: str | None = None, *, since: datetime | None = None) -> pl.DataFrame:
    """One row a move of an alert (or of the one by that key), first to last."""
    wanted = select(AlertChange, AlertRecord).join(AlertChange.alert).order_by(AlertChange.id)
    if key is not None:
        definition, _, entity = key.partition(":")
        wanted = wanted.where(AlertRecord.definition == definition, AlertRecord.entity == entity)
    if since is not None:
        wanted = wanted.where(AlertChange.moment >= since)
    with store.reading() as session:
        rows = [
            (one.alert_id, of.definition, of.entity, of.name, one.moment, one.before, one.after, one.episode,
             one.fired, one.as_of, one.value, one.person, one.why)
            for one, of in session.execute(wanted)
        ]  # fmt: skip
    return pl.DataFrame(rows, schema=CHANGES, orient="row")


def episodes(moves: pl.DataFrame) -> pl.DataFrame:
    """One row a time an alert fired, newest first: when, who acknowledged it after how many hours, when over.

    `moves` has the columns of `changes`. Of who acknowledged counts the first.
    """
    acknowledged = pl.col("after") == "acknowledged"
    each = moves.filter(pl.col("episode") > 0).group_by(*EPISODE, maintain_order=True)
    found = each.agg(
        pl.col("definition", "entity", "name").first(),
        pl.col("moment").filter("fired").min().alias("fired_at"),
        pl.col("fired").sum().alias("times"),
        pl.col("moment").filter(acknowledged & pl.col("person").is_not_null()).min().alias("acknowledged_at"),
        pl.col("person")
        .filter(acknowledged & pl.col("person").is_not_null())
        .first()
        .alias("acknowledged_by"),
        pl.col("why").filter(acknowledged & pl.col("person").is_not_null()).first().alias("comment"),
        pl.col("moment").filter(pl.col("after") == "resolved").max().alias("over_at"),
    )
    waited = (pl.col("acknowledged_at") - pl.col("fired_at")).dt.total_seconds() / SECONDS_AN_HOUR
    return (
        found.filter(pl.col("fired_at").is_not_null())
        .with_columns(waited.alias("hours_to_acknowledge"))
        .sort("fired_at", "alert_id", descending=[True, False])
    )


def median_hours(found: pl.DataFrame) -> float | None:
    """The median time to acknowledge, hours; None where nobody acknowledged anything."""
    median = found["hours_to_acknowledge"].drop_nulls().median()
    return None if median is None else float(median)  # type: ignore[arg-type]
