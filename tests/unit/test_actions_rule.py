"""Rules as YAML: the shipped one, a firm's own, and every mistake named."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from opslayer.actions import load_rules
from opslayer.actions.kinds import choose_rules
from opslayer.actions.rule import Approval
from opslayer.config import PROJECT, Firm
from opslayer.errors import ConfigurationError, UsageError
from tests.reminders import write_firm

SHIPPED = PROJECT / "lib" / "opslayer" / "actions" / "rules" / "payment_reminder.yaml"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return write_firm(tmp_path)


def override(firm: Firm, *changes: tuple[str, str]) -> None:
    text = SHIPPED.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    place = firm.directory / "rules" / SHIPPED.name
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)


def test_the_shipped_ladder_is_the_one_the_firm_was_promised(firm: Firm) -> None:
    (rule,) = choose_rules(firm, "payment_reminder")
    assert [rung.days for rung in rule.ladder] == [-3, 1, 15, 30, 45]
    assert len({rung.template for rung in rule.ladder}) == 5
    assert all(rung.approval.automatic_up_to is None for rung in rule.ladder)


def test_the_firms_own_file_wins(firm: Firm) -> None:
    override(firm, ("daily_cap: 200", "daily_cap: 7"))
    assert [rule.daily_cap for rule in choose_rules(firm, "payment_reminder")] == [7]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("daily_cap: 200", "dayly_cap: 200", 'nearest: "daily_cap"'),
        ("template: overdue", "template: overdeu", 'nearest: "overdue"'),
        ("days: 15", "days: 31", "ascending days"),
        ("sender: role:partner", "sender: partner", "role:NAME"),
        ("roles: [partner, finance], ", "", "roles"),
    ],
)
def test_a_mistake_is_named_with_its_file(firm: Firm, old: str, new: str, said: str) -> None:
    override(firm, (old, new))
    with pytest.raises(ConfigurationError) as caught:
        load_rules(firm)
    assert said in str(caught.value)
    assert str(firm.directory / "rules" / SHIPPED.name) in str(caught.value)


def test_an_unknown_rule_is_answered_with_the_nearest(firm: Firm) -> None:
    with pytest.raises(UsageError, match="payment_reminder"):
        choose_rules(firm, "payment_remider")


@pytest.mark.parametrize(("amount", "people"), [("100", 0), ("100.01", 1), ("5000", 1), ("5000.01", 2)])
def test_how_many_must_approve(amount: str, people: int) -> None:
    policy = Approval(roles=("finance",), automatic_up_to=Decimal(100), four_eyes_above=Decimal(5000))
    assert policy.needed(Decimal(amount)) == people
