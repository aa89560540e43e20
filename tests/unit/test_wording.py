"""What counts as an amount in words that a person edits."""

from __future__ import annotations

import pytest

from opslayer.actions.rendering import Words
from opslayer.actions.wording import amounts, unified


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("INV-7: 1,234.50 EUR, due 1 October 2026", {"1,234.50"}),
        ("pay 20000 eur or €300 by Friday", {"20000", "300"}),
        ("only 450 euros, with 2 % off or 5 per cent", {"450", "2", "5"}),
        ("20 000 EUR", {"000"}),  # in parts is not as it was drafted either
        ("1.234,50 is open, 12.00 too.", {"1.234,50", "12.00"}),
        ("call 01 5550100 on 23 November 2026 at 10:30, room 12", set()),
    ],
)
def test_amounts_and_shares_are_found_and_days_are_not(text: str, found: set[str]) -> None:
    assert amounts(text) == found


def test_a_difference_names_the_sentence_and_not_its_paragraph() -> None:
    before = Words("Due", "Dear Ann,\n\nYou owe us. Please pay. Thank you.\n")
    after = Words("Due", "Dear Ann,\n\nYou owe us. Could you pay? Thank you.\n")
    assert unified(before, after).splitlines()[3:] == [
        " You owe us.",
        "-Please pay.",
        "+Could you pay?",
        " Thank you.",
    ]
