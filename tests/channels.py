"""A rule of two steps whose approved messages leave by one channel, and a day of it at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from opslayer import actions
from opslayer.actions import outbox
from opslayer.actions.channels.channel import Channel, Effect
from opslayer.config import Firm, load_firm
from opslayer.store import Store
from tests.messages import days_later, snapshot, write_rule

MAEVE = "maeve@harrow.example"
RULE = """
rule: follow_up
kind: message
description: projects that head over their budget
owner: delivery
who: {{query: our_projects}}
what:
  to: owner
  {channel}
  steps:
    - {{name: First, template: overrun_escalation, days: 2}}
    - {{name: Second, template: overrun_escalation, days: 7}}
  shows:
    client: {{title: Client}}
    eac_hours: {{title: Hours at completion, type: number, may_change: true}}
{shows}
approval: {{roles: [partner]}}
"""
QUERY = """
select project_id as subject, name, money_at_risk_base as amount_base, 'ada' as recipient_id,
    party_name as client, budget_hours, hours_to_date, eac_hours, probability_over,
    reasons, $as_of - date '2026-11-14' as days, project_id as deal_id, 'at risk' as stage,
    'open' as stage_before, 12.50 as margin, null as margin_before,
    timestamptz '2026-12-01 09:30:00+00' as starts_at, 'Room 4' as place
from intelligence.project_forecast
"""


def write_follow_up(firm: Firm, channel: str | None = None, *shows: str) -> None:
    """`shows` are further columns of its query that it hands to the channel."""
    (firm.directory / "queries").mkdir(exist_ok=True)
    (firm.directory / "queries" / "our_projects.sql").write_text(QUERY)
    more = "\n".join(f"    {name}: {{title: {name}}}" for name in shows)
    text = RULE.format(channel=f"channel: {channel}" if channel else "", shows=more)
    write_rule(firm, "follow_up", text)


def configure(firm: Firm, **lines: str) -> Firm:
    """The firm with [channels.crm] of these lines."""
    path = firm.directory / "firm.toml"
    head = path.read_text().partition("[channels.crm]")[0]
    text = "\n".join(f"{key} = {value}" for key, value in lines.items())
    path.write_text(f"{head}[channels.crm]\n{text}\n")
    return load_firm(path.parent)


def only(store: Store) -> tuple[str, str]:
    """State and reason of the one proposal there is."""
    (one,) = actions.list_proposals(store)
    return one.state, one.reason or ""


def approve_on(firm: Firm, store: Store, day: int, *projects: dict[str, object]) -> list[actions.Proposal]:
    """What the rule proposes on that day, approved."""
    as_of, moment = days_later(day)
    with snapshot(firm, *projects, as_of=as_of) as layer:
        made = actions.propose(firm, layer, store, as_of=as_of, moment=moment, rule="follow_up")
        return [
            actions.approve(
                firm, store, one.id or 0, person=MAEVE, reason="yes", moment=moment, layer=layer
            )
            for one in made
        ]  # fmt: skip


def dispatch_on(
    firm: Firm, store: Store, day: int, *projects: dict[str, object], hours: float = 0
) -> list[str]:
    """What a dispatch then moves, by the states it comes to."""
    as_of, moment = days_later(day)
    with snapshot(firm, *projects, as_of=as_of) as layer:
        moved = actions.dispatch(firm, store, layer=layer, moment=moment + timedelta(hours=hours))
        return [proposal.state for proposal in moved]


class Died(BaseException):
    """Stands for a process that ends here: nothing catches it."""


def die_at(monkeypatch: pytest.MonkeyPatch, step: str, dispatching: Callable[[], object]) -> None:
    """A dispatch that ends just before, or just after, the receiver has what is sent."""
    real = outbox.deliver

    def dying(channel: Channel, effect: Effect, **asked: Callable[[], bool]) -> None:
        if step == "after":
            real(channel, effect, **asked)
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "deliver", dying)
        with pytest.raises(Died):
            dispatching()
