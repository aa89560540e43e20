"""What the page Models shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from opslayer.pages.reading import Reading
from opslayer.pages.shown import Page, sentence, table


def _choices(read: Reading) -> Iterator[Mapping[str, str]]:
    yield from ({"capability": name} for name in read.record("models")["capability"])


def _headline(read: Reading, **_: str) -> str:
    standing = read.record("models")
    asked, stood_in = int(standing["answers"].sum()), int(standing["fallbacks"].sum())
    served = standing["champion"].drop_nulls().len()
    told = (
        f"**{standing.height}** questions are asked of models; a model that the firm's own outcomes taught "
        f"answers **{served}** of them."
    )
    if asked:
        told += f" Of {asked:,} answers, {stood_in / asked:.0%} came from what stands in for one."
    return told


def _standing(read: Reading, **_: str) -> pl.DataFrame:
    return read.record("models").with_columns(
        share_fallback=pl.when(pl.col("answers") > 0).then(pl.col("fallbacks") / pl.col("answers")),
        share_challenger=pl.when(pl.col("share") > 0).then("share"),
    )


def _question(read: Reading, *, capability: str = "", **_: str) -> str:
    asked = read.record("models").filter(capability=capability)
    if asked.is_empty():
        return ""
    return f"{asked['question'][0]}  \n:small[:gray[It is told {asked['inputs'][0]}.]]"


def _versions(read: Reading, *, capability: str = "", **_: str) -> pl.DataFrame:
    return read.record("model_versions", capability=capability)


def _answers(read: Reading, *, capability: str = "", **_: str) -> pl.DataFrame:
    answers = read.record("model_answers", capability=capability)
    kinds = read.record("models").filter(capability=capability)["kind"].to_list()
    if answers.is_empty() or kinds != ["probability"]:
        return answers
    share = (pl.col("answer", "override").cast(pl.Float64) * 100).round(1).cast(pl.String) + "%"
    return answers.with_columns(share)


MODELS = Page(
    "models",
    "Who answers what is asked of models, and how right were they?",
    choices=_choices,
    shows=(
        sentence("headline", _headline, live=True),
        table(
            "standing",
            _standing,
            {
                "title": "What is asked",
                "champion": "Version served",
                "challenger": "Version that waits",
                "share_challenger": "It serves",
                "answers": "Answers",
                "share_fallback": "By the fallback",
                "overrides": "Overrides",
                "cost": "{currency} this month",
                "note": "",
            },
            empty="Nothing is asked of models.",
            live=True,
        ),
        sentence("question", _question, live=True),
        table(
            "versions",
            _versions,
            {
                "version": "Version",
                "alias": "",
                "model": "Model",
                "as_of": "Taught on",
                "snapshot": "Snapshot",
                "note": "How it did",
            },
            empty="It has learnt nothing yet: the fallback answers.",
            live=True,
        ),
        table(
            "answers",
            _answers,
            {
                "subject": "About",
                "answer": "Answer",
                "override": "A person said",
                "model": "Model",
                "reasons": "Why",
                "why_fallback": "Why the fallback",
            },
            empty="It was not asked yet.",
            live=True,
        ),
    ),
)
