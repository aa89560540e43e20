"""A rule replayed: what it would have done, kept with the version it was; and whether it may be on at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions.kinds import KINDS, choose_rules, load_rules
from opslayer.actions.replay.firing import fire
from opslayer.actions.replay.past import PastDay, months_before, past_days
from opslayer.actions.replay.summary import by_guardrail, by_month, by_subject, coverage, overlaps
from opslayer.actions.rule import Rule
from opslayer.actions.transition import SYSTEM
from opslayer.actions.version import rule_version
from opslayer.config import Firm
from opslayer.errors import UsageError
from opslayer.store import Event, Replay, Store, append, lock


@dataclass(frozen=True)
class Replayed:
    """What a rule would have done between two days; amounts in base currency.

    `firings` has the columns of `firing.FIRINGS`; `months`, `subjects`, `stopped` and `overlap` are what
    `summary` makes of them. `coverage` says in a sentence what could be looked at, `refusal` why the rule may
    not be on, None where it may.
    """

    rule: str
    rule_version: str
    days: tuple[PastDay, ...]
    firings: pl.DataFrame
    months: pl.DataFrame
    subjects: pl.DataFrame
    stopped: pl.DataFrame
    overlap: pl.DataFrame
    coverage: str
    refusal: str | None


def replay(
    firm: Firm,
    store: Store,
    name: str,
    *,
    until: date,
    moment: datetime,
    months: int = 12,
    rebuild: bool = False,
) -> Replayed:
    """Run a rule, on or off, over the last `months` of snapshots up to `until`, and keep what it came to.

    Nothing is proposed or sent, and only the sums go into the store, with the rule's version. Raises
    UsageError for an unknown rule, or where no snapshot of that time is kept.
    """
    (rule,) = choose_rules(firm, name)
    since = months_before(until, months)
    days = past_days(firm, until=until, months=months, rebuild=rebuild)
    if not days:
        raise UsageError(
            f"no snapshot between {since} and {until} is kept", mend="`--rebuild` builds past days anew"
        )
    # the others first: what they would have sent counts against this one's budgets
    with store.reading() as session:
        heard = session.scalars(select(Event).order_by(Event.id)).all()
    fired = fire(firm, [*_beside(firm, rule), rule], days, heard=heard)
    unasked = fired.unasked[rule.name]
    if len(unasked) == len(days):
        raise UsageError(f"no snapshot can be asked: {next(iter(unasked.values()))}")
    days = [day for day in days if day not in unasked]
    is_own = pl.col("rule") == rule.name
    own, others = fired.firings.filter(is_own), fired.firings.filter(~is_own)
    with store.session() as session:
        lock(session)
        made = _keep(session, firm, rule, by_month(own, days), days, moment)
        why = refusal(firm, rule, made)
    return Replayed(
        rule=rule.name,
        rule_version=made.rule_version,
        days=tuple(days),
        firings=own,
        months=by_month(own, days),
        subjects=by_subject(own),
        stopped=by_guardrail(own),
        overlap=overlaps(own, others, window=timedelta(days=firm.limits.client_days)),
        coverage=coverage(days, since=since, until=until, unasked=len(unasked)),
        refusal=why,
    )


def _beside(firm: Firm, rule: Rule) -> list[Rule]:
    """The other rules that are on and approach clients."""
    return [
        one
        for one in load_rules(firm)
        if one.name != rule.name and one.enabled and one.is_contact and KINDS[one.kind].judge is not None
    ]


def _keep(
    session: Session,
    firm: Firm,
    rule: Rule,
    months: pl.DataFrame,
    days: list[PastDay],
    moment: datetime,
) -> Replay:
    amounts = [Decimal(one) for one in months["amount"]]
    made = Replay(
        rule=rule.name,
        rule_version=rule_version(firm, rule),
        replayed_at=moment,
        first_day=days[0].day,
        last_day=days[-1].day,
        kept=sum(one.source == "kept" for one in days),
        rebuilt=sum(one.source == "rebuilt" for one in days),
        firings=int(months["firings"].sum()),
        amount=sum(amounts, Decimal(0)),
        most_firings=int(months["firings"].max() or 0),  # type: ignore[arg-type]
        most_amount=max(amounts),
        months={f"{row['month']:%Y-%m}": [row["firings"], str(row["amount"])] for row in months.to_dicts()},
    )
    session.add(made)
    names = ("rule", "rule_version", "first_day", "last_day", "kept", "rebuilt", "firings", "amount",
             "most_firings", "most_amount")  # fmt: skip
    detail = {name: getattr(made, name) for name in names}
    append(session, moment=moment, actor=SYSTEM, event="replayed", detail=detail)
    return made


def last_replay(session: Session, rule: str) -> Replay | None:
    query = select(Replay).where(Replay.rule == rule).order_by(Replay.id.desc()).limit(1)
    return session.scalars(query).first()


def refusal(firm: Firm, rule: Rule, last: Replay | None) -> str | None:
    """Why a rule may not be on, by the firm's limits on what a rule does in a month; None where it may.

    `last` is its last replay. Where the firm sets no such limit, no replay is asked for.
    """
    firings, amount = firm.limits.most_firings_a_month, firm.limits.most_amount_a_month
    if firings is None and amount is None:
        return None
    if last is None or last.rule_version != rule_version(firm, rule):
        return f"the rule {rule.name} was not replayed as it is now; `opslayer rules replay {rule.name}` does"
    if firings is not None and last.most_firings > firings:
        return (
            f"the rule {rule.name} would have fired {last.most_firings:,} times in its busiest month; "
            f"most_firings_a_month under [limits] allows {firings:,}"
        )
    if amount is not None and last.most_amount > amount:
        return (
            f"the rule {rule.name} would have been about {last.most_amount:,.2f} {firm.base_currency} in a "
            f"month; most_amount_a_month under [limits] allows {amount:,.2f}"
        )
    return None


def refusals(firm: Firm, store: Store) -> Iterator[tuple[Rule, str]]:
    """The rules that are on and may not be, each with the reason; none where the firm sets no limit."""
    with store.reading() as session:
        for rule in load_rules(firm):
            why = refusal(firm, rule, last_replay(session, rule.name)) if rule.enabled else None
            if why is not None:
                yield rule, why


def list_replays(firm: Firm, store: Store) -> pl.DataFrame:
    """The last replay of each rule that has one, by name, and whether it is of the rule as it is now."""
    rows: list[dict[str, Any]] = []
    with store.reading() as session:
        for rule in load_rules(firm):
            last = last_replay(session, rule.name)
            if last is None:
                continue
            row = {name: getattr(last, name) for name in LISTED if hasattr(last, name)}
            is_current = last.rule_version == rule_version(firm, rule)
            why = refusal(firm, rule, last)
            standing = "may not be on" if why else "as it is now" if is_current else "changed since"
            rows.append(row | {"is_current": is_current, "standing": standing, "refusal": why})
    return pl.DataFrame(rows, schema=LISTED, orient="row")


def replay_months(store: Store, rule: str) -> pl.DataFrame:
    """The months of a rule's last replay, first to last: month (its first day), firings, amount."""
    with store.reading() as session:
        last = last_replay(session, rule)
    months = last.months if last else {}
    return pl.DataFrame(
        [
            (date.fromisoformat(f"{month}-01"), count, Decimal(amount))
            for month, (count, amount) in months.items()
        ],
        schema={"month": pl.Date, "firings": pl.Int64, "amount": pl.Decimal(18, 2)},
        orient="row",
    ).sort("month")


LISTED: dict[str, pl.DataType | type[pl.DataType]] = {
    "rule": pl.String,
    "replayed_at": pl.Datetime(time_zone="UTC"),
    "first_day": pl.Date,
    "last_day": pl.Date,
    "kept": pl.Int64,
    "rebuilt": pl.Int64,
    "firings": pl.Int64,
    "amount": pl.Decimal(18, 2),
    "most_firings": pl.Int64,
    "most_amount": pl.Decimal(18, 2),
    "is_current": pl.Boolean,
    "standing": pl.String,
    "refusal": pl.String,
}
