"""Texts are answered only where answers like them were right; people are ranked by what speaks for them."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
import skops.io

from opslayer.errors import UsageError
from opslayer.intelligence.triage import (
    OUT_OF_SCOPE,
    Ask,
    Candidate,
    Handing,
    TextClassifier,
    TextModel,
    hand_out,
    rank,
    urgency,
)
from opslayer.intelligence.triage.threshold import NEVER, threshold_at
from opslayer.intelligence.triage.whom import candidates

DUBLIN, NEW_YORK = ZoneInfo("Europe/Dublin"), ZoneInfo("America/New_York")
NINE = datetime(2026, 11, 16, 9, tzinfo=DUBLIN)
SAID = {
    "invoice": ("my invoice", "the bill for last month", "an invoice with a wrong amount", "your bill"),
    "travel": ("a flight", "a train to Cork", "a hotel for two nights", "the journey back"),
    "weather": ("rain tomorrow", "the forecast for Sunday", "snow in the hills", "wind at the coast"),
}
OPENINGS = ("please tell me about", "i have a question on", "what of", "can you look at", "help me with")


def texts(openings: tuple[str, ...]) -> pl.DataFrame:
    rows = [
        (f"{opening} {what}", intent)
        for intent, all_ in SAID.items()
        for what in all_
        for opening in openings
    ]
    return pl.DataFrame(rows, schema=["text", "label"], orient="row")


@pytest.fixture(scope="module")
def model() -> TextModel:
    strange = pl.DataFrame(
        {"text": ["sing me a song", "who won the cup", "tell a joke"], "label": OUT_OF_SCOPE}
    )
    return TextClassifier(precision=0.8).fit(pl.concat([texts(OPENINGS), strange]))


def test_a_text_is_answered_with_the_words_that_spoke_for_it(model: TextModel) -> None:
    (answer,) = model.predict(
        pl.DataFrame({"text": ["please help me with the bill for last month"]})
    ).to_dicts()
    assert answer["answer"] == "invoice"
    assert "“bill" in answer["reasons"]
    assert not answer["abstained"]
    assert 0.8 <= answer["confidence"] <= 1


def test_a_text_of_none_of_them_is_left_to_a_person(model: TextModel) -> None:
    strange, empty = model.predict(pl.DataFrame({"text": ["xylophone quartet zzz", None]})).to_dicts()
    assert strange["out_of_scope"]
    assert strange["abstained"]
    assert "unlike everything" in strange["reasons"]
    assert empty["abstained"]


def test_the_same_texts_give_the_same_model_and_skops_keeps_it(model: TextModel) -> None:
    asked = texts(("would you see to",))
    kept = skops.io.dumps(model)
    again = skops.io.loads(kept, trusted=skops.io.get_untrusted_types(data=kept))
    assert all(
        name.startswith("opslayer.intelligence.triage") for name in skops.io.get_untrusted_types(data=kept)
    )
    assert again.predict(asked).equals(model.predict(asked))
    assert model.predict(asked.clear()).columns == model.predict(asked).columns


def test_what_teaches_too_little_is_refused() -> None:
    with pytest.raises(UsageError, match="fewer than two"):
        TextClassifier().fit(texts(OPENINGS).filter(label="travel"))
    with pytest.raises(UsageError, match="travel has 1"):
        TextClassifier().fit(
            pl.concat(
                [
                    texts(OPENINGS).filter(pl.col("label") != "travel"),
                    texts(OPENINGS).filter(label="travel").head(1),
                ]
            )
        )


def test_the_threshold_is_the_lowest_at_which_enough_were_right() -> None:
    confidence = np.linspace(0, 1, 1001)
    right = confidence >= 0.4
    found = threshold_at(confidence, right, 0.9)
    answered = confidence >= found
    assert right[answered].mean() >= 0.9
    assert 0.3 < found < 0.4  # some wrong ones are let through, as many as may be
    assert threshold_at(confidence, ~right, 0.9) == NEVER
    assert threshold_at(np.ones(100), np.arange(100) > 0, 0.999) == NEVER  # equal ones stand or fall together
    with pytest.raises(ValueError, match="share"):
        threshold_at(confidence, right, 95)


def person(name: str, **known: object) -> Candidate:
    return Candidate(name, name, **({"zone": DUBLIN} | known))  # type: ignore[arg-type]


def order(ask: Ask, *people: Candidate) -> list[str]:
    return [one.person_id for one in rank(ask, people, at=NINE)]


def test_whose_client_it_is_comes_before_who_holds_the_skill() -> None:
    ask = Ask("m1", ("SQL",), "Data", party_id="acme")
    owner = person("owner", owns=frozenset({"acme"}), leads=True, hours_with={"acme": 400.0})
    able = person("able", levels={"SQL": 5}, practice="Data", leads=True)
    assert order(ask, able, owner) == ["owner", "able"]
    assert order(Ask("m2", ("SQL",), "Data"), owner, able) == ["able", "owner"]


def test_load_decides_among_equals_and_who_is_not_at_work_is_not_named() -> None:
    """By hand: 2 points a skill at level 5, 1 of the practice, a part of one for the share that is free."""
    held: dict[str, object] = {"levels": {"SQL": 5}, "practice": "Data"}
    ask = Ask("m1", ("SQL",), "Data")
    away = person("a-away", free_share=1.0, works_today=False, **held)
    asleep = person("b-asleep", free_share=0.9, zone=NEW_YORK, **held)
    nights = person("e-nights", free_share=0.8, begins=time(20), ends=time(4), **held)
    busy, free = person("c-busy", **held), person("d-free", free_share=0.6, **held)
    ranked = rank(ask, [away, asleep, busy, free, nights], at=NINE)
    assert [one.person_id for one in ranked] == ["d-free", "c-busy", "a-away", "b-asleep", "e-nights"]
    assert [one.points for one in ranked] == [3.6, 3.0, 4.0, 3.9, 3.8]
    absent = {one.person_id: one.absent for one in ranked}
    assert absent["a-away"] == "away today"
    assert absent["b-asleep"] == "not at work at 04:00 EST"
    assert absent["e-nights"] == "not at work at 09:00 GMT"
    assert "60% of the next four weeks free" in ranked[0].reasons
    with pytest.raises(ValueError, match="time zone"):
        rank(ask, [free], at=NINE.replace(tzinfo=None))

    at_one_in_the_morning = NINE.replace(hour=1)
    assert rank(ask, [busy, nights], at=at_one_in_the_morning)[0].person_id == "e-nights"
    assert rank(ask, [busy, asleep], at=NINE.replace(hour=15))[0].person_id == "b-asleep"


def test_who_is_away_is_passed_over_and_the_next_is_told_so() -> None:
    owner = person("owner", owns=frozenset({"acme"}), leads=True, works_today=False)
    able = person("able", levels={"SQL": 5}, practice="Data")
    ask = Ask("m1", ("SQL",), "Data", party_id="acme")
    given = hand_out([ask], [owner, able], at=NINE)["m1"]
    assert given.person is not None
    assert given.person.person_id == "able"
    assert given.passed_over is not None
    assert given.passed_over.absent == "away today"
    assert hand_out([ask], [owner], at=NINE)["m1"].person is None
    present = person("owner", owns=frozenset({"acme"}), leads=True)
    assert hand_out([ask], [present, able], at=NINE)["m1"] == Handing(rank(ask, [present], at=NINE)[0])


def test_hours_are_the_persons_own_where_a_source_says_them_and_else_the_firms() -> None:
    unsaid = {"practice": None, "free_hours": 0, "available_hours": 0, "leads": 0, "works_today": True}
    people = pl.DataFrame(
        [
            {"person_id": "a", "name": "A", "time_zone": "America/New_York", "works_from": "10:00",
             "works_until": "18:00"},
            {"person_id": "b", "name": "B", "time_zone": None, "works_from": None, "works_until": None},
            {"person_id": "c", "name": "C", "time_zone": "Dublin", "works_from": None, "works_until": None},
        ]
    ).with_columns(pl.lit(value).alias(name) for name, value in unsaid.items())  # fmt: skip
    skills = pl.DataFrame(schema={"person_id": pl.String, "skill": pl.String, "level": pl.Int64})
    clients = pl.DataFrame(
        schema={"party_id": pl.String, "person_id": pl.String, "hours": pl.Float64, "is_owner": pl.Boolean}
    )
    found = candidates(people, skills, clients, zone=DUBLIN, hours=(time(8), time(16)))
    assert [(one.zone.key, one.begins, one.ends) for one in found] == [
        ("America/New_York", time(10), time(18)),
        ("Europe/Dublin", time(8), time(16)),
        ("Europe/Dublin", time(8), time(16)),
    ]


def test_ten_do_not_land_on_one_desk_and_what_is_nobodys_stays_so() -> None:
    people = [person(name, levels={"SQL": 5}, practice="Data", free_share=0.3) for name in ("a", "b")]
    asks = [Ask(f"m{n}", ("SQL",), "Data") for n in range(4)]
    given = hand_out(asks, people, at=NINE)
    named = [one.person.person_id for one in given.values() if one.person]
    assert named == ["a", "b", "a", "b"]
    assert hand_out([Ask("m9", ("Opera",))], people, at=NINE) == {"m9": Handing(None)}
    assert hand_out(asks[:1], [], at=NINE) == {"m0": Handing(None)}


def test_learnt_haste_raises_a_mail_only_where_it_may_be_acted_on() -> None:
    told = {"may_act": True, "answer": 0.9, "reasons": "For it: “down”."}
    assert urgency.as_learnt("normal", "", told)[0] == "high"
    assert "“down”" in urgency.as_learnt("normal", "", told)[1]
    for unheard in (None, told | {"may_act": False}, told | {"answer": 0.2}):
        assert urgency.as_learnt("normal", "", unheard) == ("normal", "")
    assert urgency.as_learnt("low", "Nobody waits.", told) == ("low", "Nobody waits.")
    assert urgency.as_learnt("high", "It has to be in today.", told)[1] == "It has to be in today."
