"""`rules check` refuses by name what a rule may not do; cases of shipped rules come out as they say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from opslayer.actions.cases import run_cases
from opslayer.actions.checking import check_rule, check_rules
from opslayer.actions.kinds import known_names, read_rule
from opslayer.actions.schema import rule_schema
from opslayer.config import PROJECT, Firm
from opslayer.errors import ConfigurationError, UsageError
from opslayer.warehouse import Layer, blank_layer
from tests.messages import write_rule
from tests.reminders import write_firm

SHIPPED = PROJECT / "lib" / "opslayer" / "actions" / "rules"
RULE = """
rule: mine
kind: message
description: what we owe
owner: finance
who: {query: mine, parameters: {least: 5}}
what:
  to: owner
  steps: [{name: Mine, template: mine}]
  shows:
    name: {title: Name}
approval: {roles: [finance]}
"""
QUERY = """select person.person_id as subject, person.name, 1.00 as amount_base, person_id as recipient_id
from core.person as person
where person.weekly_hours > $least
"""
TEMPLATE = "Subject: {{ name }}\n\nDear {{ recipient }},\n"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return write_firm(tmp_path)


@pytest.fixture
def layer(firm: Firm) -> Iterator[Layer]:
    with blank_layer(firm, as_of=date(2026, 1, 1)) as opened:
        yield opened


def found(firm: Firm, rule: str = RULE, query: str = QUERY, template: str = TEMPLATE) -> str:
    """What is wrong with a rule of the firm's own, in one text."""
    for folder, name, text in (("queries", "mine.sql", query), ("templates", "mine.txt.j2", template)):
        (firm.directory / folder).mkdir(exist_ok=True)
        (firm.directory / folder / name).write_text(text)
    path = write_rule(firm, "mine", rule)
    try:
        read, made = read_rule(path, known_names(firm))
    except ConfigurationError as error:
        return error.message
    with blank_layer(firm, as_of=date(2026, 1, 1)) as layer:
        return "\n".join(check_rule(firm, layer, read, made))


def test_a_rule_that_is_right_has_nothing_said_of_it(firm: Firm) -> None:
    assert found(firm) == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "person.weekly_hours", "person.weekly_huors",
            'mine.sql:3:14\n    no column named weekly_huors\n    nearest: "weekly_hours"',
        ),
        (
            "core.person as", "core.persn as",
            'mine.sql:2:6\n    no table named core.persn\n    nearest: "core.person"',
        ),
        ("core.person as", "cor.person as", 'nearest: "core.person"'),
        ("select person", "insert into core.person select person", "expected a SELECT; got INSERT"),
        ("> $least", "> $leest", "expected one of: leest; got 'least'"),
        (", person.name", ", person.practice", "expected a column name; got"),
        (", person.name", ", person.name, person.email", "a rule gives no address; got the column email"),
        ("as recipient_id", "as recipient", "expected a column recipient_id; got: subject, name"),
        ("person.name,", "person.name, person.name as reply_address,", "a rule gives no address"),
        ("from core.person as", "from read_csv('people.csv') as", "got the function read_csv"),
    ],
)  # fmt: skip
def test_a_query_is_refused_by_name(firm: Firm, old: str, new: str, said: str) -> None:
    assert QUERY.count(old) == 1
    assert said in found(firm, query=QUERY.replace(old, new))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Subject: {{ name.__class__ }}\n\nDear", "mine.txt.j2:1:1\n    a template reads values, and"),
        ("Subject: x\n\n{{ name['__class__'] }}", "mine.txt.j2:3:1\n    a template reads values, and"),
        ("Subject: x\n\n{{ ''.__class__.__mro__ }}", "got __mro__"),
        ("Subject: x\n\n{{ nmae }}", 'the query gives no nmae\n    nearest: "name"'),
        ("Subject: x\n\n{% include 'overdue.txt.j2' %}", "a template is one file"),
        ("Subject: x\n\n{% import 'overdue.txt.j2' as x %}", "a template is one file"),
        ("Subject: {{ name", "mine.txt.j2:1:1"),
    ],
)  # fmt: skip
def test_a_template_is_refused_by_name(firm: Firm, template: str, said: str) -> None:
    assert said in found(firm, template=template)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("least: 5", "least: 5, most: 6",
         "mine.yaml:6:43\n  at who.parameters\n  at key: most\n    expected one of: least"),
        ("{least: 5}", "{}", "expected least, which mine.sql binds"),
        ("    name: {title", "    nmae: {title", "mine.yaml:11:5\n  at what.shows\n  at key: nmae"),
        ("approval:", "daily_cap: -1\napproval:", "mine.yaml:12:12\n  at key: daily_cap"),
        ("to: owner", "to: name", "client, owner or role:NAME"),
        ("name: Mine,", "name: Mine, days: 3,", "expected a column days; got"),
    ],
)  # fmt: skip
def test_a_rule_is_refused_by_name(firm: Firm, old: str, new: str, said: str) -> None:
    assert RULE.count(old) == 1
    assert said in found(firm, RULE.replace(old, new))


def test_a_template_that_gets_past_the_check_still_reaches_nothing(firm: Firm) -> None:
    from opslayer.actions.rendering import render

    found(firm, template="Subject: x\n\n{{ name | attr('__cla' ~ 'ss__') }}")
    with pytest.raises(ConfigurationError, match="unsafe"):
        render(firm, "mine.txt.j2", {"name": "Ada"})


def test_every_shipped_rule_is_right_and_has_a_case(firm: Firm) -> None:
    assert check_rules(firm) == []


def test_a_shipped_rule_without_a_case_is_named(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = RULE.replace("{query: mine, parameters: {least: 5}}", "{query: missing_timesheets}")
    path = write_rule(firm, "mine", rule.replace("template: mine", "template: missing_timesheet"))
    assert check_rules(firm) == []  # a firm's own may go without
    folder = Firm.folder

    def alone(self: Firm, name: str) -> tuple[Path, ...]:
        return (path.parent, path.parent) if name == "rules" else folder(self, name)

    monkeypatch.setattr(Firm, "folder", alone)
    assert check_rules(firm) == [f"{path}:1:1\n  expected an example in cases/mine.yaml; there is none"]


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.yaml")))
def test_cases_of_a_shipped_rule_come_out_as_they_say(firm: Firm, name: str) -> None:
    outcomes = list(run_cases(firm, name))
    assert outcomes
    assert {one.case: one.differences for one in outcomes if not one.holds} == {}


CASES = """
rule: mine
cases:
  - name: one
    as_of: 2026-11-16
    given: {core.person: [{person_id: ada, name: Ada, email: ada@firm.example, weekly_hours: 40}]}
    proposals: [{subject: ada, step: Mine, amount: 1, to: ada@firm.example, says: [Dear Ada]}]
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("weekly_hours: 40", "weekly_hours: 5", "expected proposals about ada; got nobody"),
        ("proposals: [{subject: ada,", "proposals: [{subject: bob,", "expected proposals about bob; got ada"),
        ("step: Mine", "step: Yours", "expected the step Yours; got Mine"),
        ("amount: 1,", "amount: 2,", "expected the amount 2; got 1.00"),
        ("to: ada@firm", "to: bob@firm", "expected the reader bob@firm.example; got ada@firm.example"),
        ("says: [Dear Ada]", "says: [Dear Bob]", 'expected it to say "Dear Bob"; it says:\nAda\nDear Ada,'),
        ("subject: ada, step", "subject: ada, held: quiet, step", "expected quiet to hold it; got nothing"),
        ("email: ada@firm.example, w", "w", "got no e-mail address of the owner is known"),
        ("core.person: [{", "core.persn: [{", 'no table under contract named "core.persn"'),
        ("weekly_hours: 40", "weekly_huors: 40", 'no column of core.person named "weekly_huors"'),
        ("weekly_hours: 40", "weekly_hours: many", "Could not convert"),
    ],
)
def test_a_case_that_comes_out_otherwise_says_how(firm: Firm, old: str, new: str, said: str) -> None:
    found(firm)
    (firm.directory / "cases").mkdir()
    path = firm.directory / "cases" / "mine.yaml"
    path.write_text(CASES)
    assert [one.differences for one in run_cases(firm, "mine")] == [()]
    assert CASES.count(old) == 1
    path.write_text(CASES.replace(old, new))
    (outcome,) = run_cases(firm, "mine")
    assert said in "\n".join(outcome.differences)


def test_cases_of_nothing_are_named(firm: Firm) -> None:
    with pytest.raises(UsageError, match='no rule named "mien"'):
        list(run_cases(firm, "mien"))
    found(firm)
    with pytest.raises(UsageError, match="has no cases"):
        list(run_cases(firm, "mine"))


def test_the_schema_that_is_shipped_is_the_one_that_is_published() -> None:
    assert json.loads((SHIPPED / "schema.json").read_text()) == json.loads(json.dumps(rule_schema()))


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_editor_accepts_each_shipped_rule_and_finds_it_by_its_first_line(path: Path) -> None:
    validator = jsonschema_rs.validator_for(rule_schema())
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")
    assert validator.is_valid(yaml.safe_load(text))
    assert not validator.is_valid(yaml.safe_load(text) | {"daily_cap": -1})
    assert not validator.is_valid(yaml.safe_load(text) | {"dayly_cap": 1})
