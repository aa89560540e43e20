"""A change of staffing as a message: what it says and costs, and that it is held where somebody is taken."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from opslayer.actions import staffing
from opslayer.actions.guardrails import Case, Situation
from opslayer.actions.kind import Occasion, Wanted
from opslayer.actions.kinds import choose_rules
from opslayer.actions.mail import attachments
from opslayer.actions.proposal import evidence_rows
from tests.reminders import write_firm

MOMENT = datetime(2026, 11, 16, 7, tzinfo=UTC)
ROW = {
    "project_id": "p1", "project_name": "Data for C1", "manager_name": "Mia",
    "manager_email": "mia@firm.example",
    "person_id": "e1", "person_name": "Ann", "role": "Consultant", "week_start": date(2026, 11, 16),
    "taken_from": "free time", "taken_from_name": "free time", "hours": 16.0,
    "value_base": Decimal("2400.00"),
    "dearer_base": Decimal("0.00"), "above_target_base": Decimal("200.00"),
    "switching_base": Decimal("400.00"),
    "reasons": "It lacks 17 hours.",
}  # fmt: skip


class Snapshot:
    """The two queries of the kind, answered from rows."""

    as_of = date(2026, 11, 16)

    def __init__(self, rows: list[dict[str, Any]], free: float) -> None:
        self.answers = {
            "staffing_messages": pl.DataFrame(rows),
            "hours_free_of": pl.DataFrame(
                {"person_id": ["e1"], "week_start": [date(2026, 11, 16)], "free_hours": [free]}
            ),
        }

    def query(self, query: str, /, **values: Any) -> pl.DataFrame:
        return self.answers[query]


def occasion(tmp_path: Path, *rows: dict[str, Any], free: float = 20.0) -> Occasion:
    firm = write_firm(tmp_path)
    (rule,) = choose_rules(firm, "staffing_change")
    layer: Any = Snapshot([ROW | row for row in rows or ({},)], free)
    return Occasion(firm, layer, rule, MOMENT)


def wanted(given: Occasion) -> list[Wanted]:
    return staffing.KIND.wanted(SimpleNamespace(), given, staffing.KIND.gather(given))  # type: ignore[arg-type]


def test_a_project_gets_one_message_with_its_hours_as_a_file(tmp_path: Path) -> None:
    given = occasion(tmp_path, {}, {"person_id": "e2", "person_name": "Bob"}, {"project_id": "p2"})
    first, second = wanted(given)
    assert (first.subject, second.subject) == ("p1", "p2")
    assert first.amount == Decimal("1200.00")
    content = staffing.KIND.content(given, first, staffing.KIND.evidence(given, first))
    assert content["recipient"] == "mia@firm.example"
    assert content["subject"] == "32 hours more for Data for C1"
    assert (
        "Ann, as Consultant, from free time:\n- 16 hours in the week of 16 November 2026\n" in content["text"]
    )
    assert "1,200 EUR" in content["text"]
    shown = evidence_rows("staffing", staffing.KIND.evidence(given, first))
    assert shown["hours"].to_list() == [16.0, 16.0]
    assert shown["week_start"].to_list() == [date(2026, 11, 16)] * 2
    (file,) = attachments(content)
    assert (file.name, file.type) == ("staffing.csv", "text/csv")
    assert file.content.decode().splitlines() == [
        "person,role,week_start,hours,taken_from",
        "Ann,Consultant,2026-11-16,16,free time",
        "Bob,Consultant,2026-11-16,16,free time",
    ]


def test_a_name_is_no_formula_in_the_file(tmp_path: Path) -> None:
    given = occasion(tmp_path, {"person_name": "=HYPERLINK(1)", "taken_from_name": "@SUM(A1)"})
    (one,) = wanted(given)
    (file,) = attachments(staffing.KIND.content(given, one, staffing.KIND.evidence(given, one)))
    assert file.content.decode().splitlines()[1] == "'=HYPERLINK(1),Consultant,2026-11-16,16,'@SUM(A1)"


def test_a_week_has_one_key_a_project_and_the_next_week_another(tmp_path: Path) -> None:
    given = occasion(tmp_path)
    (monday,) = wanted(given)
    given.layer.as_of = date(2026, 11, 18)  # type: ignore[misc]
    (wednesday,) = wanted(given)
    given.layer.as_of += timedelta(days=7)  # type: ignore[misc]
    (later,) = wanted(given)
    assert monday.key == wednesday.key != later.key


def held(given: Occasion, *, recipient: str | None = "mia@firm.example") -> list[str]:
    (one,) = wanted(given)
    evidence = staffing.KIND.evidence(given, one)
    situation = Situation(MOMENT, (), staffing.KIND.standing(given.layer, evidence))
    case = Case(given.firm, staffing.KIND, given.rule, evidence, recipient, MOMENT, MOMENT, situation)
    return [hold.reason for check in staffing.KIND.checks if (hold := check(case))]


@pytest.mark.parametrize(
    ("free", "taken_from", "reasons"),
    [
        (20.0, "free time", []),
        (8.0, "free time", ["Ann in the week of 2026-11-16 has 8 hours free, not 16"]),
        (-4.0, "free time", ["Ann in the week of 2026-11-16 has 0 hours free, not 16"]),
        (0.0, "p9", []),  # what another project can spare is not free yet
    ],
)
def test_who_is_taken_meanwhile_is_not_asked_for(
    free: float, taken_from: str, reasons: list[str], tmp_path: Path
) -> None:
    assert held(occasion(tmp_path, {"taken_from": taken_from}, free=free)) == reasons


def test_a_manager_without_an_address_is_said(tmp_path: Path) -> None:
    assert held(occasion(tmp_path), recipient=None) == ["no e-mail address of the project's manager is known"]
