"""Tickets are routed, and their risk told, by what was said when they were opened and by nothing later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from opslayer.errors import UsageError
from opslayer.intelligence.triage.ticket import SAID, SlaRisk, TicketRouter, opened

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)
ENDS = {"printer": "Print", "mail": "Post", "network": "Lines", "screen": "Print"}


def event(ticket: int, minutes: int, **said: object) -> dict[str, object]:
    row: dict[str, object] = {
        "ticket_id": ticket,
        "event_at": BEGAN + timedelta(hours=ticket, minutes=minutes),
    }
    return row | {"state": "New", "made_sla": True, **dict.fromkeys(SAID, "same")} | said


def log(tickets: int) -> pl.DataFrame:
    """Each begins at the desk and ends with the group of its subcategory; the network's are late."""
    rows = []
    for ticket in range(tickets):
        what = list(ENDS)[ticket % 4]
        said = {"subcategory": what, "place": f"place {ticket % 7}"}
        rows += [
            event(ticket, 0, group="Desk", **said),
            event(ticket, 20, group=ENDS[what], **said),
            event(ticket, 50, group=None, state="Closed", made_sla=what != "network", **said),
        ]
    return pl.DataFrame(rows, infer_schema_length=None)


def test_a_ticket_is_asked_of_by_its_first_event_and_told_by_its_last() -> None:
    over = [event(90, 0, state="Closed", group="Desk"), event(91, 0, group=None)]
    rows = opened(pl.concat([log(3), pl.DataFrame(over, schema=log(1).schema)]))
    assert rows["ticket_id"].to_list() == [0, 1, 2]  # one was over at once, one has no group
    assert set(rows["group"]) == {"Desk"}
    assert rows["end_group"].to_list() == ["Print", "Post", "Lines"]
    assert rows["missed"].to_list() == [False, False, True]
    assert (rows["ended_at"] - rows["asked_at"]).to_list() == [timedelta(minutes=50)] * 3
    assert "made_sla" not in rows.columns


def test_the_router_finds_the_group_and_says_by_what() -> None:
    rows = opened(log(200))
    model = TicketRouter().fit(rows)
    found = model.predict(opened(log(240)).tail(40))
    assert found["answer"].to_list() == opened(log(240)).tail(40)["end_group"].to_list()
    assert found["confidence"].min() > 0.9  # type: ignore[operator]
    assert not found["abstained"].all()
    assert "subcategory" in found["reasons"][0]
    assert model.predict(rows).equals(TicketRouter().fit(rows).predict(rows))
    strange = rows.head(1).with_columns(pl.lit("never seen").alias(name) for name in SAID)
    (odd,) = model.predict(strange).to_dicts()
    assert odd["abstained"]
    assert odd["reasons"] == "Nothing that was said of it tells."
    with pytest.raises(UsageError, match="fewer than three"):
        TicketRouter().fit(rows.filter(end_group="Print"))


def test_the_risk_is_that_of_tickets_like_it() -> None:
    rows = opened(log(200))
    found = SlaRisk().fit(rows).predict(rows).with_columns(rows["missed"])
    late, in_time = (found.filter(missed=missed)["answer"] for missed in (True, False))
    assert late.min() > 0.7  # type: ignore[operator]
    assert in_time.max() < 0.3  # type: ignore[operator]
    assert "subcategory network" in found.filter("missed")["reasons"][0]
    with pytest.raises(UsageError, match="nothing to learn"):
        SlaRisk().fit(rows.filter("missed"))
