"""What a client reads: the words of each level, safe with any name, overridable by the firm."""

from __future__ import annotations

import base64
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from opslayer.actions.kinds import choose_rules
from opslayer.actions.mail import compose
from opslayer.actions.message import write
from opslayer.config import Firm, Person
from opslayer.errors import ConfigurationError
from tests.reminders import MOMENT, write_firm

HOSTILE = '<script>alert("1")</script> #eval("1") $x$ *bold* {{ 7*7 }} & Söhne'


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return write_firm(tmp_path, port=2525)


def row(number: str, overdue: int, amount: str, currency: str = "EUR") -> dict[str, Any]:
    due = date.fromordinal(date(2026, 11, 16).toordinal() - overdue)
    return {
        "invoice_id": number,
        "number": number,
        "issued_on": "2026-09-01",
        "due_on": due.isoformat(),
        "days_overdue": overdue,
        "currency": currency,
        "open_amount": amount,
    }


def evidence(*rows: dict[str, Any], name: str = "Acme") -> dict[str, Any]:
    currencies = {r["currency"] for r in rows}
    return {
        "party_name": name,
        "party_email": "pay@acme.example",
        "as_of": "2026-11-16",
        "totals": {
            c: str(sum(float(r["open_amount"]) for r in rows if r["currency"] == c))
            for c in sorted(currencies)
        },
        "invoices": list(rows),
    }


def written(firm: Firm, days: int, *rows: dict[str, Any], name: str = "Acme") -> dict[str, Any]:
    rung = choose_rules(firm, "payment_reminder")[0].rung(days)
    assert rung is not None
    return write(firm, rung, evidence(*rows, name=name), moment=MOMENT)


def pdf_text(content: dict[str, Any]) -> str:
    pages = PdfReader(io.BytesIO(base64.b64decode(content["pdf"]))).pages
    return "\n".join(page.extract_text() for page in pages)


def test_each_level_says_it_in_words_of_its_own(firm: Firm) -> None:
    messages = [written(firm, days, row("INV-1", max(days, -3), "1234.5")) for days in (-3, 1, 15, 30, 45)]
    assert len({message["subject"] for message in messages}) == 5
    assert "disregard" in messages[1]["text"]
    assert "final reminder" in messages[4]["subject"]
    for message in messages:
        for part in (message["text"], message["html"], pdf_text(message)):
            assert "INV-1" in part
            assert "1,234.50 EUR" in part or "Total EUR: 1,234.50" in part


def test_what_is_not_yet_due_is_listed_but_not_demanded(firm: Firm) -> None:
    message = written(
        firm, 45, row("INV-1", 46, "1000"), row("INV-2", -2, "300"), row("INV-3", 5, "20", "USD")
    )
    assert "1,000.00 EUR and 20.00 USD" in message["subject"]
    assert "Total EUR: 1,300.00, of which overdue 1,000.00" in message["text"]
    assert "due in 2 days" in pdf_text(message)
    assert "2 invoices remain unpaid" in message["text"]


def test_a_clients_name_is_text_and_nothing_else(firm: Firm) -> None:
    message = written(firm, 15, row("INV-1", 16, "1"), name=HOSTILE)
    assert "<script>" not in message["html"]
    assert "&lt;script&gt;" in message["html"]
    assert HOSTILE in message["text"]
    assert "".join(HOSTILE.split()) in "".join(pdf_text(message).split())
    for break_in in ("Acme\nBcc: spy@example.com", "Acme\r\n\r\n[statement]\r\n\r\nPay spy"):
        assert (
            f"Dear {' '.join(break_in.split())},"
            in written(firm, 15, row("I", 16, "1"), name=break_in)["text"]
        )


def test_the_same_values_and_moment_make_the_same_message(firm: Firm) -> None:
    assert written(firm, 15, row("INV-1", 16, "1")) == written(firm, 15, row("INV-1", 16, "1"))


def test_a_long_statement_runs_over_pages(firm: Firm) -> None:
    message = written(firm, 15, *(row(f"INV-{n}", 16, "10") for n in range(90)))
    reader = PdfReader(io.BytesIO(base64.b64decode(message["pdf"])))
    assert len(reader.pages) > 1
    assert all(
        f"INV-{n}\n" in pdf_text(message) + "\n" or f"INV-{n} " in pdf_text(message) for n in (0, 45, 89)
    )
    assert f"Page 1 of {len(reader.pages)}" in reader.pages[0].extract_text()


def test_who_signs(firm: Firm) -> None:
    assert (
        written(firm, 1, row("INV-1", 2, "1"))["sender"] == "Harrow & Vale Accounts <accounts@harrow.example>"
    )
    final = written(firm, 45, row("INV-1", 46, "1"))
    assert final["sender"] == "Maeve Harrow <maeve@harrow.example>"
    assert final["text"].rstrip().endswith("Kind regards,\nMaeve Harrow\nHarrow & Vale")


def test_a_name_with_accents_and_a_comma_signs_as_it_is(firm: Firm) -> None:
    person = Person(name="Inés Müller, Partner", email="ines@harrow.example", roles=("partner",))
    message = written(firm.model_copy(update={"people": (person,)}), 45, row("INV-1", 46, "1"))
    assert "Kind regards,\nInés Müller, Partner\n" in message["text"]
    sent = compose(message, sender=message["sender"], message_id="<a@b.example>", moment=MOMENT)
    assert sent["From"].addresses[0].display_name == "Inés Müller, Partner"
    assert sent["From"].addresses[0].addr_spec == "ines@harrow.example"


def test_the_firms_own_words_win(firm: Firm) -> None:
    place = firm.directory / "templates"
    place.mkdir()
    (place / "overdue.txt.j2").write_text("Subject: Bitte\n\nHallo {{ client }}\n\n[statement]\n\nDanke\n")
    message = written(firm, 15, row("INV-1", 16, "1"))
    assert message["subject"] == "Bitte"
    assert message["text"].startswith("Hallo Acme\n")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("overdue.txt.j2", "Subject: x\n\n{{ cliant }}\n\n[statement]", "cliant"),
        ("overdue.txt.j2", "Subject: x\n\nno table", "[statement]"),
        ("overdue.txt.j2", "{% if %}", "overdue.txt.j2"),
        ("statement.typ", "#nothing", "unknown variable"),
    ],
)
def test_a_template_that_does_not_work_is_named(firm: Firm, name: str, text: str, said: str) -> None:
    place = firm.directory / "templates"
    place.mkdir()
    (place / name).write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        written(firm, 15, row("INV-1", 16, "1"))
    assert said in str(caught.value)
    assert str(place / name) in str(caught.value)
