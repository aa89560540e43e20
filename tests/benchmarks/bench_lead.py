"""The lead score on a bank's phone sales, in their order of time: ours beside what comes off the shelf.

The last 40 % of the rows are foretold, by all that was known before: once with everything taught at the cut,
once taught anew every 1,000 calls, the rivals alike. `duration` is what the leak guard refuses: it is known
when the call is over. No clean holdout: rows that are foretold were seen while the learner took its form
(that paces of forgetting are averaged, and not chosen; that a straight line is stacked with the steps, with a
weight chosen on older rows, and goes on beyond what was seen). The file drifts by itself: one call in 25
succeeds at first, one in five at the end.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import polars as pl

from opslayer.config import PROJECT
from opslayer.intelligence.propensity import learn
from opslayer.modelops import leak
from opslayer.modelops.retraining import rehearse
from opslayer.modelops.scores import log_loss
from tests.benchmarks.rivals import RIVALS, table

LEADS = PROJECT.parent / "shared" / "data" / "leads" / "bank-additional-first75.csv"
AGAIN = 1_000  # calls after which all are taught anew
FIRST = 12_000  # calls that teach the champion whose decay is watched


def leads() -> tuple[pl.DataFrame, list[str]]:
    """The calls in their order with their outcome as `label`; the features the leak guard leaves."""
    rows = pl.read_csv(LEADS, separator=";", infer_schema_length=None).with_columns(
        label=pl.col("y") == "yes"
    )
    features = [name for name in rows.columns if name not in ("y", "label")]
    refused = {found.feature for found in leak.too_good(rows, features=features, outcome="label")}
    return rows, [name for name in features if name not in refused]


def main() -> list[dict[str, Any]]:
    """AUC and lift (higher is better), log-loss, Brier score, calibration error; no rows without the file."""
    if not LEADS.exists():
        return []
    rows, features = leads()
    cut = int(0.6 * len(rows))
    came = rows["label"][cut:].to_numpy()
    found = []
    for name, step in (
        ("lead score, taught every 1,000 calls", AGAIN),
        ("lead score, taught once", len(rows)),
    ):
        told: dict[str, list[Any]] = {"ours": [], **{rival: [] for rival in RIVALS}}
        for start in range(cut, len(rows), step):
            known, coming = rows[:start], rows[start : start + step]
            told["ours"].append(learn(known, features=features).predict(coming)["answer"].to_numpy())
            for rival, foretell in RIVALS.items():
                told[rival].append(foretell(known, coming, features))
        joined = {who: np.concatenate(parts) for who, parts in told.items()}
        scale = f"{len(came):,} later of {len(rows):,} calls, {came.mean():.1%} sold"
        found += table(name, scale, came, joined.pop("ours"), joined)
    return found + retraining(rows, features)


def retraining(rows: pl.DataFrame, features: list[str]) -> list[dict[str, Any]]:
    """The file's own drift: when decay is proven, who is promoted, and what that is worth afterwards."""
    events, served = rehearse(rows, partial(learn, features=features), first=FIRST, window=AGAIN)
    never = learn(rows[:FIRST], features=features).predict(rows[FIRST:])["answer"].to_numpy()
    promoted = events.filter("promoted")
    after = (promoted["row"][0] if len(promoted) else len(rows)) + AGAIN - FIRST
    came = rows["label"][FIRST:].to_numpy()[after:]
    taught = ", ".join(f"{row:,}" for row in events["row"])
    won = ", ".join(f"{row:,} ({gain:+.3f})" for row, gain in promoted.select("row", "gain").iter_rows())
    return [
        {
            "name": "lead score, retraining fired by decay, log-loss",
            "scale": f"the {len(came):,} calls after the first promotion",
            "ours": f"{log_loss(came, served[after:]):.4f}",
            "rival": f"the champion of the first {FIRST:,} calls, never taught anew",
            "rivals": f"{log_loss(came, never[after:]):.4f}",
            "claim": f"below; challengers taught after {taught} calls, promoted those after {won}",
        }
    ]
