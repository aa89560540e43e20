"""What the firm's own outcomes teach, served only where it was better than their plain share; else the share
answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from opslayer.intelligence.propensity.learner import HALF_LIVES, Propensity, learn
from opslayer.modelops.promotion import Bar, judge

MODEL, VERSION = "recent outcomes, weighed", "1"
SHARE = "share of past outcomes"
FEWEST = 200  # outcomes, below which nothing is taught
FEWEST_EVENTS = 20  # of either kind, likewise
JUDGED = 0.2  # part of the outcomes, the latest, by which the model is judged before it is served
PRIOR, PRIOR_SHARE = 10.0, 0.5  # outcomes that speak for one half before the firm has its own


@dataclass(frozen=True)
class Taught:
    """`model` is None where the share of past outcomes answers; `why` says on what grounds either was
    chosen.
    """

    model: Propensity | None
    share: float
    outcomes: int
    why: str


def teach(
    history: pl.DataFrame,
    *,
    as_of: date,
    features: Sequence[str],
    titles: Mapping[str, str],
    entity: str | None = None,
    half_lives: Sequence[int] = HALF_LIVES,
) -> Taught:
    """Learn from rows whose time had passed by `as_of`, and serve what was learnt only if it beats their
    share.

    `history` has the features as known at `decided_at`, `label` (Boolean; null: not known), and
    `matures_on`, the day by which an outcome has come: rows whose outcome came early are held back until
    then, for the early ones are not like the rest. Days; one row a subject. Judged on the latest fifth, by
    what was known before it.
    """
    known = history.filter((pl.col("matures_on") <= as_of) & pl.col("label").is_not_null())
    known = known.sort("decided_at", "subject")
    events = int(known["label"].sum())
    share = (events + PRIOR * PRIOR_SHARE) / (len(known) + PRIOR)
    if len(known) < FEWEST or min(events, len(known) - events) < FEWEST_EVENTS:
        few = f"{len(known)} outcomes, {events} of them yes, are too few to learn from"
        return Taught(None, share, len(known), few)
    cut = known["decided_at"][int(len(known) * (1 - JUDGED))]
    before = known.filter(pl.col("matures_on") <= cut)
    after = known.filter(pl.col("decided_at") > cut)
    if len(before) < FEWEST or not before["label"].any() or before["label"].all():
        return Taught(None, share, len(known), f"{len(before)} outcomes by {cut} are too few to learn from")
    tried = learn(before, features=features, half_lives=half_lives).predict(after)
    verdict = judge(
        after.select(
            outcome="label",
            champion=pl.lit(int(before["label"].sum()) / len(before)),
            challenger=tried["answer"],
            entity=pl.col(entity).fill_null(pl.col("subject")) if entity else pl.col("subject"),
        ),
        entity="entity",
        bar=Bar(relative=0.01),
        samples=1_000,
    )
    if not verdict.promote:
        why = f"what was learnt is not better than the share: {verdict.reasons}"
        return Taught(None, share, len(known), why)
    model = learn(known, features=features, titles=titles, half_lives=half_lives)
    return Taught(model, share, len(known), f"better than the share: {verdict.reasons}")


def answers(taught: Taught, rows: pl.DataFrame, *, what: str) -> pl.DataFrame:
    """answer, reasons, is_fallback, model and model_version, one row a row of `rows`; `what` says of the
    share.
    """
    if taught.model is not None:
        found = taught.model.predict(rows)
        model, fallback = MODEL, False
    else:
        told = f"{taught.share:.0%} of {taught.outcomes:,} {what}: the same for all, because {taught.why}"
        found = pl.DataFrame({"answer": [taught.share] * len(rows), "reasons": [told] * len(rows)})
        model, fallback = SHARE, True
    return found.select("answer", "reasons").with_columns(
        is_fallback=pl.lit(fallback), model=pl.lit(model), model_version=pl.lit(VERSION)
    )
