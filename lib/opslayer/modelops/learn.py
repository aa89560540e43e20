"""The life of a learnt model: taught, judged, promoted or not, watched, taught anew when it has decayed.

Rows are parted by time: what judges was decided after the outcome of all that teaches was known. A challenger
serves nobody before it gained over the champion on the same rows; then 1, 5, 25 and 50 % of the subjects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from opslayer.errors import ModelFailed, UsageError
from opslayer.modelops import leak, scores, serving
from opslayer.modelops.capability import Capability, Learning
from opslayer.modelops.capture import Judged
from opslayer.modelops.decay import Decay, watch_probabilities
from opslayer.modelops.monitoring import came, expected, moved, of_few_kinds, table
from opslayer.modelops.promotion import Bar, Promotion, judge, row_losses
from opslayer.modelops.registry import CHALLENGER, CHAMPION, Card, Registry
from opslayer.modelops.respondents import named

THE_CHAMPION = "the champion"
ASKED = ("subject", "label", "decided_at", "known_at")


@dataclass(frozen=True)
class Taught:
    """What came of teaching: the version, or None where there was too little; its promotion; in words."""

    version: str | None
    reasons: str
    promotion: Promotion | None = None
    scores: pl.DataFrame | None = None

    @property
    def promoted(self) -> bool:
        return self.promotion is not None and self.promotion.promote

    @property
    def did(self) -> str:
        if self.version is None:
            return "too little to learn from"
        return "promoted" if self.promoted else "taught"


def teach(
    capability: Capability,
    history: pl.DataFrame,
    registry: Registry,
    *,
    as_of: date,
    snapshot: str,
    contract_version: str,
    moment: datetime,
    seed: int = 0,
) -> Taught:
    """Teach on what was known by `as_of`, judge on the newest, register; promote what gained.

    `history` has the columns of the capability's history query. Raises LeakFound naming inputs that know the
    outcome, UsageError for a history of other columns.
    """
    learning, learner = _learning(capability)
    known = _known(capability, history, as_of)
    if known.height < learning.fewest:
        return Taught(None, f"{known.height} outcomes are known; {learning.fewest} are needed to learn from.")
    judged_from = known["decided_at"].sort()[int(known.height * (1 - learning.judged_by))]
    split = scores.split_by_time(known, features_at="decided_at", labels_at="known_at", on=judged_from)
    if min(split.train.height, split.test.height) < 50 or split.train["label"].n_unique() < 2:
        return Taught(None, f"Too few outcomes were known before {judged_from}, from which on rows judge.")
    features = [one.name for one in capability.inputs]
    leak.refuse(split.train, features=features, outcome="label", allowed=learning.allowed, seed=seed)
    model = named(learner)().fit(split.train, seed=seed)
    asked = split.test.select("subject", *features)
    judged = split.test.select("subject", outcome="label").with_columns(
        answer=model.predict(asked)["answer"],
        naive=_naive(capability, split, asked),
        **{name: split.test[name] for name in _segments(learning)},
    )
    measured = scores.evaluate(judged, segment=learning.segment, entity="subject", seed=seed)
    rival, known_as = _rival(capability, registry, split.test, asked, judged)
    decided = judge(
        judged.select("subject", "outcome", challenger="answer").with_columns(champion=rival),
        metric=learning.gain.score,
        entity="subject",
        rival=known_as,
        bar=Bar(learning.gain.absolute, learning.gain.relative, learning.gain.confidence),
        seed=seed,
    )
    card = Card(
        capability.name,
        _in_words(learner.rpartition(":")[2]),
        as_of,
        snapshot,
        contract_version,
        tuple(features),
        split.train.height,
        {_named(row): row["value"] for row in measured.iter_rows(named=True)},
        decided.reasons,
    )
    kept = split.test.select("decided_at", *of_few_kinds(split.test, features))
    version = registry.register(
        model,
        card,
        judged=pl.concat([judged.select("outcome", "answer"), kept], how="horizontal"),
        moment=moment,
    )
    if decided.promote and known_as != THE_CHAMPION:  # none serves, or one that cannot be read
        registry.promote(capability.name, version)
    elif decided.promote:
        registry.share(capability.name, serving.CANARY[0])
    return Taught(version, decided.reasons, decided, measured)


def advance(capability: Capability, registry: Registry, judged: list[Judged]) -> serving.Step | None:
    """Give a challenger that serves some a larger share, or roll it back, by what came of its answers.

    None where no challenger serves. Losses are squares of probability less outcome.
    """
    held, share = registry.aliases(capability.name), registry.share(capability.name)
    if CHALLENGER not in held or share <= 0:
        return None
    losses = {
        role: pl.Series(
            [
                (one.predicted - one.came) ** 2
                for one in judged
                if one.role == "served" and one.version == held[role]
            ],
            dtype=pl.Float64,
        ).to_numpy()
        for role in (CHAMPION, CHALLENGER)
    }
    judged_here = len(losses[CHALLENGER])
    since = judged_here - registry.judged_at_step(capability.name)
    found = serving.step(share, losses[CHAMPION], losses[CHALLENGER], since_step=since)
    if found.verdict == "finished":
        registry.promote(capability.name, held[CHALLENGER])
    elif found.share != share:
        registry.share(capability.name, found.share, judged=judged_here)
    return found


def watch(capability: Capability, registry: Registry, judged: list[Judged], *, as_of: date) -> Decay | None:
    """Whether the champion has become worse than when it was judged; None where nothing is served yet."""
    learning, _ = _learning(capability)
    held = registry.aliases(capability.name)
    if CHAMPION not in held:
        return None
    stream = pl.DataFrame(
        [
            {"outcome": bool(one.came), "answer": one.predicted}
            for one in judged
            if one.version == held[CHAMPION] and (as_of - one.as_of).days >= learning.delay_days
        ],
        schema={"outcome": pl.Boolean, "answer": pl.Float64},
    )
    return watch_probabilities(registry.judged(capability.name, held[CHAMPION]), stream)


def monitor(
    capability: Capability, registry: Registry, history: pl.DataFrame, judged: list[Judged], *, as_of: date
) -> pl.DataFrame | None:
    """How the champion stands (columns of `monitoring.DRIFT`); None where nothing is served.

    It is told of rows of `history` that were decided after those that judged it, whether they were asked
    about or not. Raises ModelFailed where the version cannot be read.
    """
    learning, _ = _learning(capability)
    held = registry.aliases(capability.name)
    if CHAMPION not in held:
        return None
    champion = registry.load(capability.name, CHAMPION)
    reference = registry.judged(capability.name, held[CHAMPION])
    rows: list[dict[str, Any]] = []
    if "decided_at" in reference.columns:  # what was registered by an older layer has no inputs beside it
        asked = _named_subject(capability, history).filter(
            (pl.col("decided_at") > reference["decided_at"].max())
            & (pl.col("decided_at").cast(pl.Date) <= as_of)
        )
        none = pl.Series("answer", [], dtype=pl.Float64)  # of no rows no learner can be asked
        current = asked.with_columns(champion.model.predict(asked)["answer"] if asked.height else none)
        estimate = expected(reference, current, metric=learning.gain.score)
        rows = [*moved(reference, current), *([estimate] if estimate else [])]
    decay = watch(capability, registry, judged, as_of=as_of)
    ours = [one for one in judged if one.version == held[CHAMPION]]
    rows.append(came(decay, ours, delay_days=learning.delay_days))
    return table(capability.name, rows, as_of=as_of, model=champion.name, version=champion.version)


def _learning(capability: Capability) -> tuple[Learning, str]:
    if capability.learning is None or capability.learnt is None:
        raise UsageError(
            f"{capability.name} learns nothing", mend="`opslayer models list` shows those that do"
        )
    return capability.learning, capability.learnt.learner


def _known(capability: Capability, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Rows whose outcome was known by `as_of`, oldest first."""
    given = _named_subject(capability, history)
    lacking = {*ASKED, *(one.name for one in capability.inputs)} - set(given.columns)
    if lacking:
        raise UsageError(
            f"the history of {capability.name} has no {', '.join(sorted(lacking))}",
            mend=f"the query {capability.learning.history if capability.learning else ''} must give them",
        )
    return given.filter(pl.col("label").is_not_null() & (pl.col("known_at").cast(pl.Date) <= as_of)).sort(
        "decided_at", "subject"
    )


def _naive(capability: Capability, split: scores.Split, asked: pl.DataFrame) -> pl.Series:
    """The naive rival: what stands in for a model, or the usual share, whichever was the better."""
    share = split.train["label"].cast(pl.Float64).to_numpy().mean()
    usual = pl.Series("answer", [share] * len(asked), dtype=pl.Float64)
    stand_in: pl.Series = named(capability.fallback.function)(asked)["answer"]
    outcome = split.test["label"].cast(pl.Float64)
    better = row_losses("brier", outcome, stand_in).mean() < row_losses("brier", outcome, usual).mean()
    return stand_in if better else usual


def _named_subject(capability: Capability, history: pl.DataFrame) -> pl.DataFrame:
    named_so = capability.subject in history.columns
    return history.rename({capability.subject: "subject"}) if named_so else history


def _rival(
    capability: Capability, registry: Registry, test: pl.DataFrame, asked: pl.DataFrame, judged: pl.DataFrame
) -> tuple[pl.Series, str]:
    """What the champion says of the rows that did not teach it, and its name; the usual share without one."""
    try:
        champion = registry.load(capability.name, CHAMPION)
    except ModelFailed:
        named_so = capability.fallback.function.rpartition(":")[2].replace("_", " ")
        word = "the usual share" if judged["naive"].n_unique() == 1 else f"the {named_so}"
        return judged["naive"], word
    reference = registry.judged(capability.name, champion.version)
    if "decided_at" in reference.columns:  # what judged it did not teach it
        since = test["decided_at"] >= reference["decided_at"].min()
    else:
        since = test["decided_at"].cast(pl.Date) > date.fromisoformat(champion.card["as_of"])
    answers: Any = champion.model.predict(asked)["answer"]
    said = pl.DataFrame({"answer": answers, "since": since}).select(pl.when("since").then("answer"))
    return said.to_series(), THE_CHAMPION


def _in_words(name: str) -> str:
    """LeadScore is "Lead score"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _segments(learning: Learning) -> list[str]:
    return [learning.segment] if learning.segment else []


def _named(row: dict[str, Any]) -> str:
    return str(row["metric"]) if row["segment"] == scores.WHOLE else f"{row['metric']}/{row['segment']}"
