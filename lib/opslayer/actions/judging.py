"""What became of the subjects of a rule with a holdout, in both arms alike; and the effect that shows."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from opslayer.actions.compensation import NAME
from opslayer.actions.kind import Followed, Judgement
from opslayer.actions.kinds import KINDS, choose_rules, load_rules
from opslayer.actions.success import came_to_nothing
from opslayer.actions.transition import SYSTEM
from opslayer.config import Firm
from opslayer.errors import OpslayerError
from opslayer.intelligence import effect
from opslayer.intelligence.effect import SUBJECTS
from opslayer.store import Assignment, Store, append, lock
from opslayer.store import Proposal as Record
from opslayer.warehouse import Layer

NOBODY = "The rule has called for nobody since it has a holdout."
SETTINGS = {"rule": pl.String, "share": pl.Float64, "follow_days": pl.Int64, "measure": pl.String}


def judge_subjects(layer: Layer, store: Store, *, moment: datetime) -> int:
    """Keep, once, what became of every subject whose time has come on the snapshot; how many there were.

    Of whom the snapshot cannot tell (a query that is gone) is asked again on the next.
    """
    with store.reading() as session:
        waiting = list(session.scalars(_waiting(layer.as_of)))
    found: dict[tuple[str, str], Judgement] = {}
    for rule in sorted({one.rule for one in waiting}):
        found |= _judged(layer, [one for one in waiting if one.rule == rule])
    if not found:
        return 0
    count = 0
    with store.session() as session:
        lock(session)
        for record in session.scalars(_waiting(layer.as_of)).all():
            judgement = found.get((record.rule, record.subject))
            if judgement is None:
                continue
            record.judged_on, record.is_settled = layer.as_of, judgement.is_settled
            record.settled_days, record.settled_amount = judgement.days, judgement.amount
            detail = {"rule": record.rule, "subject": record.subject, "arm": record.arm,
                      "snapshot": layer.version.name, **vars(judgement)}  # fmt: skip
            append(session, moment=moment, actor=SYSTEM, event="judged", detail=detail)
            count += 1
    return count


def _waiting(day: date) -> Select[Assignment]:
    return (
        select(Assignment)
        .where(Assignment.judged_on.is_(None), Assignment.judged_from <= day)
        .order_by(Assignment.id)
    )


def _judged(layer: Layer, waiting: list[Assignment]) -> dict[tuple[str, str], Judgement]:
    judge = KINDS[waiting[0].kind].judge
    assert judge is not None, "a rule of this kind has no holdout"
    followed = [Followed(one.subject, one.follow, one.assigned_on, one.judged_from) for one in waiting]
    try:
        found = judge(layer, followed)
    except OpslayerError:
        return {}
    return {(waiting[0].rule, subject): judgement for subject, judgement in found.items()}


def rule_effects(firm: Firm, store: Store, rule: str | None = None) -> pl.DataFrame:
    """The effect of one rule, or of each that has or had a holdout: one row a rule, by name.

    The columns of `intelligence.effect.EFFECT`, and the rule's share (of those left alone from now on; null
    while its holdout is off), follow_days and measure, which says what is counted. `supported_amount` is in
    whole units of the base currency, rounded down. Raises UsageError for an unknown rule.
    """
    rules = choose_rules(firm, rule) if rule else load_rules(firm)
    with store.reading() as session:
        drawn = session.scalars(select(Assignment).order_by(Assignment.id)).all()
        reached = _reached(session)
    rows = [vars(one) | {"is_reached": (one.rule, one.subject) in reached} for one in drawn]
    subjects = pl.DataFrame([{name: row[name] for name in SUBJECTS} for row in rows], schema=SUBJECTS)
    found = effect.estimate(subjects)
    known = set(found["rule"])
    shown = [one for one in rules if rule or one.holdout is not None or one.name in known]
    settings = pl.DataFrame(
        [(one.name, one.holdout, one.follow_days, KINDS[one.kind].measure) for one in shown],
        schema=SETTINGS,
        orient="row",
    )
    return settings.join(found, on="rule", how="left").with_columns(
        pl.col("verdict").fill_null("unproven"),
        pl.col("reasons").fill_null(NOBODY),
        pl.col("supported_amount").floor().fill_null(0.0),
        *(
            pl.col(name).fill_null(0)
            for name in ("treated", "reached", "left_alone", "treated_judged", "left_alone_judged")
        ),
    )


def _reached(session: Session) -> set[tuple[str, str]]:
    """Rule and subject of whatever left or was done, and neither came back nor was undone."""
    done = select(Record.id, Record.rule, Record.subject).where(
        Record.state.in_(("sent", "recorded")), Record.kind != NAME
    )
    nothing = came_to_nothing(session)
    return {(rule, subject) for number, rule, subject in session.execute(done) if number not in nothing}
