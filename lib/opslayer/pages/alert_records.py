"""What the page Alerts shows of the store, as frames."""

from __future__ import annotations

import polars as pl
from sqlalchemy import func, select

from opslayer import alerts, metrics
from opslayer.config import Firm
from opslayer.metrics import Unit, written
from opslayer.store import AlertNotice, AlertTelling, Store

MOMENT = pl.Datetime(time_zone="UTC")
ALERT = pl.Schema(
    {
        "key": pl.String(), "about": pl.String(), "title": pl.String(), "name": pl.String(),
        "state": pl.String(), "since": MOMENT, "value": pl.String(), "limits": pl.String(),
        "owner": pl.String(), "who": pl.String(), "why": pl.String(), "note": pl.String(),
    }
)  # fmt: skip
NOTICE = pl.Schema(
    {
        "made_at": MOMENT, "person": pl.String(), "told": pl.String(), "alerts": pl.Int64(),
        "subject": pl.String(), "state": pl.String(),
    }
)  # fmt: skip
LAST = 200  # notices, and episodes
SAID = {"firing": "out of range", "flapping": "comes and goes", "resolved": "back in range"}


def standing(firm: Firm, store: Store) -> pl.DataFrame:
    """One row an alert: its state, value and limits in words, whose it is, who has taken it on and why."""
    titles, units, found = _titles(firm)
    rows = []
    for one in alerts.list_alerts(store):
        definition = found.get(one.definition)
        unit = units.get(one.definition, "count")
        ends = (("at least", one.low), ("at most", one.high))
        said = ((word, end) for word, end in ends if end is not None)
        rows.append(
            (
                one.key,
                _about(titles.get(one.definition, one.definition), one.name),
                titles.get(one.definition, one.definition),
                one.name or firm.name,
                one.state,
                one.since,
                written(one.value, unit, firm.base_currency),
                ", ".join(f"{word} {written(end, unit, firm.base_currency)}" for word, end in said),
                definition.owner if definition else "",
                one.silenced_by or one.acknowledged_by or "",
                one.silenced_why or one.comment or one.message or "",
                definition.note if definition else "",
            )
        )
    return pl.DataFrame(rows, schema=ALERT, orient="row")


def episodes(firm: Firm, store: Store) -> pl.DataFrame:
    """One row a time that an alert fired, newest first, with the hours until somebody acknowledged it."""
    titles, _, _ = _titles(firm)
    found = alerts.episodes(alerts.changes(store)).head(LAST)
    about = [
        _about(titles.get(row["definition"], row["definition"]), row["name"]) for row in found.to_dicts()
    ]
    return found.with_columns(
        pl.Series("about", about, dtype=pl.String),
        pl.col("hours_to_acknowledge").round(1),
        pl.col("acknowledged_by", "comment").fill_null(""),
    )


def moves(firm: Firm, store: Store, *, alert: str) -> pl.DataFrame:
    """One row a move of an alert, newest first; its value in words."""
    _, units, _ = _titles(firm)
    found = alerts.changes(store, alert).reverse()
    unit: Unit = units.get(alert.partition(":")[0], "count")
    values = [written(value, unit, firm.base_currency) for value in found["value"]]
    texts = pl.col("person", "why").fill_null("")
    return found.with_columns(texts, pl.Series("value", values, dtype=pl.String))


def notices(_: Firm, store: Store) -> pl.DataFrame:
    """One row a mail about alerts, newest first."""
    mine = AlertTelling.notice_id == AlertNotice.id
    told = select(func.count()).select_from(AlertTelling).where(mine).scalar_subquery()
    last = select(AlertNotice, told).order_by(AlertNotice.id.desc()).limit(LAST)
    with store.reading() as session:
        rows = [
            (one.made_at, one.person, SAID.get(one.told, one.told), count, one.content["subject"], one.state)
            for one, count in session.execute(last)
        ]
    return pl.DataFrame(rows, schema=NOTICE, orient="row")


def _titles(firm: Firm) -> tuple[dict[str, str], dict[str, Unit], dict[str, alerts.Definition]]:
    known = {metric.name: metric for metric in metrics.load_metrics(firm)}
    found = alerts.load_definitions(firm, known.values())
    titles = {name: one.title for name, one in found.items()}
    return titles, {name: alerts.unit_of(one, known) for name, one in found.items()}, found


def _about(title: str, name: str) -> str:
    return f"{title}: {name}" if name else title
