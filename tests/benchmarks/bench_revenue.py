"""Win chances beside stage weights, and the quarter's revenue beside stage weights and last year.

On the demo firm, which is generated: what is measured is that the models find what was put into it without
seeing ahead, not that another firm's deals can be told as well. Deals are judged at thirteen past days four
weeks apart, by what was known then; intervals are of 500 bootstrap samples of deals, all days of a deal
together. Revenue is judged 4, 8 and 13 weeks before the end of twelve overlapping spans of three months.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from opslayer import demo
from opslayer.config import load_firm
from opslayer.intelligence import revenue, win
from opslayer.intelligence.revenue.backtest import LAST_YEAR, WEIGHTS
from opslayer.intelligence.revenue.forecast import MODEL
from opslayer.modelops.scores import brier, log_loss
from opslayer.warehouse import open_layer, refresh

SAMPLES = 500
SCORES = {
    "Brier score": (brier, "below the rival's"),
    "log-loss": (log_loss, "below the rival's"),
    "AUC": (win.auc, "above the rival's"),
}


def main() -> list[dict[str, Any]]:
    """Scores of chances, and mean absolute percentage errors of the quarter's revenue."""
    with tempfile.TemporaryDirectory(prefix="opslayer-bench-") as place:
        demo.generate(Path(place) / "firm", seed=1)
        firm = load_firm(Path(place) / "firm")
        refresh(firm, as_of=demo.AS_OF, moment=datetime(2026, 11, 16, 6, tzinfo=UTC))
        with open_layer(firm) as layer:
            inputs = revenue.gather(layer)
    return chances(win.replay(inputs.deals, as_of=demo.AS_OF)) + quarters(
        revenue.backtest(inputs, as_of=demo.AS_OF)
    )


def chances(replayed: pl.DataFrame) -> list[dict[str, Any]]:
    won = replayed["won"].to_numpy()
    ours, rivals = (replayed[name].to_numpy() for name in ("probability", "stage_weight"))
    deals = replayed["opportunity_id"].n_unique()
    rows = []
    for metric, (score, claim) in SCORES.items():
        low, high = difference(replayed["opportunity_id"], won, ours, rivals, score)
        gain = score(won, ours) - score(won, rivals)
        rows.append(
            {
                "name": f"chance that a deal is won, {metric}",
                "scale": f"{len(won):,} forecasts of {deals:,} generated deals",
                "ours": f"{score(won, ours):.3f}",
                "rival": "stage weights",
                "rivals": f"{score(won, rivals):.3f}",
                "claim": f"{claim}; difference {gain:+.3f} ({low:+.3f} to {high:+.3f} at 95 %)",
            }
        )
    return rows


def quarters(measured: pl.DataFrame) -> list[dict[str, Any]]:
    summary = revenue.backtest_summary(measured)
    found = {(row["horizon_weeks"], row["model"]): row for row in summary.to_dicts()}
    rows = []
    for weeks in sorted({weeks for weeks, _ in found}):
        own = found[weeks, MODEL]
        rows += [
            {
                "name": f"revenue of three months, {weeks} weeks before their end, off by",
                "scale": f"{own['quarters']} spans of a generated firm",
                "ours": f"{own['mape']:.1%}",
                "rival": rival,
                "rivals": f"{found[weeks, rival]['mape']:.1%}",
                "claim": f"below the rival's; {own['coverage_80']:.0%} within the interval of 80 %",
            }
            for rival in (WEIGHTS, LAST_YEAR)
        ]
    return rows


def difference(deals: pl.Series, won: Any, ours: Any, rivals: Any, score: Any) -> tuple[float, float]:
    """95 % interval of ours less the rival's, deals drawn with replacement, each with all of its days."""
    order = np.argsort(deals.to_numpy(), kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(deals.rank("dense").to_numpy()[order])) + 1)
    chance = np.random.default_rng(0)
    drawn = []
    for _ in range(SAMPLES):
        rows = np.concatenate([parts[n] for n in chance.integers(0, len(parts), len(parts))])
        drawn.append(score(won[rows], ours[rows]) - score(won[rows], rivals[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
