"""What says who somebody is becomes a token before it leaves, and itself again after; numbers are facts."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opslayer.modelops.facts import invented
from opslayer.modelops.privacy import TOKEN, Redactor, name_parts

NAMES = {"CLIENT": ["Aldermoor Ltd", "Müller & Söhne", "Aldermoor"], "PERSON": name_parts("Maeve O'Brien-Úr")}
REDACTOR = Redactor(NAMES, b"key", "GB")
LEAKS = [
    "Aldermoor Ltd", "ALDERMOOR  ltd", "Müller & Söhne", "Muller & Sohne", "maeve", "O'Brien-Úr",
    "Maeve O'Brien-Ur",
    "a.b@firm.example", "https://firm.example/x?y=1", "DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111",
    "DE123456789", "ledger:J00001", "+44 20 7946 0958", "020 7946 0958", "(0161) 496 0000", "+49 170 5551234",
    "Alder\u200bmoor Ltd",
]  # fmt: skip
HARMLESS = [
    "EUR 12,345.60", "1,234,567.89", "45 %", "2026-11-16", "01.02.2026", "10:30", "in 2026", "0.5 hours",
    "the matter", "Q3/2026",
]  # fmt: skip


@pytest.mark.parametrize("leak", LEAKS)
def test_who_somebody_is_becomes_a_token(leak: str) -> None:
    sent = REDACTOR.redact(f"We wrote to {leak} about it.")
    assert TOKEN.sub("", sent.text) == "We wrote to  about it."
    assert sent.restore(sent.text) == f"We wrote to {leak} about it.".replace("\u200b", "")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_it_is_about_stays(text: str) -> None:
    assert REDACTOR.redact(f"It was {text} then.").text == f"It was {text} then."


def test_one_value_is_one_token_and_another_key_makes_another() -> None:
    first, second = (REDACTOR.redact(f"{text} x").text for text in ("Aldermoor Ltd", "aldermoor  LTD"))
    assert first == second
    assert Redactor(NAMES, b"other", "GB").redact("Aldermoor Ltd x").text != first


def same(text: str) -> str:
    """As it is told from others: whatever its capitals and spaces."""
    return " ".join(text.casefold().split())


@settings(max_examples=500)
@given(st.lists(st.sampled_from([*LEAKS[:-1], *HARMLESS, " and ", ", ", "\n"]), max_size=12))
@example(["Aldermoor Ltd", "ALDERMOOR  ltd"])
def test_whatever_stands_beside_what_nothing_is_lost_and_nothing_leaks(parts: list[str]) -> None:
    text = " ".join(parts)
    sent = REDACTOR.redact(text)
    assert same(sent.restore(sent.text)) == same(text)
    outside = TOKEN.sub("", sent.text).casefold()
    for name in ("aldermoor", "müller", "muller", "maeve", "brien", "@", "0130", "1111", "j00001", "7946"):
        assert name not in outside


def test_a_token_that_was_never_given_is_told() -> None:
    sent = REDACTOR.redact("Aldermoor Ltd pays.")
    assert sent.unknown(sent.text) == set()
    assert sent.unknown(f"{sent.text} ⟦CLIENT-0123456789ab⟧") == {"⟦CLIENT-0123456789ab⟧"}


GIVEN = (
    "Revenue was EUR 12,345.60 in 2026-11, 45 % above plan; 3 projects, a third of them late; minus 1’000."
)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("12345.6 in 11/2026", set()),
        ("12.345,60 in 2026", set()),
        ("forty-five percent, three projects, a third", set()),
        ("one of them, and no one else; 1,000", set()),
        ("about 12,346", {"12,346"}),
        ("46 %", {"46"}),
        ("it halved", {"halved"}),
        ("two hundred and five", {"two hundred five"}),
        ("one client pays", {"one"}),
        ("0.45 of it", {"0.45"}),
        ("1.2.3", {"1.2.3"}),
        ("⟦CLIENT-0123456789ab⟧ pays", set()),
    ],
)
def test_a_number_that_was_not_given_is_found(text: str, numbers: set[str]) -> None:
    assert invented(text, GIVEN) == numbers
