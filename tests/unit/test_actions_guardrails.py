"""Each guardrail alone: what holds a message, and whether for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from opslayer.actions import KINDS
from opslayer.actions.guardrails import Case, Situation, examine
from opslayer.actions.kinds import choose_rules
from opslayer.actions.limits import Usage
from tests.reminders import MOMENT, write_firm

STANDING: dict[str, Any] = {
    "status": "open",
    "is_disputed": False,
    "party_email": "pay@acme.example",
    "open_amount": Decimal("100.00"),
    "paid": Decimal(0),
    "credited": Decimal(0),
}


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A message that nothing stands against."""
    evidence = {
        "rule": "payment_reminder",
        "level": 15,
        "party_email": "pay@acme.example",
        "invoices": [{"invoice_id": "a", "number": "INV-1", "open_amount": "100.00", "currency": "EUR"}],
    }
    firm = write_firm(tmp_path)
    return Case(
        firm=firm,
        kind=KINDS["reminder"],
        rule=choose_rules(firm, "payment_reminder")[0],
        evidence=evidence,
        recipient="pay@acme.example",
        expires_at=MOMENT + timedelta(days=5),
        moment=MOMENT,
        situation=Situation(MOMENT, (), {"a": STANDING}),
    )


def with_standing(case: Case, **values: Any) -> Case:
    return replace(case, situation=replace(case.situation, documents={"a": {**STANDING, **values}}))


def with_broken(case: Case, table: str, rule: str, severity: str, dimension: str) -> Case:
    broken = {"table_name": table, "rule": rule, "severity": severity, "dimension": dimension}
    return replace(case, situation=replace(case.situation, forbidden=(broken,)))


def held(case: Case) -> tuple[str, str]:
    hold = examine(case)
    assert hold is not None
    return hold.state, hold.reason


def test_nothing_holds_what_is_as_it_was(case: Case) -> None:
    assert examine(case) is None


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"open_amount": Decimal(0), "paid": Decimal(100)}, "invoice INV-1 was paid"),
        ({"open_amount": Decimal(0), "credited": Decimal(100)}, "invoice INV-1 was credited"),
        ({"status": "void"}, "invoice INV-1 is void"),
        ({"is_disputed": True}, "invoice INV-1 is disputed"),
        (
            {"open_amount": Decimal(40), "paid": Decimal(60)},
            "paid or credited in part: 100.00 was open, now 40 EUR",
        ),
        ({"open_amount": Decimal(140)}, "grew"),
        ({"party_email": "new@acme.example"}, "address has changed"),
    ],
)
def test_evidence_that_no_longer_holds_cancels(case: Case, values: dict[str, Any], reason: str) -> None:
    state, said = held(with_standing(case, **values))
    assert state == "cancelled"
    assert reason in said


def test_an_invoice_that_is_gone_cancels(case: Case) -> None:
    assert held(replace(case, situation=replace(case.situation, documents={}))) == (
        "cancelled",
        "invoice INV-1 is no longer in the books, or in quarantine",
    )


def test_time_runs_out(case: Case) -> None:
    assert held(replace(case, moment=case.expires_at))[0] == "expired"


def test_a_red_contract_holds_and_a_stale_table_only_where_the_rule_rests_on_it(case: Case) -> None:
    assert "is red" in held(with_broken(case, "marts.dso", "unique", "block", "uniqueness"))[1]
    assert "stale" in held(with_broken(case, "core.invoice", "fresh issued_on", "warn", "timeliness"))[1]
    assert examine(with_broken(case, "core.budget", "fresh month", "warn", "timeliness")) is None


def test_an_old_snapshot_holds(case: Case) -> None:
    old = replace(case.situation, published_at=MOMENT - timedelta(hours=73))
    assert held(replace(case, situation=old)) == (
        "held",
        "the data is stale: the snapshot is 73 hours old, 72 are allowed",
    )


@pytest.mark.parametrize(
    "address",
    [None, "", "nobody", "a@b", "a@x.example, b@x.example", "A <a@x.example>", "a@x.example\nBcc: b@y.test",
     "ä@x.example", "a@x.example ", "a@x.example\n"],
)  # fmt: skip
def test_what_is_not_one_address_is_not_sent_to(case: Case, address: str | None) -> None:
    evidence = {**case.evidence, "party_email": address}
    assert (
        held(with_standing(replace(case, evidence=evidence, recipient=address), party_email=address))[0]
        == "held"
    )


def test_the_switch_the_rung_and_the_cap(case: Case) -> None:
    assert case.rule is not None
    assert "switched off" in held(replace(case, rule=case.rule.model_copy(update={"enabled": False})))[1]
    assert "no rule" in held(replace(case, rule=None))[1]
    assert (
        "no rung"
        in held(replace(case, rule=case.rule.model_copy(update={"ladder": case.rule.ladder[:2]})))[1]
    )
    assert "200" in held(replace(case, usage=Usage(of_rule=200)))[1]
    assert examine(replace(case, usage=Usage(of_rule=199))) is None
