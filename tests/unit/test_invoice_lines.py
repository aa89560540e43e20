"""What an invoice says under any terms: never above a cap, a retainer drawn first, sums that add up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opslayer.actions.invoice.lines import (
    Billed,
    cents,
    credit_notes,
    deductions,
    milestone_bills,
    time_bills,
)
from opslayer.actions.invoice.tax import Tax, faults, tax_for, totals

DAY = date(2026, 10, 31)


def milestone(key: str, project: str = "p", amount: str = "100.00", **values: Any) -> dict[str, Any]:
    return {"milestone_id": key, "name": key, "project_id": project, "project_name": project, "party_id": "c",
            "currency": "EUR", "fx_rate": Decimal(1), "purchase_order": None, "amount": Decimal(amount),
            "completed_on": DAY, "status": "done", "invoice_number": None, "issued_on": None,
            **values}  # fmt: skip


def hours(amount: str, rate: str = "100", **values: Any) -> dict[str, Any]:
    return {"project_id": "p", "project_name": "p", "party_id": "c", "person_id": "e", "person_name": "Ada",
            "role": "Partner", "billing": "time_and_materials", "cap_amount": None, "retainer_amount": None,
            "purchase_order": None, "billed_before": Decimal(0), "billed_through": None,
            "month": date(2026, 10, 1), "period_end": DAY, "currency": "EUR", "fx_rate": Decimal(1),
            "hours": Decimal(amount), "rate": Decimal(rate), **values}  # fmt: skip


money = st.decimals(0, 10_000_000, places=2)


def test_one_invoice_a_project_with_a_line_a_milestone() -> None:
    first, second = milestone_bills(
        [milestone("b"), milestone("a", "q", "7.01"), milestone("a", amount="50")]
    )
    assert (first.project_id, [line.name for line in first.lines], first.net) == (
        "p",
        ["a", "b"],
        Decimal(150),
    )
    assert (second.project_id, dict(second.items)) == ("q", {"a": Decimal("7.01")})


@given(st.lists(st.tuples(st.sampled_from("pqr"), money), max_size=12))
def test_every_milestone_is_billed_once_and_lines_add_up(given: list[tuple[str, Decimal]]) -> None:
    rows = [milestone(str(n), project, str(amount)) for n, (project, amount) in enumerate(given)]
    bills = milestone_bills(rows)
    billed = [item for bill in bills for item in bill.items]
    assert sorted(billed) == sorted(row["milestone_id"] for row in rows)
    for bill in bills:
        assert bill.net == sum(line.amount for line in bill.lines) == sum(bill.items.values())


@given(
    st.lists(st.tuples(st.decimals("0.25", 400, places=2), st.decimals(1, 999, places=2)), min_size=1),
    money,
    money,
)
def test_a_cap_is_never_exceeded_whatever_was_billed_before(
    work: list[tuple[Decimal, Decimal]], cap: Decimal, before: Decimal
) -> None:
    rows = [
        hours(str(h), str(rate), billing="capped", cap_amount=cap, billed_before=before) for h, rate in work
    ]
    net = sum((bill.net for bill in time_bills(rows, {})), Decimal(0))
    (uncapped,) = time_bills([{**row, "billing": "time_and_materials"} for row in rows], {})
    value = uncapped.net
    assert net == max(min(value, cap - before), Decimal(0))
    assert net + before <= max(cap, before)


@given(money, money, money)
def test_a_retainer_is_drawn_first_and_only_the_rest_is_billed(
    value: Decimal, before: Decimal, retainer: Decimal
) -> None:
    taken = sum((line.amount for line in deductions(value, before, cap=None, retainer=retainer)), Decimal(0))
    left = max(retainer - before, Decimal(0))
    assert -taken == min(value, left)


def test_what_a_retainer_covers_is_carried_and_not_billed() -> None:
    assert time_bills([hours("5", billing="retainer", retainer_amount=Decimal(500))], {}) == []
    (bill,) = time_bills([hours("8", billing="retainer", retainer_amount=Decimal(500))], {})
    assert [(line.name, str(line.amount)) for line in bill.lines] == [
        ("Ada, Partner", "800.00"),
        ("Drawn from the retainer", "-500.00"),
    ]


def test_hours_we_have_billed_count_against_the_cap_and_not_again() -> None:
    rows = [
        hours(str(n), billing="capped", cap_amount=Decimal(900), month=date(2026, month, 1))
        for n, month in ((6, 9), (5, 10))
    ]
    (bill,) = time_bills(rows, {"p": date(2026, 9, 30)})
    assert bill.net == 300
    assert bill.delivered == (date(2026, 10, 1), DAY)
    assert time_bills(rows, {"p": DAY}) == []


@given(money, st.decimals(0, 100, places=1))
def test_totals_are_rounded_where_the_standard_rounds(net: Decimal, rate: Decimal) -> None:
    """BR-CO-14, 15, 16, 17: one rounding, of the category's tax; the rest are sums."""
    found = totals(net, Tax("S", rate))
    assert found.tax == cents(net * rate / 100)
    assert abs(found.tax - net * rate / 100) <= Decimal("0.005")
    assert found.total == found.net + found.tax


@pytest.mark.parametrize(
    ("seller", "buyer", "tax_id", "category", "code"),
    [
        ("IE", "IE", None, "S", None),
        ("IE", "DE", "DE1", "AE", "VATEX-EU-AE"),
        ("IE", "GR", "EL1", "AE", "VATEX-EU-AE"),
        ("IE", "GB", "GB1", "O", "VATEX-EU-O"),
        ("IE", "US", None, "O", "VATEX-EU-O"),
        ("GB", "GB", None, "S", None),
        ("GB", "IE", None, "O", "VATEX-EU-O"),
        ("US", "DE", "DE1", "O", "VATEX-EU-O"),
    ],
)
def test_tax_by_where_seller_and_client_are(
    seller: str, buyer: str, tax_id: str | None, category: str, code: str | None
) -> None:
    client = {"country": buyer, "tax_id": tax_id}
    found = tax_for(client, country=seller, rate=Decimal(23))
    assert (found.category, found.reason_code, found.rate == 0) == (category, code, category != "S")
    assert faults(client, country=seller) == []
    assert ("Reverse charge" in found.note) == (category == "AE")


def test_a_rate_of_nothing_is_zero_rated_or_says_why_it_is_exempt() -> None:
    home = {"country": "IE", "tax_id": None}
    assert tax_for(home, country="IE", rate=Decimal(0)).category == "Z"
    exempt = tax_for(home, country="IE", rate=Decimal(0), exemption="Article 132")
    assert (exempt.category, exempt.reason) == ("E", "Article 132")


@pytest.mark.parametrize(
    ("country", "tax_id", "said"),
    [
        ("DE", None, "no tax id"),
        ("DE", "HRB 1", "begins with DE"),
        ("GR", "GR1", "EL"),
        (None, None, "country"),
    ],
)
def test_a_client_whose_tax_nobody_can_tell(country: str | None, tax_id: str | None, said: str) -> None:
    (found,) = faults({"country": country, "tax_id": tax_id}, country="IE")
    assert said in found


OURS = Billed("a", Decimal("100.00"), "INV-1", DAY)


@pytest.mark.parametrize(
    ("row", "ours", "credited", "number"),
    [
        (milestone("a"), OURS, None, None),
        (milestone("a", status="reopened"), OURS, "100.00", "INV-1"),
        (milestone("a", status="cancelled"), OURS, "100.00", "INV-1"),
        (milestone("a", amount="70.00"), OURS, "30.00", "INV-1"),
        (milestone("a", amount="130"), OURS, None, None),
        (milestone("a", invoice_number="INV-1"), OURS, None, None),  # the books show ours
        (milestone("a", invoice_number="E-9"), OURS, "100.00", "INV-1"),  # the books bill it too
        (milestone("a", status="reopened", invoice_number="E-9", issued_on=DAY), None, "100.00", "E-9"),
        (milestone("a", status="reopened"), None, None, None),
        (milestone("a", status="reopened"), Billed("a", Decimal(0), "CN-1", DAY, 1, 1), None, None),
        (milestone("a", status="reopened", invoice_number="E-9", issued_on=DAY),
         Billed("a", Decimal(-100), "CN-1", DAY, 0, 1), None, None),
    ],
)  # fmt: skip
def test_what_is_billed_and_not_owed_is_credited_once(
    row: dict[str, Any], ours: Billed | None, credited: str | None, number: str | None
) -> None:
    notes = credit_notes([row], {"a": ours} if ours else {})
    assert [str(note.net) for note in notes] == ([credited] if credited else [])
    assert [note.corrects.number for note in notes if note.corrects] == ([number] if number else [])
