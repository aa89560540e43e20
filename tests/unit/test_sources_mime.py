"""A mail becomes a row whatever it holds; no script is ever part of it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opslayer.sources.mime import COLUMNS, message_row, text_of_html
from tests.mailing import mail


def row(content: bytes) -> dict[str, str | None]:
    return message_row(content, size=len(content), position="1", received=None)


def test_headers_text_and_attachments() -> None:
    message = EmailMessage()
    message["From"] = "Jürgen Maas <J.Maas@Maas.example>"
    message["To"] = "hello@firm.example"
    message["Subject"] = "Einführung: " + "sehr lang " * 20
    message["Date"] = "Sat, 14 Nov 2026 07:00:00 +0100"
    message["Message-ID"] = "<1@maas.example>"
    message["List-Unsubscribe"] = "<https://maas.example>"
    message.set_content("Guten Tag,\n\nzwei Zeilen.\n")
    message.add_attachment("a;b\n1;2\n", subtype="csv", filename="Maße.csv")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="scope.pdf")
    found = row(message.as_bytes())
    assert tuple(found) == COLUMNS
    assert (found["from_name"], found["from_address"]) == ("Jürgen Maas", "j.maas@maas.example")
    assert found["subject"] == "Einführung: " + ("sehr lang " * 20).strip()
    assert found["sent_at"] == found["received_at"] == "2026-11-14T06:00:00+00:00"
    assert found["body"] == "Guten Tag,\n\nzwei Zeilen."
    assert found["attachment_text"] == "a;b\n1;2"
    assert found["attachments"] == (
        '[{"name": "Maße.csv", "type": "text/csv", "size": 8}, '
        '{"name": "scope.pdf", "type": "application/pdf", "size": 8}]'
    )
    assert (found["list_unsubscribe"], found["is_truncated"], found["defects"]) == (
        "<https://maas.example>", "false", None,
    )  # fmt: skip


def test_received_is_the_servers_word_and_not_the_senders() -> None:
    lying = mail("x", more="Date: Mon, 01 Jan 2035 00:00:00 +0000\r\n")
    found = message_row(lying, size=len(lying), position="1", received=datetime(2026, 11, 14, tzinfo=UTC))
    assert (found["received_at"], found["sent_at"]) == (
        "2026-11-14T00:00:00+00:00",
        "2035-01-01T00:00:00+00:00",
    )


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script><p>Hello</p>",
        "<p onclick='alert(1)'>Hello</p><style>p {color: alert}</style>",
        "<head><title>alert</title></head><body>Hello<svg><script>alert(1)</script></svg></body>",
        "<p>Hello</p><p style='display:none'>alert</p><a href='javascript:alert(1)'></a>",
        "<!-- <script>alert(1)</script> -->Hello",
        "<SCRIPT SRC=//bad.example/alert.js></SCRIPT>Hello",
    ],
)
def test_no_script_and_nothing_hidden_is_read(html: str) -> None:
    content = b"From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html.encode()
    found = row(content)
    assert found["body"] == "Hello"
    assert not any("alert" in str(value) for value in found.values())


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b"Content-Type: text/plain; charset=klingon\r\n\r\ncaf\xc3\xa9", "café"),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\ncaf\xe9", "café"),
        (b"Content-Type: multipart/mixed\r\n\r\nno boundary at all", None),
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nabc", None),
        (b"no header\r\nat all", None),
        (b"", None),
        (b"Subject: =?utf-8?b?broken\r\nDate: when?\r\n\r\ntext", "text"),
        ("Content-Type: text/plain; charset=utf-8\r\n\r\nin\u202evis\u200bible\x07".encode(), "invisible"),
    ],
)
def test_broken_mails_are_rows(content: bytes, body: str | None) -> None:
    found = row(content)
    if body is not None:
        assert found["body"] == body
    assert found["message_key"]


def test_a_nest_of_parts_is_no_way_in() -> None:
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(5000)
    )
    assert row(b"Subject: deep\r\n" + head)["subject"] == "deep"
    assert text_of_html("<div>" * 20_000 + "x") in ("", "x")


def test_a_name_that_looks_like_an_address_is_not_the_sender() -> None:
    found = row(mail("x", sender='"accounts@client.example" <evil@other.example>'))
    assert found["from_address"] == "evil@other.example"


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_row(content: bytes) -> None:
    found = row(content)
    assert tuple(found) == COLUMNS
    assert all(value is None or value.encode() for value in found.values())


@given(st.text(max_size=500), st.text(max_size=200))
def test_any_text_in_any_header_is_a_row(html: str, header: str) -> None:
    line = " ".join(header.split())
    head = f"From: {line}\r\nSubject: {line}\r\nDate: {line}\r\nContent-Type: text/html; charset={line}"
    content = f"{head}\r\n\r\n{html}"
    assert tuple(row(content.encode("utf-8", "surrogatepass"))) == COLUMNS
