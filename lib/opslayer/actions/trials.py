"""Which words work better: the trials of rules, read off what became of the subjects of either arm."""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlalchemy import select

from opslayer.actions.kinds import load_rules
from opslayer.actions.messaging.rule import MessageRule, Trial
from opslayer.config import Firm
from opslayer.modelops.experiments import assign, read
from opslayer.modelops.trials import told
from opslayer.store import Assignment, Store

READING: dict[str, Any] = {
    "rule": pl.String,
    "trial": pl.String,
    "verdict": pl.String,
    "subjects": pl.Int64,
    "standing_subjects": pl.Int64,
    "share_tried": pl.Float64,
    "share_standing": pl.Float64,
    "effect": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "reasons": pl.String,
}


def trials(firm: Firm, store: Store) -> pl.DataFrame:
    """One row a trial (columns of READING): keep, stop or not yet; `effect` and its interval are of shares.

    The outcome of a subject is whether what the rule asks for came about (`is_settled` of its assignment);
    those whom the rule leaves alone got no words and count in neither arm. A trial of a rule that is off is
    told where somebody was in it. What a subject is worth takes noise out of its outcome (CUPED).
    """
    rules = [rule for rule in load_rules(firm) if isinstance(rule, MessageRule)]
    rows = [
        (rule, {"rule": rule.name, **_reading(store, rule, step.trial)})
        for rule in rules
        for step in rule.what.steps
        if step.trial is not None
    ]
    shown = [row for rule, row in rows if rule.enabled or row["subjects"] or row["standing_subjects"]]
    return pl.DataFrame(shown, schema=READING)


def _reading(store: Store, rule: MessageRule, trial: Trial) -> dict[str, Any]:
    with store.reading() as session:
        treated = session.execute(
            select(Assignment.subject, Assignment.is_settled, Assignment.amount)
            .where(Assignment.rule == rule.name, Assignment.arm == "treatment")
            .order_by(Assignment.id)
        ).all()
    subjects = pl.DataFrame(
        [(assign(trial.experiment, row.subject), row.is_settled, float(row.amount or 0)) for row in treated],
        schema={"arm": pl.String, "outcome": pl.Boolean, "before": pl.Float64},
        orient="row",
    )
    (found,) = read(trial.experiment, subjects)
    row = told(found)
    shares = {"share_tried": row.pop("mean_tried"), "share_standing": row.pop("mean_standing")}
    return {"trial": trial.name, **{name: value for name, value in row.items() if name in READING}, **shares}
