"""Whom a rule chooses, against the plainest way to say it: look at every subject, one after the other."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opslayer.actions.messaging.choice import Asked, choose
from opslayer.actions.messaging.rule import MessageRule
from opslayer.config import Firm
from opslayer.warehouse import Layer, blank_layer
from tests.reminders import write_firm

AS_OF = date(2026, 11, 16)
QUERY = """
select party_id as subject, party_name as name, revenue_year_base as amount_base,
    usual_days::varchar as recipient_id, silent_days as days
from intelligence.client_silence
"""
SUBJECTS = [f"s{n}" for n in range(8)]
ROWS = st.fixed_dictionaries(
    {
        subject: st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 5)), st.integers(1, 3))
        for subject in SUBJECTS
    }
)
HISTORY = st.dictionaries(
    st.sampled_from(SUBJECTS),
    st.tuples(st.integers(0, 2), st.integers(0, 40), st.booleans(), st.sampled_from(["1.0", "2.0", None])),
)


def a_rule(days: tuple[int, ...], again: int | None, quiet: int, cap: int) -> MessageRule:
    return MessageRule.model_validate(
        {
            "rule": "mine", "kind": "message", "description": "", "owner": "sales",
            "who": {"query": "mine"}, "when": {"again_after_days": again},
            "what": {
                "to": "owner",
                "steps": [{"name": f"step {n}", "template": "x", "days": day} for n, day in enumerate(days)],
                "shows": {"name": {"title": "Name"}},
            },
            "quiet_days": quiet, "daily_cap": cap, "approval": {"roles": ["sales"]},
        }
    )  # fmt: skip


def plainly(rule: MessageRule, rows: dict[str, Any], history: list[Asked]) -> list[tuple[str, int]]:
    """Subject and step, as the rule's words say it."""
    steps = [step.days for step in rule.what.steps]
    known = {one.subject: one for one in history}
    lately = {one.reader for one in history if one.days_ago is not None and one.days_ago < rule.quiet_days}
    found = []
    for subject, (days, amount, reader) in rows.items():
        one = known.get(subject, Asked(subject))
        again = rule.when.again_after_days
        if one.last_step is None or (
            again is not None and one.days_ago is not None and one.days_ago >= again
        ):
            step = 0
        else:
            step = one.last_step + 1
            if step >= len(steps) or (one.days_ago or 0) < steps[step] - steps[one.last_step]:
                continue
        if days < steps[step] or one.is_on_its_way or (rule.quiet_days and f"{reader}.0" in lately):
            continue
        found.append((not one.is_open, amount is None, -(amount or 0), subject, step, reader))
    found.sort()
    if rule.quiet_days:
        readers = [row[5] for row in found]
        found = [row for place, row in enumerate(found) if row[5] not in readers[:place]]
    return [(row[3], row[4]) for row in found][: rule.daily_cap]


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    firm = write_firm(tmp_path)
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "mine.sql").write_text(QUERY)
    return firm


@pytest.fixture
def layer(firm: Firm) -> Layer:
    return blank_layer(firm, as_of=AS_OF)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=ROWS,
    asked=HISTORY,
    standing=st.sets(st.sampled_from(SUBJECTS), max_size=2),
    days=st.sampled_from([(0,), (5,), (0, 7), (3, 10, 24)]),
    again=st.sampled_from([None, 10, 30]),
    quiet=st.sampled_from([0, 14]),
    cap=st.integers(1, 4),
)
def test_it_is_what_the_words_of_the_rule_say(
    layer: Layer,
    rows: dict[str, Any],
    asked: dict[str, Any],
    standing: set[str],
    days: tuple[int, ...],
    again: int | None,
    quiet: int,
    cap: int,
) -> None:
    rule = a_rule(days, again, quiet, cap)
    last = len(days) - 1
    history = [
        Asked(subject, 1, min(step, last), ago, subject in standing, on_its_way, reader)
        for subject, (step, ago, on_its_way, reader) in asked.items()
    ]
    history += [Asked(subject, is_open=True) for subject in standing - asked.keys()]
    table = layer.connection
    table.execute("delete from intelligence.client_silence")
    for subject, (lasted, amount, reader) in rows.items():
        table.execute(
            "insert into intelligence.client_silence (party_id, silent_days, revenue_year_base, usual_days) "
            "values (?, ?, ?, ?)", [subject, lasted, amount, reader],
        )  # fmt: skip
    chosen = choose(layer, rule, history)
    assert [(row["subject"], row["_step"]) for row in chosen] == plainly(rule, rows, history)
