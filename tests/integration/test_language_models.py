"""A language model may put a draft into better words; where it does anything else, the draft stands."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from time import monotonic

import polars as pl
import pytest

from opslayer.config import Firm
from opslayer.modelops import Models, reword
from opslayer.modelops.spending import spent_in
from opslayer.store import open_store
from opslayer.warehouse.files import pointer
from tests.receiver import Reply, receiving
from tests.talking import AS_OF, MOMENT, said, write_firm

DRAFT = (
    "Revenue of Aldermoor Shipping Ltd was EUR 12,345.60 in November, 45 % above plan, as Maeve O'Brien told "
    "maeve@harrow.example; call +353 1 496 0000, invoice ledger:J00001."
)
BETTER = "Revenue was EUR 12,345.60 in November: 45 % above plan, and more than anybody thought it would be."


def narrated(firm: Firm, *texts: str, minutes: int = 0) -> pl.DataFrame:
    with open_store(firm) as store:
        moment = MOMENT + timedelta(minutes=minutes)
        return Models(firm, store).ask("narrative", list(texts or [DRAFT]), as_of=AS_OF, moment=moment)


def test_better_words_are_used_and_say_whose_they_are(tmp_path: Path) -> None:
    with receiving() as server:
        server.replies = [said(BETTER)]
        found = narrated(write_firm(tmp_path, server.port)).row(0, named=True)
    assert (found["answer"], found["model"], found["model_version"]) == (BETTER, "calm-1", "one"), found
    assert not found["is_fallback"]
    assert found["may_act"]


def test_without_a_language_model_the_draft_stands(tmp_path: Path) -> None:
    found = narrated(write_firm(tmp_path)).row(0, named=True)
    assert found["answer"] == DRAFT
    assert found["is_fallback"]
    assert found["why_fallback"] == "no language model is let in"


BAD = {
    "a number it was not given": (said(BETTER.replace("45 %", "46 %")), "numbers that it was not given: 46"),
    "a number in words": (said(BETTER.replace("45 %", "forty-six percent")), "not given: forty six"),
    "a refusal by the protocol": (said(None, refusal="I can't"), "it refused to answer"),
    "a refusal in words": (said("I'm sorry, but I can't help with that."), "it refused to answer"),
    "a filter": (said("", finish="content_filter"), "it refused to answer"),
    "cut off": (said(BETTER, finish="length"), "was cut off"),
    "nothing": (said(""), "it answered nothing"),
    "another language": (
        said("Der Umsatz betrug EUR 12,345.60 im November und lag damit 45 % über dem Plan."),
        "another language",
    ),
    "somebody made up": (said(BETTER + " ⟦CLIENT-0123456789ab⟧"), "made up who it speaks of"),
    "nonsense": (Reply(body=b"<html>", headers={"Content-Type": "text/html"}), "not of the protocol"),
    "JSON of another sort": (
        Reply(body=b'{"choices": 3}', headers={"Content-Type": "application/json"}),
        "not of the protocol",
    ),
    "10 MB": (said("x" * 10 * 2**20), "larger than 256 kB"),
    "not let in": (Reply(401), "it answered 401"),
    "sent elsewhere": (Reply(307, headers={"Location": "http://127.0.0.1:1/"}), "307"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_the_draft_stands_where_what_it_writes_is(case: str, tmp_path: Path) -> None:
    reply, why = BAD[case]
    with receiving() as server:
        server.replies = [reply]
        found = narrated(write_firm(tmp_path, server.port)).row(0, named=True)
    assert len(server.posts) == 1, "what will fail again is not tried again"
    assert found["answer"] == DRAFT
    assert found["is_fallback"]
    assert why in found["why_fallback"]


def test_what_may_pass_is_tried_again(tmp_path: Path) -> None:
    with receiving() as server:
        server.replies = [Reply(503), Reply(reset=True), said(BETTER)]
        found = narrated(write_firm(tmp_path, server.port)).row(0, named=True)
    assert (found["answer"], len(server.posts)) == (BETTER, 3)


def test_a_slow_one_is_not_waited_for(tmp_path: Path) -> None:
    with receiving() as server, receiving() as other:
        server.replies = [said("late", late=3)]
        other.replies = [said(BETTER)]
        began = monotonic()
        found = narrated(write_firm(tmp_path, server.port, other.port)).row(0, named=True)
        assert monotonic() - began < 2.5, "it asks the other one after a second"
    assert (found["answer"], found["model_version"]) == (BETTER, "two")


def test_none_that_failed_three_times_is_asked_until_it_had_its_rest(tmp_path: Path) -> None:
    with receiving() as server:
        firm = write_firm(tmp_path, server.port)
        server.replies = [Reply(500)] * 3
        narrated(firm)
        left_alone = narrated(firm, DRAFT + " Again.").row(0, named=True)
        assert len(server.posts) == 3
        assert "left alone after it failed" in left_alone["why_fallback"]
        server.replies = [said(BETTER)]
        assert narrated(firm, minutes=2)["answer"].to_list() == [BETTER]


def test_the_healthy_one_is_asked_first(tmp_path: Path) -> None:
    with receiving() as first, receiving() as second:
        firm = write_firm(tmp_path, first.port, second.port)
        first.replies, second.replies = [Reply(500)], [said(BETTER), said(BETTER)]
        narrated(firm)
        narrated(firm, DRAFT + " Again.")
    assert (len(first.posts), len(second.posts)) == (1, 2)


def test_nothing_that_says_who_somebody_is_leaves(tmp_path: Path) -> None:
    with receiving() as server:
        server.replies = [said("x")]
        text = (
            DRAFT
            + " jose nunez of ALDERMOOR  SHIPPING LTD, IBAN DE89 3704 0044 0532 0130 00; Aldermoor Holdings."
        )
        narrated(write_firm(tmp_path, server.port), text)
        ((headers, body),) = server.posts
    outside = json.dumps([headers, json.loads(body)], ensure_ascii=False).casefold()
    for name in ("aldermoor", "maeve", "brien", "nunez", "harrow", "496 0000", "0130", "j00001"):
        assert name not in outside, name
    assert "12,345.60" in outside, "what it is about does leave"


def test_names_are_put_back_into_what_it_writes(tmp_path: Path) -> None:
    with receiving() as server:
        firm = write_firm(tmp_path, server.port)
        with open_store(firm) as store:
            token = Models(firm, store).redactor.token("CLIENT", "Aldermoor Shipping Ltd")
        server.replies = [said(f"{token} brought EUR 12,345.60.")]
        assert narrated(firm)["answer"].to_list() == ["Aldermoor Shipping Ltd brought EUR 12,345.60."]


def test_nothing_leaves_where_nobody_knows_whom_to_keep_back(tmp_path: Path) -> None:
    with receiving() as server:
        firm = write_firm(tmp_path, server.port)
        pointer(firm).unlink()
        found = narrated(firm).row(0, named=True)
        assert server.posts == []
    assert (found["answer"], found["is_fallback"]) == (DRAFT, True)


@pytest.mark.parametrize("budget", ["0", "0.00001"])
def test_no_question_is_asked_that_the_budget_does_not_suffice_for(
    budget: str, tmp_path: Path, store_url: str
) -> None:
    with receiving() as server, receiving() as other:
        firm = write_firm(tmp_path, server.port, other.port, store=store_url, price="1", budget=budget)
        found = narrated(firm).row(0, named=True)
        assert (server.posts, other.posts) == ([], [])
    assert found["is_fallback"]
    assert "a month is spent" in found["why_fallback"]


def test_what_was_asked_is_paid_for_once_it_is_known(tmp_path: Path, store_url: str) -> None:
    with receiving() as server:
        server.replies = [said(BETTER, tokens=100), Reply(reset=True)]
        firm = write_firm(tmp_path, server.port, store=store_url, price="10", budget="0.05")
        narrated(firm)
        with open_store(firm) as store:
            assert spent_in(store, AS_OF) == Decimal("0.002"), "100 tokens in and 100 out at 10 a million"
        narrated(firm, DRAFT + " Again.")
        with open_store(firm) as store:
            assert Decimal("0.01") < spent_in(store, AS_OF) <= Decimal("0.05"), "what was cut off stays spent"


def test_a_narrative_is_put_better_where_its_numbers_stay(tmp_path: Path) -> None:
    drafted = pl.DataFrame(
        {
            "as_of": [AS_OF] * 2,
            "month": [AS_OF.replace(day=1)] * 2,
            "practice": [None, "Audit"],
            "paragraph": [DRAFT, "Audit was EUR 3,000 below plan, of which EUR 1,200 is fewer hours."],
            "model": ["drivers"] * 2,
            "model_version": ["1"] * 2,
        }
    )
    with receiving() as server:
        short = "Audit fell short by EUR 3,000, 40 % of it for want of hours."
        server.chooses = lambda asked: said(short if b"below plan" in asked else BETTER)
        firm = write_firm(tmp_path, server.port)
        tables = reword(firm, {"margin_narrative": drafted, "other": drafted}, as_of=AS_OF, moment=MOMENT)
    found = tables["margin_narrative"]
    assert tables["other"].equals(drafted)
    assert found["paragraph"].to_list() == [BETTER, drafted["paragraph"][1]]
    assert found["model"].to_list() == ["calm-1", "drivers"]


def drafts(count: int) -> list[str]:
    return [f"{DRAFT} Note {n}." for n in range(count)]


def test_questions_are_asked_side_by_side_and_answered_in_their_order(tmp_path: Path) -> None:
    """Eight that take 0.4 s each, of two endpoints that take two at once: two rounds, not eight."""
    with receiving() as server, receiving() as other:
        for each in (server, other):
            each.chooses = lambda asked: said(noted(asked), late=0.4)
        firm = write_firm(tmp_path, server.port, other.port, at_once=2)
        narrated(firm, "A word before: revenue rose.")  # so that what takes long to load is there
        began = monotonic()
        found = narrated(firm, *drafts(8))
        took = monotonic() - began
    assert found["answer"].to_list() == [f"It was EUR 12,345.60. Note {n}." for n in range(8)]
    assert (server.at_once, other.at_once) == (2, 2)
    assert took < 8 * 0.4 * 0.75


def noted(asked: bytes) -> str:
    """Better words that end as the note does."""
    (note,) = re.findall(r"Note \d+\.", asked.decode()) or ["It rose."]
    return f"It was EUR 12,345.60. {note}"


def test_however_many_are_asked_at_once_the_budget_is_kept(tmp_path: Path, store_url: str) -> None:
    """Each may cost what its bytes and its longest answer do: the month has enough for some of them."""
    with receiving() as server:
        server.chooses = lambda asked: said(noted(asked), tokens=10_000, late=0.1)
        firm = write_firm(tmp_path, server.port, store=store_url, price="10", budget="0.08", at_once=6)
        found = narrated(firm, *drafts(12))
        with open_store(firm) as store:
            spent = spent_in(store, AS_OF)
    asked = len(server.posts)
    assert 0 < asked < 12
    assert spent <= Decimal("0.08")
    assert found["is_fallback"].sum() == 12 - asked
    assert all("a month is spent" in why for why in found["why_fallback"].drop_nulls())


def test_one_that_fails_is_left_alone_by_those_that_wait(tmp_path: Path, store_url: str) -> None:
    """Of forty, those in flight and one trial after another until it is left alone, none after that."""
    with receiving() as server:
        server.chooses = lambda _: Reply(500, late=0.05)
        found = narrated(write_firm(tmp_path, server.port, store=store_url, at_once=4), *drafts(40))
    assert found["is_fallback"].all()
    assert 3 <= len(server.posts) <= 8
    assert server.at_once <= 4
