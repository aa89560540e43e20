"""A rule in plain English: who, when, what, may I; and of one subject, why it is chosen or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlglot
from sqlalchemy import select
from sqlglot import exp

from opslayer.actions.cause import PATIENCE
from opslayer.actions.channels.channel import MAIL
from opslayer.actions.choosing import conditions_of
from opslayer.actions.kind import Condition, Occasion
from opslayer.actions.kinds import choose_rules
from opslayer.actions.messaging.choice import Asked, choose, read_history, reread
from opslayer.actions.messaging.rule import MessageRule
from opslayer.actions.rule import Rule
from opslayer.config import Firm
from opslayer.store import EVENTS, Event, Store
from opslayer.warehouse import Layer, position, query_path

READERS = {"client": "the client", "owner": "the person who owns the record"}


@dataclass(frozen=True)
class Explanation:
    """A rule in sentences, by question."""

    rule: str
    description: str
    is_on: bool
    who: tuple[str, ...]
    conditions: tuple[Condition, ...]
    when: tuple[str, ...]
    what: tuple[str, ...]
    may: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """Why one subject is chosen on a snapshot, or is not: the first condition that does not hold decides."""

    subject: str
    is_chosen: bool
    conditions: tuple[Condition, ...]


def explain(firm: Firm, layer: Layer, name: str) -> Explanation:
    """A rule in words; `layer` is any snapshot, asked only for the text of queries. Raises UsageError."""
    (rule,) = choose_rules(firm, name)
    if isinstance(rule, MessageRule):
        parts = _who(layer, rule), _conditions(layer, rule), _when(firm, rule), _what(rule)
    else:
        who = tuple(_heading(layer, query) for _, query in rule.queries)
        when = (f"Proposed by the notebook or job that names {rule.name}",)
        templates = ", ".join(dict.fromkeys(template for _, template in rule.templates))
        parts = who or (rule.description,), (), when, (f"Written with {templates}",)
    return Explanation(rule.name, rule.description, rule.enabled, *parts, _may(rule))


def judge(firm: Firm, layer: Layer, store: Store, name: str, subject: str, *, moment: datetime) -> Verdict:
    """Whether a rule calls for something about `subject` on the snapshot, condition by condition.

    Raises UsageError for a rule that is unknown.
    """
    (rule,) = choose_rules(firm, name)
    if not isinstance(rule, MessageRule):
        with store.reading() as session:
            found = tuple(conditions_of(session, Occasion(firm, layer, rule, moment), subject))
        return Verdict(subject, all(one.holds for one in found), found)
    with store.reading() as session:
        history = read_history(session, rule, as_of=layer.as_of, moment=moment)
    only = subject if rule.is_only_on_events else None
    chosen = any(row["subject"] == subject for row in choose(layer, rule, history, subject=only))
    asked = next((one for one in history if one.subject == subject), Asked(subject))
    happened = tuple(_of_events(store, rule, subject, moment)) if rule.is_only_on_events else ()
    chosen = chosen and all(one.holds for one in happened)
    conditions = (
        *happened,
        *_of_query(layer, rule, subject),
        *_of_history(layer, rule, subject, asked, chosen),
    )
    return Verdict(subject, chosen and rule.enabled, conditions)


def _who(layer: Layer, rule: MessageRule) -> tuple[str, ...]:
    bound = ", ".join(f"{name} = {_plain(value)}" for name, value in rule.who.parameters.items())
    return (_heading(layer, rule.who.query), f"Query {rule.who.query}" + (f", with {bound}" if bound else ""))


def _heading(layer: Layer, query: str) -> str:
    """The first line of a query's file says whom it gives."""
    first = query_path(layer, query).read_text(encoding="utf-8").partition("\n")[0]
    return _sentence(first.lstrip("- ").partition("; key")[0])


def _conditions(layer: Layer, rule: MessageRule) -> tuple[Condition, ...]:
    return tuple(Condition(says) for says, _ in _asked(layer, rule))


def _asked(layer: Layer, rule: MessageRule) -> list[tuple[str, exp.Expr]]:
    """The conditions of the query's last WHERE: in the words of the comment beside each, or its SQL."""
    text = layer.sql(rule.who.query)
    query = sqlglot.parse_one(text, dialect="duckdb")
    where = query.args.get("where")
    if where is None:
        return []
    found = []
    for one in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        comment = _comment(text, one)
        for name, value in rule.who.parameters.items():
            comment = comment.replace(f"${name}", _plain(value))
        found.append((comment or one.sql("duckdb", comments=False), one))
    return found


def _comment(sql: str, node: exp.Expr) -> str:
    """What stands behind `--` on the line where a condition begins."""
    line, _ = position(node, sql)
    return sql.splitlines()[line - 1].partition("--")[2].strip()


def _when(firm: Firm, rule: MessageRule) -> tuple[str, ...]:
    jobs, again = rule.when.jobs, rule.when.again_after_days
    said = [f"Proposed by the job {' or '.join(jobs)}"] if jobs else []
    if rule.when.snapshot:
        said.append("Asked once of every snapshot as it is published")
    told = {**EVENTS, **firm.events}
    said += [f"Asked as {event} happens ({told[event]})" for event in rule.when.events]
    said = said or ["Proposed by every job that proposes"]
    steps = rule.what.steps
    if len(steps) > 1:
        said.append("In turn: " + "; ".join(f"{step.name} from day {step.days}" for step in steps))
    elif steps[0].days:
        said.append(f"Once it has lasted {steps[0].days} days")
    said.append(
        f"About the same subject again after {again} days"
        if again
        else "About the same subject once, and never again"
    )
    return tuple(said)


def _what(rule: MessageRule) -> tuple[str, ...]:
    reader = READERS.get(rule.what.to, f"everybody with the role {rule.what.role}")
    if rule.what.otherwise is not None:
        reader += (
            f", or where there is none everybody with the role {rule.what.otherwise.removeprefix('role:')}"
        )
    templates = ", ".join(step.template for step in rule.what.steps)
    firm = [fact.title for fact in rule.what.shows.values() if not fact.may_change]
    way = "A mail to" if rule.what.channel == MAIL else f"By the channel {rule.what.channel}, about"
    said = [f"{way} {reader}, written with {templates}"]
    if firm:
        said.append(f"Void where one of these changes before it leaves: {', '.join(firm)}")
    return tuple(said)


def _may(rule: Rule) -> tuple[str, ...]:
    approval = rule.approval_at(max(rule.levels))
    assert approval is not None, "of a level that it has"
    said = [
        approval.policy,
        f"At most {rule.daily_cap} a day, on data of the last {rule.fresh_hours} hours",
    ]
    if isinstance(rule, MessageRule) and rule.quiet_days:
        said.append(f"The same reader is left alone for {rule.quiet_days} days")
    if rule.fresh_tables:
        said.append(f"Not while {', '.join(rule.fresh_tables)} is out of date")
    if rule.autonomy is not None:
        earning = rule.autonomy
        said.append(
            f"By itself up to {earning.up_to:,}, once {earning.over} decisions show {earning.at_least:.0%} "
            f"approved and one of {rule.owner} confirms it"
        )
    if rule.holdout is not None:
        said.append(f"{rule.holdout:.0%} of its subjects are left alone, to tell whether it has an effect")
    if not rule.enabled:
        said.append("It is switched off: nothing is proposed")
    return tuple(said)


def _of_query(layer: Layer, rule: MessageRule, subject: str) -> Iterator[Condition]:
    """Each condition of the query, asked of the subject's row."""
    if _row(layer, rule, subject) is not None:
        yield from (Condition(says, True) for says, _ in _asked(layer, rule))
        return
    query = sqlglot.parse_one(layer.sql(rule.who.query), dialect="duckdb")
    conditions = _asked(layer, rule)
    grouped = any(query.args.get(clause) for clause in ("group", "having", "distinct"))
    if not isinstance(query, exp.Select) or grouped or not conditions:
        yield Condition(f"the query gives {subject}", False)
        return
    bare = query.copy()
    for clause in ("where", "order", "limit", "qualify"):
        bare.set(clause, None)
    named = next(one for one in query.selects if one.alias_or_name == "subject")
    columns = [
        exp.alias_(exp.func("coalesce", one.copy(), exp.false()), f"c{number}")
        for number, (_, one) in enumerate(conditions)
    ]
    bare.set("expressions", [exp.alias_(named.unalias().copy(), "subject"), *columns])
    text = f"select * from ({bare.sql('duckdb', comments=False)}) as who where who.subject = $subject"
    rows = layer.query(text, subject=subject, **rule.who.parameters).to_dicts()
    if not rows:
        yield Condition(f"there is a {subject} to look at", False)
        return
    best = max(rows, key=lambda row: sum(bool(value) for value in list(row.values())[1:]))
    for number, (says, _) in enumerate(conditions):
        yield Condition(says, bool(best[f"c{number}"]))


def _row(layer: Layer, rule: MessageRule, subject: str) -> dict[str, Any] | None:
    given: dict[str, Any] = dict(rule.who.parameters)
    return reread(layer, query=rule.who.query, parameters=given, to=rule.what.to, subject=subject)


def _of_history(
    layer: Layer, rule: MessageRule, subject: str, asked: Asked, chosen: bool
) -> Iterator[Condition]:
    """What the rule asks besides: that it is on, that it was not asked lately, that there is room for it."""
    yield Condition("the rule is switched on", rule.enabled)
    row = _row(layer, rule, subject)
    if row is None:
        return
    again, steps, holds = rule.when.again_after_days, rule.what.steps, True
    if asked.is_on_its_way:
        holds = False
        yield Condition("nothing about it is on its way", holds)
    elif asked.days_ago is not None and asked.last_step is not None:
        anew = again is not None and asked.days_ago >= again
        after = steps[asked.last_step + 1] if asked.last_step + 1 < len(steps) else None
        wait = after.days - steps[asked.last_step].days if after else None
        due = f"after {wait} days" if wait else f"after {again} days" if again else "never again"
        holds = anew or (wait is not None and asked.days_ago >= wait)
        yield Condition(f"it was asked {asked.days_ago} days ago, and is asked {due}", holds)
    if rule.has_days and asked.last_step is None:
        first = steps[0].days
        lasted = int(row["days"] or 0)
        holds = lasted >= first
        yield Condition(f"it has lasted {first} days (it has lasted {lasted})", holds)
    if rule.what.to in READERS:
        yield Condition("an e-mail address of its reader is known", bool(row["_email"]))
    quiet = f", and its reader was left alone for {rule.quiet_days} days" if rule.quiet_days else ""
    if holds:
        yield Condition(f"it is among the {rule.daily_cap} that come first{quiet}", chosen)


def _of_events(store: Store, rule: MessageRule, subject: str, moment: datetime) -> Iterator[Condition]:
    """Of a rule that nothing but events ask: whether one of them is about the subject."""
    names = " or ".join(rule.events)
    lately = select(Event.id).where(
        Event.name.in_(rule.events), Event.subject == subject, Event.happened_at > moment - PATIENCE
    )
    with store.reading() as session:
        heard = session.scalars(lately).first() is not None
    yield Condition(f"{names} happened to it in the last {PATIENCE.days} days", heard)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(value: object) -> str:
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return f"{value:,}" if number else str(value)
