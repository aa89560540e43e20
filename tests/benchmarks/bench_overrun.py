"""Overruns told apart at half of a project's budget, on the SiP task log: ours beside burn against time.

Projects are its project codes with their breakdown codes, of five tasks or more, that have ended. Each is
judged at the end of the week in which half of its budgeted hours were spent, by what was known then and by
projects that had ended by then. The rival is spent over elapsed, told the day the project would end; its
probability is how often its verdict had come true before. Intervals are of 2,000 bootstrap samples.
Nothing was tuned on these projects but the spread of a single task, which is a prior the data overrule.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from opslayer import scaffold
from opslayer.config import PROJECT, load_firm
from opslayer.intelligence import overrun
from opslayer.modelops.scores import auc, brier
from opslayer.warehouse import open_layer, refresh

AS_OF = date(2014, 12, 31)
SAMPLES = 2_000


def main() -> list[dict[str, Any]]:
    """AUC (higher is better) and Brier score (lower is better); no rows where the data set is not there."""
    data = PROJECT.parent / "shared" / "data" / "projects" / "SiP"
    if not data.is_dir():
        return []
    with tempfile.TemporaryDirectory(prefix="opslayer-bench-") as place:
        scaffold.init(Path(place) / "firm", mapping="sip", data=data, base_currency="GBP")
        firm = load_firm(Path(place) / "firm")
        refresh(firm, as_of=AS_OF, moment=datetime(2014, 12, 31, 18, tzinfo=UTC))
        with open_layer(firm) as layer:
            replayed = overrun.replay(layer.query("project_state"), layer.query("project_progress"))
    over = replayed["over"].to_numpy()
    columns = {
        "AUC": (auc, "probability", "naive_ratio", "above the rival's"),
        "Brier score": (brier, "probability", "naive_probability", "below the rival's"),
    }
    rows = []
    for metric, (score, ours, rivals, claim) in columns.items():
        scores = replayed[ours].to_numpy(), replayed[rivals].to_numpy()
        found = [score(over, values) for values in scores]
        low, high = difference(over, scores, score)
        gain = f"{found[0] - found[1]:+.3f} ({low:+.3f} to {high:+.3f} at 95 %)"
        rows.append(
            {
                "name": f"overrun at half of the budget, {metric}",
                "scale": f"{len(over)} SiP projects, {int(over.sum())} over",
                "ours": f"{found[0]:.3f}",
                "rival": "spent over elapsed",
                "rivals": f"{found[1]:.3f}",
                "claim": f"{claim}; difference {gain}",
            }
        )
    return rows


def difference(over: Any, scores: tuple[Any, Any], score: Any) -> tuple[float, float]:
    """95 % interval of ours less the rival's, projects drawn with replacement."""
    chance = np.random.default_rng(0)
    drawn = []
    while len(drawn) < SAMPLES:
        chosen = chance.integers(0, len(over), len(over))
        if 0 < over[chosen].sum() < len(over):
            drawn.append(score(over[chosen], scores[0][chosen]) - score(over[chosen], scores[1][chosen]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
