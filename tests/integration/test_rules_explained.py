"""`rules explain`: a rule in words, and why one subject is chosen or is not, condition by condition."""

from __future__ import annotations

from pathlib import Path

import pytest

from opslayer import actions
from opslayer.actions import explanation
from opslayer.config import PROJECT, Firm
from opslayer.store import Store
from opslayer.warehouse import Layer, blank_layer
from tests.billing import Milestone, Work, billing_firm
from tests.messages import days_later, snapshot, write_rule
from tests.reminders import AS_OF, MOMENT, Books, Owed, write_firm

RULE = "overrun_escalation"
SHIPPED = PROJECT / "lib" / "opslayer" / "actions" / "rules"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return write_firm(tmp_path)


def judged(firm: Firm, layer: Layer, store: Store, subject: str = "p1", day: int = 0) -> explanation.Verdict:
    return explanation.judge(firm, layer, store, RULE, subject, moment=days_later(day)[1])


def failed(verdict: explanation.Verdict) -> list[str]:
    return [condition.says for condition in verdict.conditions if not condition.holds]


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.yaml")))
def test_every_shipped_rule_can_be_told(firm: Firm, name: str) -> None:
    with blank_layer(firm, as_of=AS_OF) as layer:
        told = explanation.explain(firm, layer, name)
    assert told.who
    assert told.when
    assert told.what
    assert told.may
    assert all("$" not in condition.says for condition in told.conditions)
    assert all("SELECT" not in condition.says for condition in told.conditions)


def test_a_rule_in_words(firm: Firm) -> None:
    with blank_layer(firm, as_of=AS_OF) as layer:
        told = explanation.explain(firm, layer, RULE)
    assert told.who[0] == "Running projects heading over their budget, to who leads them"
    assert "at least 25,000 of it is at risk" in [condition.says for condition in told.conditions]
    assert told.when == ("Proposed by the job monday", "About the same subject again after 14 days")
    assert told.may[0] == "One yes of partner or operations, void after 5 days"


def test_who_is_chosen_has_every_condition_met(firm: Firm, store: Store) -> None:
    with snapshot(firm) as layer:
        verdict = judged(firm, layer, store)
    assert verdict.is_chosen
    assert failed(verdict) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"is_named": False}, ["it is named as heading over its budget"]),
        ({"money_at_risk_base": 100}, ["at least 25,000 of it is at risk"]),
        ({"money_at_risk_base": None}, ["at least 25,000 of it is at risk"]),
        (
            {"is_named": False, "money_at_risk_base": 100},
            ["it is named as heading over its budget", "at least 25,000 of it is at risk"],
        ),
    ],
)
def test_who_is_not_chosen_is_told_by_which_condition(
    firm: Firm, store: Store, change: dict[str, object], said: list[str]
) -> None:
    with snapshot(firm, change) as layer:
        verdict = judged(firm, layer, store)
    assert not verdict.is_chosen
    assert failed(verdict) == said


def test_a_subject_that_is_nowhere_is_said_to_be(firm: Firm, store: Store) -> None:
    with snapshot(firm) as layer:
        verdict = judged(firm, layer, store, "p7")
    assert failed(verdict) == ["there is a p7 to look at"]


def test_what_was_asked_lately_waits_and_says_how_long(firm: Firm, store: Store) -> None:
    text = (SHIPPED / f"{RULE}.yaml").read_text()
    write_rule(firm, RULE, text.replace("expires_days: 5", "automatic_up_to: 1000000"))
    with snapshot(firm) as layer:
        actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT, job="monday")
    as_of, _ = days_later(3)
    with snapshot(firm, as_of=as_of) as layer:
        assert "nothing about it is on its way" in failed(judged(firm, layer, store, day=3))


def test_the_rank_and_the_switch_are_said(firm: Firm, store: Store) -> None:
    text = (SHIPPED / f"{RULE}.yaml").read_text().replace("daily_cap: 15", "daily_cap: 1")
    write_rule(firm, RULE, text)
    with snapshot(firm, {}, {"project_id": "p2", "money_at_risk_base": 90000}) as layer:
        assert failed(judged(firm, layer, store)) == ["it is among the 1 that come first"]
    write_rule(firm, RULE, text.replace("enabled: true", "enabled: false"))
    with snapshot(firm) as layer:
        verdict = judged(firm, layer, store)
    assert not verdict.is_chosen
    assert failed(verdict) == ["the rule is switched on"]


def test_an_address_that_is_missing_is_said(firm: Firm, store: Store) -> None:
    with snapshot(firm, email=None) as layer:
        assert "an e-mail address of its reader is known" in failed(judged(firm, layer, store))


def test_a_reminder_says_of_a_client_why_it_is_written_to(tmp_path: Path, store: Store) -> None:
    owed = [Owed("1", "acme", 16), Owed("2", "bolt", 40, disputed=True), Owed("3", "cove", -90)]
    books = Books(write_firm(tmp_path / "books"), owed)

    def verdict(client: str) -> explanation.Verdict:
        return explanation.judge(books.firm, layer, store, "payment_reminder", client, moment=MOMENT)

    with books.publish() as layer:
        assert verdict("acme").is_chosen
        assert failed(verdict("bolt"))[0] == "one of them is not disputed"
        assert "has reached the first rung" in failed(verdict("cove"))[0]
        number = actions.propose(books.firm, layer, store, as_of=AS_OF, moment=MOMENT)[0].id
        assert failed(verdict("acme")) == [
            f"15 days after due was not proposed before, or is to be again (number {number} is proposed)"
        ]


def test_an_invoice_says_of_a_project_why_it_is_drafted(tmp_path: Path, store: Store) -> None:
    work = Work(
        billing_firm(tmp_path / "work"), store, [Milestone("a"), Milestone("b", "late", status="open")]
    )
    work.projects["late"] = {}

    def verdict(project: str, firm: Firm = work.firm) -> explanation.Verdict:
        return explanation.judge(firm, layer, store, "milestone_invoice", project, moment=MOMENT)

    with work.publish() as layer:
        assert verdict("acme").is_chosen
        assert failed(verdict("late"))[0].startswith(
            "work of it waits for its bill in the books (0 milestones"
        )
        bare = work.firm.model_copy(update={"billing": None})
        assert failed(verdict("acme", bare))[0].startswith("the firm bills")


@pytest.mark.parametrize(("rule", "subject"), [("staffing_change", "p1"), ("leadership_report", "p1")])
def test_every_other_kind_says_what_it_asks(firm: Firm, store: Store, rule: str, subject: str) -> None:
    with blank_layer(firm, as_of=AS_OF) as layer:
        verdict = explanation.judge(firm, layer, store, rule, subject, moment=MOMENT)
    assert not verdict.is_chosen
    assert len(verdict.conditions) > 2
