"""Whom a rule chooses: its query, and what was asked before, in one statement over the snapshot.

What it does not choose never leaves DuckDB: of a million subjects only those within the rule's cap become
rows of Python. The steps of a sequence are taken one after the other, each at least as long after the one
before as their days lie apart, however late the first one was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions.messaging.rule import MessageRule
from opslayer.actions.transition import OPEN
from opslayer.errors import UsageError
from opslayer.store import Proposal as Record
from opslayer.warehouse import Layer

ON_ITS_WAY = ("approved", "sending", "uncertain")
ASKED = (*ON_ITS_WAY, "sent", "rejected")
RECORDS = {"client": ("core.party", "party_id"), "owner": ("core.person", "person_id")}
Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What was asked about one subject: how often, the last step and how many days ago."""

    subject: str
    turns: int = 0
    last_step: int | None = None
    days_ago: int | None = None
    is_open: bool = False
    is_on_its_way: bool = False
    reader: str | None = None


def read_history(session: Session, rule: MessageRule, *, as_of: date, moment: datetime) -> list[Asked]:
    """What the rule has asked so far, by subject; what lapsed, was cancelled or failed does not count."""
    levels = [step.days for step in rule.what.steps]
    query = (
        select(Record.subject, Record.level, Record.state, Record.as_of, Record.expires_at,
               Record.evidence["recipient_id"].as_string())
        .where(Record.rule == rule.name, Record.state.in_((*ASKED, *OPEN)))
        .order_by(Record.as_of, Record.id)
    )  # fmt: skip
    found: dict[str, Asked] = {}
    for subject, level, state, day, expires_at, reader in session.execute(query):
        before = found.get(subject, Asked(subject))
        if state == "approved" and expires_at <= moment:
            continue
        if state in OPEN:
            found[subject] = Asked(**{**vars(before), "is_open": True})
            continue
        step = max((n for n, days in enumerate(levels) if days <= level), default=0)
        found[subject] = Asked(
            subject,
            before.turns + 1,
            step,
            (as_of - day).days,
            before.is_open,
            before.is_on_its_way or state in ON_ITS_WAY,
            reader,
        )
    return [found[subject] for subject in sorted(found)]


def choose(layer: Layer, rule: MessageRule, history: Iterable[Asked]) -> list[Row]:
    """The rows of the rule's query that it calls for now, those that are open first, then most money first.

    Each has _step (its number), _turns, and its reader's _name and _email where the reader is of a record. At
    most `daily_cap`. Raises UsageError where the query gives a subject twice.
    """
    rows = layer.query(choosing(layer.sql(rule.who.query), rule), **_values(rule, history)).to_dicts()
    names = [row["subject"] for row in rows]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"the query {rule.who.query} gives {twice} twice; a subject has one row")
    return rows


def choosing(query: str, rule: MessageRule) -> str:
    """The statement: everything in it is bound, but for the rule's own query and its checked words."""
    table, key = RECORDS.get(rule.what.to, ("", ""))
    days = "who.days" if rule.has_days else "0"
    quiet = (
        "and coalesce(who.recipient_id not in (select reader from asked "
        "where reader is not null and days_ago < cast($quiet_days as integer)), true) "
        "qualify row_number() over (partition by who.recipient_id "
        "order by coalesce(asked.is_open, false) desc, who.amount_base desc nulls last, who.subject) = 1"
        if table and rule.quiet_days
        else ""
    )
    address = (
        f"select chosen.*, record.name as _name, record.email as _email from chosen "
        f"left join {table} as record on record.{key} = chosen.recipient_id"
        if table
        else "select chosen.* from chosen"
    )
    return f"""
with who as ({bare(query)}),
asked as (
    select unnest(from_json($history, '[{{"subject": "VARCHAR", "turns": "INTEGER", "last_step": "INTEGER",
        "days_ago": "INTEGER", "is_open": "BOOLEAN", "is_on_its_way": "BOOLEAN", "reader": "VARCHAR"}}]'),
        recursive := true)
),
steps as (
    select unnest(from_json($steps, '[{{"number": "INTEGER", "days": "INTEGER", "wait": "INTEGER"}}]'),
        recursive := true)
),
chosen as (
    select who.*, steps.number as _step, coalesce(asked.turns, 0) as _turns,
        coalesce(asked.is_open, false) as _is_open
    from who
    left join asked on asked.subject = who.subject
    inner join steps on steps.number = case
        when asked.last_step is null or asked.days_ago >= $again_after then 0 else asked.last_step + 1 end
    where coalesce({days}, 0) >= steps.days
        and (steps.number = 0 or asked.days_ago >= steps.wait)
        and not coalesce(asked.is_on_its_way, false)
    {quiet}
    order by _is_open desc, who.amount_base desc nulls last, who.subject
    limit cast($cap as integer)
)
{address}
order by _is_open desc, amount_base desc nulls last, subject
"""


def reread(layer: Layer, *, query: str, parameters: Mapping[str, Any], to: str, subject: str) -> Row | None:
    """What the query says of one subject now, with its reader's address; None where it is not chosen."""
    table, key = RECORDS.get(to, ("", ""))
    join = f"left join {table} as record on record.{key} = who.recipient_id" if table else ""
    address = ", record.name as _name, record.email as _email" if table else ""
    text = f"select who.*{address} from ({bare(layer.sql(query))}) as who {join} where who.subject = $subject"
    rows = layer.query(text, subject=subject, **parameters).to_dicts()
    return rows[0] if rows else None


def _values(rule: MessageRule, history: Iterable[Asked]) -> dict[str, Any]:
    steps = rule.what.steps
    waits = [0, *(after.days - before.days for before, after in pairwise(steps))]
    numbered = [
        {"number": n, "days": step.days, "wait": wait}
        for n, (step, wait) in enumerate(zip(steps, waits, strict=True))
    ]
    again = rule.when.again_after_days
    return {
        **rule.who.parameters,
        "history": json.dumps([vars(one) for one in history]),
        "steps": json.dumps(numbered),
        "again_after": again if again is not None else timedelta.max.days,
        "quiet_days": rule.quiet_days,
        "cap": rule.daily_cap,
    }


def bare(query: str) -> str:
    """Without the semicolon an editor puts at its end; a comment on its last line ends there."""
    return query.strip().rstrip(";") + "\n"
