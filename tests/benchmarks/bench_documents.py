"""Key fields of scanned receipts (ICDAR 2019 SROIE, ../shared/data/documents), beside reading by rule.

A value is right where it is the one said but for spaces, signs between, case and the sign of the currency.
Five folds over the documents; the boxes are the set's own reading of the scans, with its mistakes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from opslayer.intelligence.document import FieldLearner, could_be, same

PLACE = Path(__file__).resolve().parents[3] / "shared" / "data" / "documents" / "sroie"
FIELDS = ("company", "date", "total")
FOLDS, SURE = 5, 0.8
TOTAL = re.compile(r"\btotal\b", re.IGNORECASE)
RULES = {
    "company": "the first line",
    "date": "the first date",
    "total": "the amount after the last word total",
}


def main() -> list[dict[str, Any]]:
    with threadpool_limits(1):
        lines, labels = _receipts()
        found = _in_folds(lines, labels)
    ruled = pl.DataFrame(
        [(document, field, _by_rule(page, field)) for (document,), page in
         lines.group_by(["document_id"], maintain_order=True) for field in FIELDS],
        schema=["document_id", "field", "ruled"], orient="row",
    )  # fmt: skip
    told = found.join(labels, on=["document_id", "field"]).join(ruled, on=["document_id", "field"])
    rows = []
    for field in FIELDS:
        of_field = told.filter(field=field)
        right, rule = (
            np.array([same(*pair) for pair in of_field.select(column, "value").iter_rows()])
            for column in ("answer", "ruled")
        )
        sure = (of_field["confidence"] >= SURE).to_numpy()
        kept = f"; {right[sure].mean():.1%} of the {sure.mean():.0%} at a confidence of {SURE} or more"
        rows.append(
            {
                "name": f"receipts: {field} read right",
                "scale": f"{len(of_field)} scanned receipts, five folds",
                "ours": f"{right.mean():.1%}{kept}",
                "rival": RULES[field],
                "rivals": f"{rule.mean():.1%}",
                "claim": "above the rival's",
            }
        )
    return rows


def _in_folds(lines: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    documents = labels["document_id"].unique(maintain_order=True).to_numpy()
    fold = np.random.default_rng(0).permutation(len(documents)) % FOLDS
    parts = []
    for number in range(FOLDS):
        held = pl.col("document_id").is_in(documents[fold == number].tolist())
        model = FieldLearner().fit(lines.filter(~held), labels=labels.filter(~held))
        parts.append(model.predict(lines.filter(held)))
    return pl.concat(parts)


def _by_rule(page: pl.DataFrame, field: str) -> str | None:
    if field == "company":
        return str(page["text"][0])
    found = could_be(page, field)
    if field == "date":
        return found[0].text if found else None
    said = [row["line"] for row in page.to_dicts() if TOTAL.search(row["text"])]
    after = [one.text for one in found if said and one.line >= said[-1]]
    return after[0] if after else None


def _receipts() -> tuple[pl.DataFrame, pl.DataFrame]:
    lines, labels = [], []
    for path in sorted((PLACE / "box").glob("*.csv")):
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            parts = line.split(",", 8)
            if len(parts) == 9:
                x, y = [int(part) for part in parts[0:8:2]], [int(part) for part in parts[1:8:2]]
                lines.append((path.stem, number, min(x), min(y), max(x), max(y), parts[8]))
        key = json.loads((PLACE / "key" / f"{path.stem}.json").read_text(encoding="utf-8"))
        labels += [(path.stem, field, key.get(field)) for field in FIELDS]
    columns = ["document_id", "line", "x0", "y0", "x1", "y1", "text"]
    return (
        pl.DataFrame(lines, schema=columns, orient="row"),
        pl.DataFrame(labels, schema=["document_id", "field", "value"], orient="row"),
    )
