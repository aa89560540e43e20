"""Whom a rule chooses: its query on the snapshot, and what was asked before.

What it does not choose never leaves DuckDB: of a million subjects only those within the rule's cap become
rows of Python. The steps of a sequence are taken one after the other, each at least as long after the one
before as their days lie apart, however late the first one was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions.messaging.rule import MessageRule
from opslayer.actions.transition import OPEN
from opslayer.errors import UsageError
from opslayer.store import Proposal as Record
from opslayer.warehouse import Layer

ON_ITS_WAY = ("approved", "sending", "uncertain")
ASKED = (*ON_ITS_WAY, "sent", "rejected", "withheld")
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


HISTORY = {
    "subject": pl.String,
    "turns": pl.Int64,
    "last_step": pl.Int64,
    "days_ago": pl.Int64,
    "is_open": pl.Boolean,
    "is_on_its_way": pl.Boolean,
    "reader": pl.String,
}


def read_history(session: Session, rule: MessageRule, *, as_of: date, moment: datetime) -> list[Asked]:
    """What the rule has asked so far, by subject; what lapsed, was cancelled or failed does not count."""
    levels = [step.days for step in rule.what.steps]
    query = (
        select(Record.subject, Record.level, Record.state, Record.as_of, Record.expires_at,
               Record.evidence["recipient_id"].as_string())
        .where(Record.rule == rule.name, Record.kind == rule.kind, Record.state.in_((*ASKED, *OPEN)))
        .order_by(Record.as_of, Record.id)
    )  # fmt: skip
    found: dict[str, Asked] = {}
    for subject, level, state, day, expires_at, reader in session.execute(query):
        before = found.get(subject, Asked(subject))
        if state == "approved" and expires_at <= moment:
            continue
        if state in OPEN:
            found[subject] = replace(before, is_open=True)
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


def choose(
    layer: Layer, rule: MessageRule, history: Collection[Asked], *, subject: str | None = None
) -> list[Row]:
    """The rows of the rule's query that it calls for now, those that are open first, then most money first.

    Of one subject, where one is named.

    Each has _step (its number), _turns, and its reader's _name and _email where the reader is of a record. At
    most `daily_cap`. Raises UsageError where the query gives a subject twice.
    """
    asked = pl.DataFrame([vars(one) for one in history], schema=HISTORY)
    chosen = whose_turn(_candidates(layer, rule, asked, subject), rule, asked)
    table, key = RECORDS.get(rule.what.to, ("", ""))
    if not table:
        return chosen.to_dicts()
    records = layer.query(
        f"select {key} as recipient_id, name as _name, email as _email from {table} "
        f"where {key} in (select unnest($readers))",
        readers=chosen["recipient_id"].drop_nulls().unique().sort().to_list(),
    )
    return chosen.join(records, on="recipient_id", how="left", maintain_order="left").to_dicts()


def _candidates(layer: Layer, rule: MessageRule, asked: pl.DataFrame, subject: str | None) -> pl.DataFrame:
    """The rows that can be chosen: those that are open, and those with the most money whose time may be due.

    DuckDB keeps the first of them and no others: the cap, and those whose step may turn out to be too early.
    A rule with quiet days is given all, since it passes over any number of one reader's.
    """
    who, given = bare(layer.sql(rule.who.query)), rule.who.parameters
    due = pl.col("_step").is_not_null() & ~pl.col("is_on_its_way")
    stepped = _next_steps(asked, rule)
    blocked = stepped.filter(~due)["subject"].to_list()
    early = stepped.filter(due, pl.col("_step") > 0).height
    conditions = ["subject not in (select unnest($subjects))"] if blocked else []
    conditions += ["days >= $first_step"] if rule.has_days else []
    conditions += ["subject = $subject"] if subject is not None else []
    rows = layer.query(
        f"select * from ({who}) "
        + (f"where {' and '.join(conditions)} " if conditions else "")
        + "order by amount_base desc nulls last, subject "
        + ("" if rule.quiet_days else "limit $most_rows"),
        subjects=blocked,
        subject=subject,
        first_step=rule.what.steps[0].days,
        most_rows=rule.daily_cap + early,
        **given,
    )
    twice = rows["subject"].filter(rows["subject"].is_duplicated())
    if len(twice):
        raise UsageError(f"the query {rule.who.query} gives {twice[0]} twice; a subject has one row")
    standing = [one for one in asked.filter("is_open")["subject"] if subject in (None, one)]
    if not standing:
        return rows
    still = layer.query(
        f"select * from ({who}) where subject in (select unnest($subjects))", subjects=standing, **given
    )
    return pl.concat([rows, still]).unique("subject", keep="first", maintain_order=True)


def _next_steps(asked: pl.DataFrame, rule: MessageRule) -> pl.DataFrame:
    """What was asked, with _step: number of the next step, null where none is left or it is too soon."""
    again = rule.when.again_after_days
    anew = pl.col("last_step").is_null()
    if again is not None:
        anew |= pl.col("days_ago") >= again
    waits = dict(enumerate(after.days - before.days for before, after in pairwise(rule.what.steps)))
    wait = pl.col("last_step").replace_strict(waits, default=None, return_dtype=pl.Int64)
    later = pl.when(pl.col("days_ago") >= wait).then(pl.col("last_step") + 1)
    return asked.with_columns(_step=pl.when(anew).then(0).otherwise(later))


def whose_turn(rows: pl.DataFrame, rule: MessageRule, asked: pl.DataFrame) -> pl.DataFrame:
    """Of the rows, those whose next step is due, with _step, _turns and _is_open; the cap is kept."""
    step = pl.when(pl.col("turns").is_null()).then(0).otherwise(pl.col("_step"))
    known = {"_turns": pl.col("turns").fill_null(0), "_is_open": pl.col("is_open").fill_null(False)}
    due = (
        rows.join(_next_steps(asked, rule), on="subject", how="left")
        .with_columns(_step=step, **known)
        .filter(pl.col("_step").is_not_null(), ~pl.col("is_on_its_way").fill_null(False))
        .sort("_is_open", "amount_base", "subject", descending=[True, True, False], nulls_last=True)
    )
    if rule.has_days:
        days = dict(enumerate(step.days for step in rule.what.steps))
        due = due.filter(pl.col("days") >= pl.col("_step").replace_strict(days, return_dtype=pl.Int64))
    if rule.quiet_days and rule.what.role is None:
        lately = asked.filter(pl.col("days_ago") < rule.quiet_days)["reader"].drop_nulls()
        due = due.filter(~pl.col("recipient_id").is_in(lately.implode()).fill_null(False))
        due = due.filter(pl.coalesce("recipient_id", "subject").is_first_distinct())
    return due.select(*rows.columns, "_step", "_turns", "_is_open").head(rule.daily_cap)


def reread(layer: Layer, *, query: str, parameters: Mapping[str, Any], to: str, subject: str) -> Row | None:
    """What the query says of one subject now, with its reader's address; None where it is not chosen."""
    table, key = RECORDS.get(to, ("", ""))
    join = f"left join {table} as record on record.{key} = who.recipient_id" if table else ""
    address = ", record.name as _name, record.email as _email" if table else ""
    text = f"select who.*{address} from ({bare(layer.sql(query))}) as who {join} where who.subject = $subject"
    rows = layer.query(text, subject=subject, **parameters).to_dicts()
    return rows[0] if rows else None


def still_named(
    layer: Layer, *, query: str, parameters: Mapping[str, Any], subjects: Collection[str]
) -> frozenset[str]:
    """Those of the subjects whom the query gives now."""
    text = f"select subject from ({bare(layer.sql(query))}) where subject in (select unnest($subjects))"
    return frozenset(layer.query(text, subjects=sorted(subjects), **parameters)["subject"])


def bare(query: str) -> str:
    """Without the semicolon an editor puts at its end; a comment on its last line ends there."""
    return query.strip().rstrip(";") + "\n"
