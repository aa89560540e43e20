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
    TextClassifier,
    TextModel,
    hand_out,
    rank,
)
from opslayer.intelligence.triage.threshold import NEVER, threshold_at

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


def test_time_decides_among_equals_and_the_away_are_last() -> None:
    ask = Ask("m1", ("SQL",))
    held = {"SQL": 4}
    people = [
        person("a-away", levels=held, free_share=1.0, works_today=False),
        person("b-asleep", levels=held, free_share=0.5, zone=NEW_YORK),
        person("c-busy", levels=held, free_share=0.0),
        person("d-free", levels=held, free_share=0.6),
        person("e-nights", levels=held, free_share=0.4, begins=time(20), ends=time(23)),
    ]
    assert order(ask, *people) == ["d-free", "b-asleep", "c-busy", "e-nights", "a-away"]
    said = {one.person_id: " ".join(one.reasons) for one in rank(ask, people, at=NINE)}
    assert "04:00 EST" in said["b-asleep"]
    assert "60% of the next four weeks free" in said["d-free"]
    with pytest.raises(ValueError, match="time zone"):
        rank(ask, people, at=NINE.replace(tzinfo=None))


def test_ten_do_not_land_on_one_desk_and_what_is_nobodys_stays_so() -> None:
    people = [person(name, levels={"SQL": 5}, practice="Data", free_share=0.3) for name in ("a", "b")]
    asks = [Ask(f"m{n}", ("SQL",), "Data") for n in range(4)]
    given = hand_out(asks, people, at=NINE)
    assert [given[ask.subject].person_id for ask in asks] == ["a", "b", "a", "b"]
    assert hand_out([Ask("m9", ("Opera",))], people, at=NINE) == {}
    assert hand_out(asks, [], at=NINE) == {}
