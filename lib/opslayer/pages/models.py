"""What the page Models shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from opslayer import metrics
from opslayer.intelligence import forecast
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


def _card(read: Reading, *, capability: str = "", **_: str) -> str:
    """The model card of what serves: what it rests on, how it was judged, and what it is not for."""
    held = read.record("model_versions", capability=capability).filter(
        pl.col("alias").str.contains("champion")
    )
    if held.is_empty():
        return ""
    card = held.row(0, named=True)
    outcomes = f"{int(card['rows']):,}" if card["rows"].isdecimal() else card["rows"]
    return (
        f"Version **{card['version']}** of {card['model']} serves. It was taught on {outcomes} outcomes "
        f"known by {card['as_of']}, of snapshot {card['snapshot']} under {card['contract_version']}. "
        f"It knows {card['features'].replace('_', ' ')}, and nothing that came later. {card['note']} "
        "It says how likely something is, not what to do, and nothing of kinds it was not taught by."
    )


def _versions(read: Reading, *, capability: str = "", **_: str) -> pl.DataFrame:
    versions = read.record("model_versions", capability=capability)
    measured = pl.col("log_loss", "brier", "auc", "accuracy")
    return versions.with_columns(measured.round(3).cast(pl.String).fill_null("")).with_columns(
        rows=pl.col("rows").cast(pl.Int64, strict=False),
        alias=pl.col("alias").replace(
            {"champion": "serves", "challenger": "waits", "previous": "served before"}
        ),
    )


def _segments(read: Reading, *, capability: str = "", **_: str) -> pl.DataFrame:
    """One row a version and segment: its scores side by side."""
    rows = read.record("model_segments", capability=capability)
    if rows.is_empty():
        return rows
    wide = rows.with_columns(pl.col("value").round(3).cast(pl.String)).pivot(
        on="metric", index=["version", "segment"], values="value"
    )
    missing = [name for name in ("log_loss", "brier", "auc") if name not in wide.columns]
    return wide.with_columns(pl.lit("").alias(name) for name in missing).sort("segment", "version")


MOVED = {True: "moved", False: "as it was"}


def _drift(read: Reading, *, capability: str = "", **_: str) -> pl.DataFrame:
    rows = read("model_drift").filter(capability=capability)
    return rows.with_columns(
        pl.col("statistic", "was").round(3).cast(pl.String).fill_null(""),
        state=pl.when(pl.col("test") == "none")
        .then(pl.lit("not known yet"))
        .otherwise(pl.col("is_drifted").replace_strict(MOVED, return_dtype=pl.String)),
        name=pl.col("name").str.slice(0, 1).str.to_uppercase() + pl.col("name").str.slice(1),
    )


def _trials(read: Reading, *, capability: str = "", **_: str) -> pl.DataFrame:
    found = read.record("model_trials", capability=capability)
    if found.is_empty():
        return found
    between = pl.format("{} to {}", pl.col("lower").round(3), pl.col("upper").round(3))
    return found.with_columns(
        pl.col("mean_tried", "mean_standing", "effect").round(3).cast(pl.String).fill_null(""),
        between=pl.when(pl.col("lower").is_not_null()).then(between).otherwise(pl.lit("")),
        sample_ratio=pl.col("sample_ratio_p").round(3).cast(pl.String),
    )


def _retraining(read: Reading, *, capability: str = "", **_: str) -> str:
    """The last request to teach it anew, and what came of it."""
    asked = read.record("retraining", capability=capability)
    if asked.is_empty():
        return ""
    last = asked.row(0, named=True)
    when = last["asked_at"].astimezone(read.firm.zone)
    person = read.firm.person(last["asked_by"])
    who = person.name if person else last["asked_by"]
    told = f"{who} asked on {when:%-d %b, %H:%M} for it to be taught anew: {last['reason']}."
    if last["state"] == "ended":
        version = f" Version {last['version']}:" if last["version"] else ""
        return f"{told}{version} {last['did']}. {last['reasons']}"
    return f"{told} It is {'being taught' if last['state'] == 'at work' else 'waiting for its turn'}."


def _answers(read: Reading, *, capability: str = "", **_: str) -> pl.DataFrame:
    answers = read.record("model_answers", capability=capability)
    kinds = read.record("models").filter(capability=capability)["kind"].to_list()
    if answers.is_empty() or kinds != ["probability"]:
        return answers
    share = (pl.col("answer", "override").cast(pl.Float64) * 100).round(1).cast(pl.String) + "%"
    return answers.with_columns(share)


def _coverage(read: Reading, **_: str) -> pl.DataFrame:
    """Of each forecast metric, how many values came since, and the share of them within the interval."""
    held = forecast.coverage(read.query("forecasts_judged"), metrics.history(read))
    return (
        held.group_by("metric")
        .agg(pl.col("came", "inside").sum())
        .sort("metric")
        .with_columns(
            pl.col("metric").str.replace_all("_", " "),
            share_inside=pl.col("inside") / pl.col("came"),
            share_claimed=pl.lit(forecast.LEVELS[0]),
        )
    )


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
            "coverage",
            _coverage,
            {
                "metric": "Metric",
                "came": "Values that came",
                "share_inside": "Within the interval",
                "share_claimed": "It claims",
            },
            empty="No period that was forecast has come yet.",
        ),
        table(
            "drift",
            _drift,
            {
                "name": "What",
                "state": "",
                "statistic": "Now",
                "was": "When judged",
                "rows_now": "Rows since",
                "reasons": "Why",
            },
            empty="Nothing that was learnt serves, so nothing can drift; or the job has not looked yet.",
        ),
        sentence("card", _card, live=True),
        table(
            "versions",
            _versions,
            {
                "version": "Version",
                "alias": "",
                "as_of": "Taught on",
                "rows": "Outcomes",
                "log_loss": "Log-loss",
                "brier": "Brier",
                "auc": "AUC",
                "accuracy": "Right",
                "snapshot": "Snapshot",
                "note": "How it did",
            },
            empty="It has learnt nothing yet: the fallback answers.",
            live=True,
        ),
        table(
            "segments",
            _segments,
            {
                "segment": "Segment",
                "version": "Version",
                "log_loss": "Log-loss",
                "brier": "Brier",
                "auc": "AUC",
            },
            empty="",
            live=True,
        ),
        sentence("retraining", _retraining, live=True),
        table(
            "trials",
            _trials,
            {
                "trial": "On trial",
                "verdict": "Verdict",
                "subjects": "Tried on",
                "standing_subjects": "As they are",
                "effect": "Better by",
                "between": "At every look between",
                "sample_ratio": "Sizes as drawn, p",
                "judged_by": "Judged by",
                "reasons": "Why",
            },
            empty="Nothing is on trial; `trial:` in its file tries another prompt, version or formula.",
            live=True,
        ),
        table(
            "spending",
            lambda read, *, capability="", **_: read.record("model_spending", capability=capability),
            {"month": "Month", "endpoint": "Asked of", "questions": "Questions", "cost": "{currency}"},
            empty="It cost nothing: no language model was asked.",
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
