"""Tickets are routed, and their risk told, by what was said when they were opened and by nothing later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from opslayer.errors import UsageError
from opslayer.intelligence.ticket import headline, risk_table
from opslayer.intelligence.ticket.learner import SAID, SlaRisk, TicketRouter, opened
from opslayer.intelligence.ticket.routing import last_team

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)
UNSAID = ("number", "about", "party_id", "client", "person_id", "state", "priority")
ENDS = {"printer": "Print", "mail": "Post", "network": "Lines", "screen": "Print"}


def event(ticket: int, minutes: int, **said: object) -> dict[str, object]:
    row: dict[str, object] = {
        "ticket_id": ticket,
        "event_at": BEGAN + timedelta(hours=ticket, minutes=minutes),
    }
    return row | {"state": "New", "made_sla": True, **dict.fromkeys(SAID, "same")} | said


def log(tickets: int) -> pl.DataFrame:
    """Each begins at the desk and ends with the team of its subcategory; the network's are late."""
    rows = []
    for ticket in range(tickets):
        what = list(ENDS)[ticket % 4]
        said = {"subcategory": what, "place": f"place {ticket % 7}"}
        rows += [
            event(ticket, 0, team="Desk", **said),
            event(ticket, 20, team=ENDS[what], **said),
            event(ticket, 50, team=None, state="Closed", made_sla=what != "network", **said),
        ]
    return pl.DataFrame(rows, infer_schema_length=None)


def test_a_ticket_is_asked_of_by_its_first_event_and_told_by_its_last() -> None:
    over = [event(90, 0, state="Closed", team="Desk"), event(91, 0, team=None)]
    rows = opened(pl.concat([log(3), pl.DataFrame(over, schema=log(1).schema)]))
    assert rows["ticket_id"].to_list() == [0, 1, 2]  # one was over at once, one has no team
    assert set(rows["team"]) == {"Desk"}
    assert rows["end_team"].to_list() == ["Print", "Post", "Lines"]
    assert rows["missed"].to_list() == [False, False, True]
    assert (rows["ended_at"] - rows["asked_at"]).to_list() == [timedelta(minutes=50)] * 3
    assert "made_sla" not in rows.columns


def test_the_router_finds_the_team_and_says_by_what() -> None:
    rows = opened(log(200))
    model = TicketRouter().fit(rows)
    found = model.predict(opened(log(240)).tail(40))
    assert found["answer"].to_list() == opened(log(240)).tail(40)["end_team"].to_list()
    assert found["confidence"].min() > 0.9  # type: ignore[operator]
    assert not found["abstained"].all()
    assert "subcategory" in found["reasons"][0]
    assert model.predict(rows).equals(TicketRouter().fit(rows).predict(rows))
    strange = rows.head(1).with_columns(pl.lit("never seen").alias(name) for name in SAID)
    (odd,) = model.predict(strange).to_dicts()
    assert odd["abstained"]
    assert odd["reasons"] == "Nothing that was said of it tells."
    with pytest.raises(UsageError, match="fewer than three"):
        TicketRouter().fit(rows.filter(end_team="Print"))


def test_the_risk_is_that_of_tickets_like_it() -> None:
    rows = opened(log(200))
    found = SlaRisk().fit(rows).predict(rows).with_columns(rows["missed"])
    late, in_time = (found.filter(missed=missed)["answer"] for missed in (True, False))
    assert late.min() > 0.7  # type: ignore[operator]
    assert in_time.max() < 0.3  # type: ignore[operator]
    assert "subcategory network" in found.filter("missed")["reasons"][0]
    with pytest.raises(UsageError, match="nothing to learn"):
        SlaRisk().fit(rows.filter("missed"))


def test_what_ended_of_late_is_not_taken_for_the_quick_ones() -> None:
    """Half are late and take a month; of the last weeks' tickets only the others have ended."""
    rows = pl.DataFrame(
        [
            dict.fromkeys(SAID, "same")
            | {
                "asked_at": (asked := BEGAN + timedelta(hours=6 * n)),
                "missed": n % 2 == 1,
                "ended_at": asked + timedelta(days=30 if n % 2 else 1),
            }
            for n in range(400)
        ]
    ).filter(pl.col("ended_at") < BEGAN + timedelta(days=100))
    (risk,) = SlaRisk().fit(rows).predict(rows.tail(1))["answer"]
    assert 0.4 < risk < 0.6
    assert not rows.tail(50)["missed"].any()


def test_the_rule_names_the_team_that_has_it_and_else_the_last() -> None:
    asked = pl.DataFrame({"team": ["Desk", None, None], "last_team": ["Print", "Print", None]})
    assert last_team(asked)["answer"].to_list() == ["Desk", "Print", None]


def answers(**columns: list[object]) -> pl.DataFrame:
    rows = len(next(iter(columns.values())))
    said = {"reasons": ["why"] * rows, "model": ["m"] * rows, "model_version": ["1"] * rows}
    return pl.DataFrame({"subject": [f"t{n}" for n in range(rows)]} | said | columns, strict=False)


def test_only_what_was_learnt_calls_a_ticket_high_or_moves_it() -> None:
    """Usual is 20 %: the first is high and lies elsewhere; the others each lack something for it."""
    asked = pl.DataFrame(
        {
            "subject": ["t0", "t1", "t2", "t3"],
            "decided_at": [BEGAN] * 4,
            "has_it": ["Desk", "Print", "Desk", None],
            "is_late": [False, False, True, False],
            "usual": [0.2] * 4,
        }
    ).with_columns(pl.lit(None).alias(name) for name in UNSAID)
    risks = answers(
        answer=[0.31, 0.29, 0.9, 0.9], is_fallback=[False, False, False, True], why_fallback=[None] * 4
    )
    routes = answers(
        answer=["Print", "Print", "Print", "Print"], confidence=[0.95, 0.95, None, 0.95],
        is_fallback=[False, False, True, False], may_act=[True, True, False, True],
    )  # fmt: skip
    found = risk_table(asked, risks.with_columns(as_of=pl.lit(BEGAN.date())), routes).sort("ticket_id")
    assert found["is_high"].to_list() == [True, False, False, False]
    assert found["is_to_move"].to_list() == [True, False, False, True]
    assert headline(found) == (
        "**4** tickets are open; 1 of them have missed their promise already. **1** more are likely to; "
        "2 lie with a team that does not end such tickets."
    )
    assert headline(found.clear()).startswith("No ticket is open")
