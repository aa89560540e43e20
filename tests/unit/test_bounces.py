"""What a notification of mail that came back says, whichever server wrote it; and what is none."""

from __future__ import annotations

import pytest

from opslayer.actions.bounces import Returned, returned
from tests.reminders import bounce

ID = "<0123@harrow.example>"
ADDRESS = "acme@client.example"


@pytest.mark.parametrize("given_back", ["message/rfc822", "text/rfc822-headers", "nothing"])
def test_what_came_back(given_back: str) -> None:
    said = "550 5.1.1 <acme@client.example>: user unknown"
    assert returned(bounce(ID, ADDRESS, given_back=given_back)) == [Returned(ID, ADDRESS, "5.1.1", f"{said}")]


def test_what_is_only_late_has_not_come_back() -> None:
    assert returned(bounce(ID, ADDRESS, action="delayed")) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Subject: Undelivered\r\n\r\nuser unknown",
        bounce(ID, ADDRESS).replace(b"message/delivery-status", b"text/plain"),
        bounce(ID, ADDRESS).replace(b"Final-Recipient", b"X-Recipient"),
        bounce(ID, ADDRESS)[:400],
    ],
)
def test_anything_else_says_nothing(content: bytes) -> None:
    assert returned(content) == []
