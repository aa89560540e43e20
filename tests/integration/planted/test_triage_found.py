"""What came over the weekend finds its person: a client's mail its lead, a stranger's who knows the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from opslayer import demo
from opslayer.intelligence import inquiry, triage
from opslayer.warehouse import Layer, open_layer
from tests.planted import Planted

SEEDS = pytest.mark.parametrize("seed", [1, 2, 3])


class Read:
    """The layer with the day's inquiries in place, as the job's step before leaves them."""

    def __init__(self, layer: Layer, inquiries: pl.DataFrame) -> None:
        self.layer, self.inquiries, self.as_of = layer, inquiries, layer.as_of

    def query(self, query: str, /, **values: Any) -> pl.DataFrame:
        return self.inquiries if query == "inquiries" else self.layer.query(query, **values)


@SEEDS
def test_each_is_handed_to_who_can_answer_it(planted: Callable[[int], Planted], seed: int) -> None:
    case = planted(seed)
    with open_layer(case.firm) as layer:
        read = inquiry.run(layer, as_of=demo.AS_OF, zone=case.firm.zone)["inquiry"]
        found = triage.run(Read(layer, read), as_of=demo.AS_OF, zone=case.firm.zone)["triage"]
        people, owners = layer.query("people_to_hand_to"), layer.query("client_people").filter("is_owner")
        skills = layer.query("skills")
    mails = found.drop_nulls("message_id").join(read, on="message_id", suffix="_read")
    asked = mails.filter(verdict="inquiry")
    assert asked["to_person_id"].null_count() == 0
    assert asked["is_fallback"].all()  # nobody has taught it this firm's mail
    assert mails.filter(pl.col("verdict") != "inquiry")["to_person_id"].is_null().all()
    assert set(mails.filter("abstained")["verdict"]) == {"unclear"}
    (next_phase,) = asked.filter(about="Next phase").to_dicts()
    (lead,) = owners.filter(party_id=next_phase["party_id"])["person_id"]
    assert next_phase["to_person_id"] == lead or "would have it" in next_phase["reasons"]
    knows = asked.filter(pl.col("party_id").is_null()).join(
        people, left_on="to_person_id", right_on="person_id"
    )
    held = {row["person_id"]: set() for row in people.to_dicts()}  # type: ignore[var-annotated]
    for person, skill in skills.select("person_id", "skill").iter_rows():
        held.setdefault(person, set()).add(skill)
    for row in knows.to_dicts():
        able = bool(held[row["to_person_id"]] & set((row["skills"] or "").split(", ")))
        assert able or row["practice_right"] == row["practice"], row["about"]
        assert row["works_today"]
    assert asked["to_person_id"].n_unique() > len(asked) / 2
    abroad = people.filter(time_zone="America/New_York")
    assert len(abroad) > 5
    assert not set(found["to_person_id"].drop_nulls()) & set(abroad["person_id"])  # it is four in the morning


@SEEDS
def test_callers_nobody_has_spoken_with_are_whose_line_rang(
    planted: Callable[[int], Planted], seed: int
) -> None:
    case = planted(seed)
    with open_layer(case.firm) as layer:
        found = triage.run(layer, as_of=demo.AS_OF, zone=case.firm.zone)["triage"]
        waiting, people = layer.query("calls_to_return", hours=0, at_most=7), layer.query("people_to_hand_to")
    calls = found.drop_nulls("call_id").join(waiting, left_on="call_id", right_on="subject")
    assert len(calls) > 0
    known = calls.drop_nulls("recipient_id")
    here = set(people.filter("works_today")["person_id"])
    for row in known.to_dicts():
        assert row["to_person_id"] == row["recipient_id"] or row["recipient_id"] not in here
    assert calls.filter(pl.col("recipient_id").is_null())["to_person_id"].is_null().all()
    assert set(calls.filter(pl.col("calls") > 1)["urgency"]) <= {"high"}
