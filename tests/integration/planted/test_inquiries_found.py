"""The weekend's inquiries, found among the rest without the answer key; and what they ask for."""

from __future__ import annotations

from collections.abc import Callable
from email import policy
from email.parser import BytesParser
from typing import Any

import polars as pl
import pytest

from opslayer import demo
from opslayer.intelligence import inquiry
from opslayer.warehouse import open_layer
from tests.planted import Planted

SEEDS = pytest.mark.parametrize("seed", [1, 2, 3])
FIELDS = ("hours", "people", "weeks", "budget")


@pytest.fixture
def read(
    planted: Callable[[int], Planted], seed: int
) -> tuple[dict[str, pl.DataFrame], list[dict[str, Any]]]:
    """What the layer makes of the mail of a seed's firm, and the answers."""
    case = planted(seed)
    with open_layer(case.firm) as layer:
        found = inquiry.run(layer, as_of=demo.AS_OF, zone=case.firm.zone)
    answers: list[dict[str, Any]] = case.answers["mailbox"]
    for answer in answers:
        path = case.firm.directory / "mailbox" / "new" / answer["file"]
        answer["subject"] = str(BytesParser(policy=policy.default).parsebytes(path.read_bytes())["Subject"])
    return found, answers


Read = tuple[dict[str, pl.DataFrame], list[dict[str, Any]]]


def subjects(answers: list[dict[str, Any]], verdict: str) -> set[str]:
    return {answer["subject"] for answer in answers if answer["verdict"] == verdict}


@SEEDS
def test_every_inquiry_is_found_with_few_false_alarms(read: Read) -> None:
    found, answers = read
    named = set(inquiry.inquiries(found["inquiry"])["subject"])
    assert len(found["inquiry"]) == len(answers)
    assert subjects(answers, "inquiry") <= named
    assert len(named - subjects(answers, "inquiry")) <= len(named) / 5
    unclear = set(inquiry.for_a_person(found["inquiry"])["subject"])
    assert subjects(answers, "unclear") <= unclear
    assert not subjects(answers, "unclear") & named


@SEEDS
def test_what_is_wanted_is_what_the_mails_say(read: Read) -> None:
    found, answers = read
    rows = {row["subject"]: row for row in inquiry.inquiries(found["inquiry"]).to_dicts()}
    quotes = found["inquiry_fact"].group_by("message_id").agg("field")
    said = {row["message_id"]: set(row["field"]) for row in quotes.to_dicts()}
    for answer in answers:
        if answer["verdict"] != "inquiry":
            continue
        row, wanted = rows[answer["subject"]], answer["wanted"]
        assert {field: row[field] for field in FIELDS if row[field] is not None} == {
            field: wanted[field] for field in FIELDS if field in wanted
        }
        assert row["currency"] == (wanted.get("currency", "EUR") if "budget" in wanted else None)
        assert set(wanted) <= said[row["message_id"]]  # each with the words it was read from


@SEEDS
def test_who_is_a_client_is_matched_and_who_is_not_is_a_lead(read: Read) -> None:
    found, _ = read
    named = inquiry.inquiries(found["inquiry"])
    (known,) = named.filter(pl.col("match") != "new lead").to_dicts()
    assert known["subject"] == "Next phase"
    assert known["from_address"].endswith("@" + known["from_address"].split("@")[1])
    assert known["party_name"] == known["from_name"]
    assert named["practice"].null_count() == 0
    assert set(named["language"]) == {"en", "de", "fr"}


@SEEDS
def test_the_injected_mail_is_noise_and_nothing_of_it_is_believed(read: Read) -> None:
    found, _ = read
    (injected,) = found["inquiry"].filter(subject="Partnership").to_dicts()
    assert (injected["verdict"], injected["budget"], injected["qualifies"]) == ("noise", None, False)
    assert "orders" in injected["reasons"]
    (scripted,) = found["inquiry"].filter(subject="Dashboards").to_dicts()
    assert "script" not in str(scripted).casefold()


@SEEDS
def test_capacity_is_that_of_the_skill_in_that_week(
    read: Read, planted: Callable[[int], Planted], seed: int
) -> None:
    found, _ = read
    rows = found["inquiry_capacity"]
    assert set(rows["message_id"]) <= set(inquiry.inquiries(found["inquiry"])["message_id"])
    with open_layer(planted(seed).firm) as layer:
        free = layer.query("skill_capacity").select(
            "skill", "week_start", pl.col("free_hours").cast(pl.Float64)
        )
    joined = rows.join(free, on=["skill", "week_start"], suffix="_mart")
    assert len(joined) == len(rows) > 0
    assert joined["free_hours"].to_list() == joined["free_hours_mart"].to_list()
