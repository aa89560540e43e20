"""Triage on real texts and tickets (../shared/data), beside what is simpler.

Intents: banking77 (Casanueva et al., "Efficient Intent Detection with Dual Sentence Encoders", NLP4ConvAI
2020, arXiv 2003.04807) and clinc150 (Larson et al., "An Evaluation Dataset for Intent Classification and
Out-of-Scope Prediction", EMNLP 2019, D19-1131). The rival is TF-IDF of words
(1-2) and characters (2-5) with a linear SVM, to which out of scope is one class more. What the two papers
say of fine-tuned BERT on the same test sets stands beside as it is remembered: it was not read again for
this, and is not measured here. All that was chosen was chosen on training and validation texts.

Tickets: the incident log by time; learnt from what had ended by 1 May 2016, asked of what came from then on.
"""

from __future__ import annotations

import csv
import json
import time
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import accuracy_score, brier_score_loss, roc_auc_score
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from opslayer.intelligence.ticket.learner import SlaRisk, TicketRouter, opened
from opslayer.intelligence.triage import OUT_OF_SCOPE, TextClassifier, TextModel

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
Row = dict[str, Any]
RIVAL = "TF-IDF of words and characters, linear SVM"
PRECISION, KEPT = 0.95, 0.98
SPLIT = datetime(2016, 5, 1)  # noqa: DTZ001 - the log has no time zone
COLUMNS = {
    "ticket_id": "number", "state": "incident_state", "team": "assignment_group", "channel": "contact_type",
    "place": "location", "category": "category", "subcategory": "subcategory", "symptom": "u_symptom",
    "item": "cmdb_ci", "impact": "impact", "urgency": "urgency", "priority": "priority",
    "opened_by": "opened_by", "caller": "caller_id",
}  # fmt: skip


def main() -> list[Row]:
    with threadpool_limits(1):
        return [*banking77(), *clinc150(), *tickets()]


def banking77() -> list[Row]:
    train, test = (_banking(name) for name in ("train", "test"))
    rival = _plain_svm(train)(test["text"].to_list())
    model = TextClassifier(precision=PRECISION, kept=KEPT).fit(train)
    answers, speed = _timed(model, test)
    scale = f"{len(test):,} test texts, 77 intents"
    mine, theirs = (accuracy_score(test["label"], one) for one in (answers["answer"], rival))
    return [
        _row("banking77: accuracy", scale, f"{mine:.1%}", RIVAL, f"{theirs:.1%}", "above the rival's"),
        _row(
            "banking77: accuracy",
            scale,
            f"{mine:.1%}",
            "BERT fine-tuned, 2003.04807",
            "93.7%",
            "not measured here",
        ),
        _answered("banking77", scale, answers, test),
        speed,
    ]


def clinc150() -> list[Row]:
    train, validation, test = (_clinc(*names) for names in _PARTS)
    rival = np.array(_plain_svm(train)(test["text"].to_list()))
    learnt = TextClassifier(precision=PRECISION, kept=KEPT).fit(train)
    model = learnt.held_to(validation, precision=PRECISION, kept=KEPT)
    answers, _ = _timed(model, test)
    label = test["label"].to_numpy()
    known = label != OUT_OF_SCOPE
    theirs, their_recall = accuracy_score(label[known], rival[known]), np.mean(rival[~known] == OUT_OF_SCOPE)
    right = (answers["answer"].to_numpy() == label)[known]
    strange, outside = answers["strangeness"].to_numpy(), answers["out_of_scope"].to_numpy()
    at_theirs = _recall_at(right, strange[known], strange[~known], theirs)
    scale = f"{known.sum():,} test texts, 150 intents; {(~known).sum():,} out of scope"
    chosen = f"{np.mean(outside[~known]):.1%} at {np.mean(right & ~outside[known]):.1%} accuracy"
    published = "BERT, out of scope a class, D19-1131"
    plain = "clinc150: accuracy in scope, nothing refused"
    recall = "clinc150: recall out of scope"
    above = "above the rival's"
    return [
        _row(plain, scale, f"{right.mean():.1%}", RIVAL, f"{theirs:.1%}", above),
        _row(plain, scale, f"{right.mean():.1%}", published, "96.9%", "not measured here"),
        _row(
            f"{recall}, both at {theirs:.1%} accuracy", scale, f"{at_theirs:.1%}", RIVAL,
            f"{their_recall:.1%}", above,
        ),
        _row(
            f"{recall}, border set on validation", scale, chosen, published, "40.3% at 96.9% accuracy",
            f"{KEPT:.0%} of validation texts kept",
        ),
        _answered_as_rare(scale, answers, test, validation),
        _answered(f"clinc150, {np.mean(~known):.0%} out of scope", scale, answers, test) | {"claim": ""},
    ]  # fmt: skip


def tickets() -> list[Row]:
    rows = opened(_log())
    train = rows.filter(pl.col("ended_at") < SPLIT)
    test = rows.filter(pl.col("asked_at") >= SPLIT)
    scale = f"{len(test):,} tickets from {SPLIT:%-d %B %Y}, {len(train):,} ended before"
    routed = TicketRouter().fit(train).predict(test)
    end = test["end_team"].to_numpy()
    ours = accuracy_score(end, routed["answer"])
    answered = ~routed["abstained"].to_numpy()
    kept = np.mean((routed["answer"].to_numpy() == end)[answered]) if answered.any() else float("nan")
    rivals = {
        "the group most tickets end with": np.full(len(test), train["end_team"].mode()[0]),
        "the group that has it": test["team"].fill_null("").to_numpy(),
        "the last group: where the last of its subcategory ended": _last_group(train, test),
    }
    out = [
        _row("tickets: group that ends it, by what was said when it was opened", scale, f"{ours:.1%}", name,
             f"{np.mean(rule == end):.1%}", "above the rival's")
        for name, rule in rivals.items()
    ]  # fmt: skip
    out.append(
        _row("tickets: right of those it answered", scale, f"{kept:.1%} of {answered.mean():.0%}", "", "",
             "90% of its answers right")
    )  # fmt: skip
    return [*out, *_sla(train, test, scale)]


def _sla(train: pl.DataFrame, test: pl.DataFrame, scale: str) -> list[Row]:
    missed = test["missed"].to_numpy()
    chance = SlaRisk().fit(train).predict(test)["answer"].to_numpy()
    recent = train.filter(pl.col("asked_at") >= train["asked_at"].max() - pl.duration(days=28))
    overall = float(recent["missed"].mean())  # type: ignore[arg-type]
    rates = recent.group_by("team").agg(rate=pl.col("missed").mean())
    by_group = (
        test.join(rates, on="team", how="left", maintain_order="left")["rate"].fill_null(overall).to_numpy()
    )
    rivals = {
        "the share missed in the last four weeks": np.full(len(test), overall),
        "its group's share missed in the last four weeks": by_group,
    }
    return [
        row
        for name, rule in rivals.items()
        for row in (
            _row("tickets: SLA missed, AUC", scale, f"{roc_auc_score(missed, chance):.3f}", name,
                 f"{roc_auc_score(missed, rule):.3f}", "above the rival's"),
            _row("tickets: SLA missed, Brier score", scale, f"{brier_score_loss(missed, chance):.3f}", name,
                 f"{brier_score_loss(missed, rule):.3f}", "below the rival's"),
        )
    ]  # fmt: skip


def _last_group(train: pl.DataFrame, test: pl.DataFrame) -> np.ndarray:
    """Where the last of each subcategory ended, before the test began; else where most did."""
    last = train.sort("ended_at").group_by("subcategory", maintain_order=True).last()
    found = test.join(
        last.select("subcategory", last="end_team"), on="subcategory", how="left", maintain_order="left"
    )
    return found["last"].fill_null(train["end_team"].mode()[0]).to_numpy()


def _recall_at(right: np.ndarray, known: np.ndarray, unknown: np.ndarray, accuracy: float) -> float:
    """Share of `unknown` beyond the lowest border at which `accuracy` of the known are answered right."""
    borders = np.sort(np.append(known, np.inf))
    kept = next(border for border in borders if np.mean(right & (known <= border)) >= accuracy)
    return float(np.mean(unknown > kept))


def _answered(name: str, scale: str, answers: pl.DataFrame, test: pl.DataFrame) -> Row:
    given = ~answers["abstained"].to_numpy()
    right = (answers["answer"] == test["label"]).to_numpy()
    ours = f"{right[given].mean():.1%} of {given.mean():.0%} answered"
    what, claim = f"{name}: right of those it answered", f"{PRECISION:.0%} right"
    return _row(what, scale, ours, "all answered", f"{right.mean():.1%}", claim)


def _answered_as_rare(scale: str, answers: pl.DataFrame, test: pl.DataFrame, validation: pl.DataFrame) -> Row:
    """With the test's texts out of scope counting as many as validation had, on which the border was set."""
    shares = [float((one["label"] == OUT_OF_SCOPE).mean()) for one in (test, validation)]  # type: ignore[arg-type]
    weight = np.where(test["label"] == OUT_OF_SCOPE, shares[1] / shares[0], (1 - shares[1]) / (1 - shares[0]))
    given = ~answers["abstained"].to_numpy()
    right = (answers["answer"] == test["label"]).to_numpy()
    kept, share = np.average(right[given], weights=weight[given]), np.average(given, weights=weight)
    return _row(
        f"clinc150: right of those it answered, {shares[1]:.0%} out of scope as in validation", scale,
        f"{kept:.1%} of {share:.0%} answered", "all answered", f"{np.average(right, weights=weight):.1%}",
        f"{PRECISION:.0%} right",
    )  # fmt: skip


def _timed(model: TextModel, test: pl.DataFrame) -> tuple[pl.DataFrame, Row]:
    begun = time.perf_counter()
    answers = model.predict(test)
    rate = len(test) / (time.perf_counter() - begun)
    return answers, _row(
        "triage: texts a second, one core", f"{len(test):,} texts", f"{rate:,.0f}", "", "", ""
    )


def _plain_svm(train: pl.DataFrame) -> Callable[[list[str]], np.ndarray]:
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    texts = train["text"].to_list()
    weights = csr_matrix(hstack([words.fit_transform(texts), characters.fit_transform(texts)]))
    machine = LinearSVC(random_state=0).fit(weights, train["label"].to_numpy().astype(str))
    return lambda asked: machine.predict(
        csr_matrix(hstack([words.transform(asked), characters.transform(asked)]))
    )


def _banking(name: str) -> pl.DataFrame:
    with (DATA / "intents" / "banking77" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        rows = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    return pl.DataFrame(rows, schema=["text", "label"], orient="row")


_PARTS = (("train", "oos_train"), ("val", "oos_val"), ("test", "oos_test"))


def _clinc(known: str, unknown: str) -> pl.DataFrame:
    parts = json.loads((DATA / "intents" / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    rows = [*parts[known], *((text, OUT_OF_SCOPE) for text, _ in parts[unknown])]
    return pl.DataFrame(rows, schema=["text", "label"], orient="row")


def _log() -> pl.DataFrame:
    with zipfile.ZipFile(DATA / "tickets" / "incident_event_log.csv.zip") as archive:
        raw = pl.read_csv(archive.read("incident_event_log.csv"), infer_schema=False, null_values="?")
    return raw.select(
        pl.col("sys_updated_at").str.to_datetime("%d/%m/%Y %H:%M").alias("event_at"),
        (pl.col("made_sla") == "true").alias("made_sla"),
        *(pl.col(theirs).alias(ours) for ours, theirs in COLUMNS.items()),
    )


def _row(name: str, scale: str, ours: str, rival: str, rivals: str, claim: str) -> Row:
    return {"name": name, "scale": scale, "ours": ours, "rival": rival, "rivals": rivals, "claim": claim}
