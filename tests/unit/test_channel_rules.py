"""A rule that leaves by a channel: what it must show is checked, what it would hand over has a case."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from opslayer.actions.cases import run_cases
from opslayer.actions.checking import check_rules
from opslayer.actions.explanation import explain
from opslayer.config import Firm
from opslayer.warehouse import blank_layer
from tests.channels import configure, write_follow_up
from tests.reminders import write_firm

STATEMENT = "update deal set stage = :stage where deal_id = :deal_id and stage = :stage_before"
SQL = {"kind": '"sql"', "url": '"env:CRM"', "statement": '"set_stage"', "table": '"deal"', "key": '"deal_id"'}
CASE = """
rule: follow_up
cases:
  - name: what the channel is handed
    as_of: 2026-11-16
    given:
      core.person: [{person_id: ada, name: Ada Manager, email: ada@firm.example}]
      intelligence.project_forecast:
        - {as_of: 2026-11-16, project_id: p1, name: Data, party_name: Acme, budget_hours: 100, hours_to_date: 80, eac_hours: 130, probability_over: 0.95, is_named: true, money_at_risk_base: 60000, reasons: Half.}
    proposals:
      - {subject: p1, by: crm, hands: {client: Acme, eac_hours: 130, stage: STAGE, deal_id: p1}}
"""  # noqa: E501


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    (tmp_path / "statements").mkdir()
    (tmp_path / "statements" / "set_stage.sql").write_text(STATEMENT)
    return configure(write_firm(tmp_path), **SQL)


@pytest.mark.parametrize(
    ("shows", "missing"),
    [(("deal_id", "stage", "stage_before"), ""), (("deal_id",), "stage, stage_before"), ((), "deal_id")],
)
def test_what_its_statement_needs_it_must_show(firm: Firm, shows: tuple[str, ...], missing: str) -> None:
    write_follow_up(firm, "crm", *shows)
    found = "\n".join(check_rules(firm))
    assert (f"expected {missing}" in found) if missing else (found == "")


def test_a_statement_that_may_not_run_is_named(firm: Firm) -> None:
    write_follow_up(firm, "crm", "deal_id")
    (firm.directory / "statements" / "set_stage.sql").write_text("delete from deal")
    assert "one UPDATE and nothing else" in "\n".join(check_rules(firm))


def test_an_appointment_needs_its_time(firm: Firm) -> None:
    write_follow_up(firm, "crm")
    assert "expected starts_at too" in "\n".join(check_rules(configure(firm, kind='"calendar"')))


@pytest.mark.parametrize(("stage", "holds"), [("at risk", True), ("won", False)])
def test_a_case_says_what_is_handed_over(firm: Firm, stage: str, holds: bool) -> None:
    write_follow_up(firm, "crm", "stage", "deal_id")
    (firm.directory / "cases").mkdir()
    (firm.directory / "cases" / "follow_up.yaml").write_text(CASE.replace("STAGE", stage))
    (outcome,) = run_cases(firm, "follow_up")
    assert outcome.holds is holds, outcome.differences


def test_it_is_said_by_what_it_leaves(firm: Firm) -> None:
    write_follow_up(firm, "crm")
    with blank_layer(firm, as_of=date(2026, 11, 16)) as layer:
        assert "By the channel crm, about" in str(explain(firm, layer, "follow_up"))
