"""From a finished milestone to the client's mailbox: drafted, approved, numbered, sent; on both engines."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from opslayer import actions
from opslayer.actions.invoice import electronic
from opslayer.actions.invoice.register import issued_invoices
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.store import InvoiceSeries, IssuedInvoice, open_store
from tests.billing import MAEVE, Milestone, Work, billing_firm
from tests.reminders import MOMENT, received, serving

CLIENT = "acme@client.example"


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def work(store_url: str, tmp_path: Path, mail: Path) -> Iterator[Work]:
    with serving(mail) as server, open_store(store_url) as store:
        firm = billing_firm(tmp_path / "firm", store=store_url, port=server.port)
        made = Work(
            firm, store, [Milestone("a"), Milestone("b", amount="2000.50"), Milestone("c", status="open")]
        )
        made.publish()
        yield made
        assert made.layer is not None
        made.layer.close()


def numbers(work: Work) -> list[str]:
    return issued_invoices(work.store)["number"].to_list()[::-1]


def test_what_arrives_is_the_invoice_that_was_approved(work: Work, mail: Path) -> None:
    (draft,) = work.propose()
    assert (draft.party_name, draft.amount, draft.reason) == ("Acme", Decimal("3000.50"), None)
    assert set(draft.evidence["items"]) == {"a", "b"}
    assert work.dispatch() == []
    assert work.approve(draft.id).state == "approved"
    (sent,) = work.dispatch()
    assert (sent.state, sent.title) == ("sent", "Acme: INV-2026-00001, invoice, Site")
    (message,) = received(mail, CLIENT)
    assert message["Subject"] == "Invoice INV-2026-00001 from Harrow & Vale"
    attached = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
    assert set(attached) == {"INV-2026-00001.pdf", "INV-2026-00001.xml"}
    embedded = electronic.extract(attached["INV-2026-00001.pdf"])
    assert embedded == attached["INV-2026-00001.xml"]
    assert electronic.faults(embedded) == []
    text = embedded.decode()
    for told in ("INV-2026-00001", "3000.50", "690.12", "3690.62", "IE6388047V", "20261216"):
        assert told in text
    folder = work.firm.var / "invoices" / "INV-2026-00001"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == attached
    body = message.get_body(("plain",))
    assert body is not None
    assert "3,690.62 EUR" in body.get_content()
    assert work.dispatch() == []
    assert actions.verify(work.store).holds


def test_nothing_is_drafted_or_billed_twice(work: Work) -> None:
    (draft,) = work.propose()
    assert work.propose() == []
    work.approve(draft.id)
    assert work.propose() == []
    work.dispatch()
    work.change("c", status="done")
    work.publish()
    (second,) = work.propose()
    assert set(second.evidence["items"]) == {"c"}
    work.approve(second.id)
    assert numbers(work) == ["INV-2026-00001", "INV-2026-00002"]


def test_a_draft_makes_way_for_one_with_what_was_finished_since(work: Work) -> None:
    (draft,) = work.propose()
    work.change("c", status="done")
    work.publish()
    (wider,) = work.propose()
    assert set(wider.evidence["items"]) == {"a", "b", "c"}
    assert work.state(draft.id)[0] == "cancelled"


def test_a_rejected_draft_takes_no_number(work: Work) -> None:
    work.milestones = [Milestone("a"), Milestone("z", project="other")]
    work.projects["other"] = {}
    work.publish()
    first, second = work.propose()
    assert first.id is not None
    actions.reject(work.firm, work.store, first.id, person=MAEVE, reason="not yet", moment=MOMENT)
    work.approve(second.id)
    assert numbers(work) == ["INV-2026-00001"]
    assert work.propose() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "reopened"}, "is reopened now"),
        ({"amount": "10.00"}, "was worth 1000.00, now 10.00"),
        ({"books_invoice": "E-7"}, "billed by the books, on E-7"),
    ],
)
def test_what_changed_since_the_draft_is_not_approved_and_takes_no_number(
    work: Work, change: dict[str, str], said: str
) -> None:
    (draft,) = work.propose()
    work.change("a", **change)
    work.publish()
    with pytest.raises(GuardrailHeld, match=said):
        work.approve(draft.id)
    assert work.state(draft.id)[0] == "cancelled"
    assert numbers(work) == []


def test_what_the_books_bill_is_not_drafted(work: Work) -> None:
    work.change("a", books_invoice="E-7")
    work.publish()
    (draft,) = work.propose()
    assert set(draft.evidence["items"]) == {"b"}


def test_the_books_show_our_invoice_and_it_is_the_same(work: Work) -> None:
    (draft,) = work.propose()
    work.approve(draft.id)
    for key in "ab":
        work.change(key, books_invoice="INV-2026-00001")
    work.publish()
    assert work.propose() == []
    work.dispatch()
    assert work.state(draft.id)[0] == "sent"


def test_a_milestone_the_books_bill_too_is_credited(work: Work) -> None:
    (draft,) = work.propose()
    work.approve(draft.id)
    work.change("a", books_invoice="E-7")
    work.publish()
    (note,) = work.propose()
    assert (note.rung, note.amount) == ("Credit note", Decimal("1000.00"))
    assert "the books bill it too, on E-7" in note.evidence["rows"][0]["note"]


def test_reopened_after_invoicing_is_credited_once_and_never_billed_twice(work: Work, mail: Path) -> None:
    """Bad input: what was done, and billed, is not done after all."""
    (draft,) = work.propose()
    work.approve(draft.id)
    work.dispatch()
    work.change("a", status="reopened", completed_on=None)
    work.publish()
    (note,) = work.propose()
    assert (note.rung, note.amount, note.evidence["corrects"]["number"]) == (
        "Credit note", Decimal("1000.00"), "INV-2026-00001",
    )  # fmt: skip
    work.change("a", status="done", completed_on=date(2026, 11, 15))
    work.publish()
    assert work.propose() == []  # done again, billed already: no second invoice, and nothing to credit
    assert work.state(note.id)[0] == "cancelled"
    work.change("a", status="reopened", completed_on=None)
    work.publish()
    (again,) = work.propose()
    assert again.id == note.id
    work.approve(again.id)
    assert work.propose() == []
    work.dispatch()
    *_, credit = received(mail, CLIENT)
    assert credit["Subject"] == "Credit note CN-2026-00001 from Harrow & Vale"
    xml = next(p.get_content() for p in credit.iter_attachments() if p.get_content_subtype() == "xml")
    assert electronic.faults(xml) == []
    assert b"381" in xml
    assert b"INV-2026-00001" in xml
    work.change("a", status="done", completed_on=date(2026, 11, 15))
    work.publish()
    (fresh,) = work.propose()  # credited whole, so owed again
    assert set(fresh.evidence["items"]) == {"a"}
    work.approve(fresh.id)
    assert numbers(work) == ["INV-2026-00001", "CN-2026-00001", "INV-2026-00002"]


def test_one_of_the_books_that_was_reopened_is_credited_once(work: Work) -> None:
    work.change("a", status="reopened", books_invoice="E-7")
    work.publish()
    invoice, note = work.propose()
    assert set(invoice.evidence["items"]) == {"b"}
    assert note.evidence["corrects"]["number"] == "E-7"
    work.approve(note.id)
    assert work.propose() == []


def test_an_issued_invoice_is_binding(work: Work) -> None:
    """It cannot be taken back or lapse; what stands against it now holds its mail, with the reason."""
    (draft,) = work.propose()
    work.approve(draft.id)
    with pytest.raises(UsageError, match="approved for good"):
        actions.reject(work.firm, work.store, draft.id or 0, person=MAEVE, reason="no", moment=MOMENT)
    work.change("a", status="reopened")
    work.publish()
    work.dispatch()
    assert work.state(draft.id) == ("held", "milestone a was done and is reopened now")
    late = MOMENT + timedelta(days=40)
    work.change("a", status="done")
    work.publish(moment=late)
    work.dispatch(moment=late)
    assert work.state(draft.id)[0] == "sent"


@pytest.mark.parametrize(
    ("client", "rate", "terms", "said"),
    [
        ({}, "23", {"CategoryCode": "S", "RateApplicablePercent": "23"}, "VAT 23%"),
        ({}, '0\nexemption = "Article 132"', {"CategoryCode": "E", "ExemptionReason": "Article 132"}, "132"),
        ({}, "0", {"CategoryCode": "Z", "RateApplicablePercent": "0"}, "VAT 0%"),
        ({"country": "DE", "tax_id": "DE136695976"}, "23",
         {"CategoryCode": "AE", "ExemptionReasonCode": "VATEX-EU-AE", "ExemptionReason": "Reverse charge"},
         "196 of Directive"),
        ({"country": "US", "tax_id": None}, "23",
         {"CategoryCode": "O", "ExemptionReasonCode": "VATEX-EU-O", "ExemptionReason": "Not subject to VAT"},
         "outside the European Union"),
        ({"country": "GB", "tax_id": "GB980780684"}, "23", {"CategoryCode": "O"}, "Article 44"),
    ],
)  # fmt: skip
def test_each_case_of_tax_keeps_to_the_standard(
    tmp_path: Path, client: dict[str, str | None], rate: str, terms: dict[str, str], said: str
) -> None:
    with open_store("sqlite://") as store:
        firm = billing_firm(tmp_path / "firm", store="sqlite://", tax_rate=rate)
        work = Work(firm, store, [Milestone("a")], clients={"acme": client})
        with work.publish():
            (draft,) = work.propose()
            assert draft.evidence["faults"] == []
            number = work.approve(draft.id).id
            with store.reading() as session:
                issued = session.scalars(select(IssuedInvoice)).one()
                pdf, xml = issued.pdf, issued.xml
            assert electronic.faults(xml) == []
            for name, value in terms.items():
                assert f"<ram:{name}>{value}</ram:{name}>" in xml.decode()
            text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
            assert said in " ".join(text.split())
            assert number


@pytest.mark.parametrize(
    ("client", "said"),
    [
        ({"country": "DE", "tax_id": None}, "no tax id"),
        ({"country": None}, "country is not known"),
        ({"email": "no address"}, "not one e-mail address"),
        ({"country": "QQ", "tax_id": "QQ1"}, "CountryID"),
    ],
)
def test_a_client_that_cannot_be_billed_is_said_and_takes_no_number(
    work: Work, client: dict[str, str | None], said: str
) -> None:
    work.clients["acme"] = client
    work.publish()
    (draft,) = work.propose()
    assert said in str(draft.reason)
    with pytest.raises(GuardrailHeld, match=said):
        work.approve(draft.id)
    assert numbers(work) == []


def test_time_is_billed_by_contract_and_its_month_once(work: Work) -> None:
    work.milestones = []
    work.projects["site"] = {"billing": "time_and_materials"}
    work.contracts = [
        {"project_id": "site", "billing": "capped", "cap_amount": 1500, "purchase_order": "PO-9",
         "billed_through": date(2026, 9, 30)}
    ]  # fmt: skip
    work.hours = [("site", date(2026, 9, 10), "8"), ("site", date(2026, 10, 12), "9"),
                  ("site", date(2026, 11, 3), "4")]  # fmt: skip
    work.publish()
    (draft,) = work.propose()
    assert [(row["name"], row["amount"]) for row in draft.evidence["rows"]] == [
        ("Ada, Partner", "900.00"),
        ("Above the agreed cap of 1,500.00", "-200.00"),
    ]
    work.approve(draft.id)
    assert work.propose() == []
    work.contracts[0]["billed_through"] = date(2026, 10, 31)
    work.publish()
    assert work.propose() == []


def test_approvals_at_once_take_consecutive_numbers(work: Work) -> None:
    work.milestones = [Milestone(f"m{n}", project=f"p{n}") for n in range(8)]
    work.projects = {f"p{n}": {} for n in range(8)}
    work.publish()
    drafts = work.propose()
    failures: list[BaseException] = []

    def approve(number: int | None) -> None:
        try:
            work.approve(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=approve, args=(draft.id,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(numbers(work)) == [f"INV-2026-{n:05d}" for n in range(1, 9)]


def test_an_approval_that_fails_after_the_number_leaves_no_gap(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    (draft,) = work.propose()
    with monkeypatch.context() as patch:
        patch.setattr("opslayer.actions.invoice.electronic.embed", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            work.approve(draft.id)
    with work.store.reading() as session:
        assert session.scalars(select(InvoiceSeries)).all() == []
    assert work.state(draft.id)[0] == "proposed"
    work.approve(draft.id)
    assert numbers(work) == ["INV-2026-00001"]


def test_a_firm_that_does_not_bill_drafts_nothing(work: Work) -> None:
    work.firm = work.firm.model_copy(update={"billing": None})
    assert work.propose() == []


def test_an_issued_invoice_is_drawn_again_byte_for_byte(work: Work) -> None:
    """From its own snapshot and the register as it was, whatever was billed or published since."""
    work.projects["hours"] = {"billing": "time_and_materials"}
    work.hours = [("hours", date(2026, 10, 5), "8")]
    work.publish()
    for draft in work.propose():
        work.approve(draft.id)
    work.change("a", amount="1.00")
    work.publish(moment=MOMENT + timedelta(hours=1))
    (credit,) = work.propose(MOMENT + timedelta(hours=1))
    work.approve(credit.id, moment=MOMENT + timedelta(hours=1))
    for number in (1, 2, credit.id or 0):
        proof = actions.prove(work.firm, work.store, number)
        assert (proof.failure, proof.is_drawn_again) == (None, True)
        (document,) = proof.documents
        assert document.how == "byte for byte"
        assert document.terms > 40


def test_a_term_of_an_issued_invoice_that_its_rows_do_not_give_is_named(work: Work) -> None:
    (draft,) = work.propose()
    work.approve(draft.id)
    with work.store.session() as session:
        issued = session.scalars(select(IssuedInvoice)).one()
        issued.xml = issued.xml.replace(b"2000.50", b"2000.60")
        issued.total += 1
    proof = actions.prove(work.firm, work.store, draft.id or 0)
    said = proof.failure or ""
    assert "ChargeAmount: issued 2000.60, drawn again 2000.50" in said
    assert "total in the register: 3691.62, drawn again 3690.62" in said
    assert "is not the file that the trail says was issued" in said
