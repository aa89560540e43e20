"""Whether what a model is given, or what it answers, no longer looks like what it was taught on.

A test is chosen by type and size: chi-square for text and truth values, Kolmogorov and Smirnov's for few
numbers, the population stability index (PSI) with its own distribution for many (Yurdakul, "Statistical
properties of population stability index", 2018). Many columns are tested at once, so the chances are
corrected (Benjamini and Hochberg 1995); and what is surely there but small is not called drift.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from opslayer.errors import UsageError

Floats = NDArray[np.float64]

BINS = 10
MANY = 1_000  # rows in the smaller part from which PSI speaks
MOVED = 0.1  # PSI below which a shift is small, as credit scoring has it (Siddiqi 2006)
FEWEST = 30
RARE = 5  # expected in a cell, below which chi-square does not hold (Cochran 1954): levels are put together
ALPHA = 0.05
DRIFT = {
    "column": pl.String,
    "test": pl.String,
    "statistic": pl.Float64,
    "psi": pl.Float64,
    "p_value": pl.Float64,
    "p_corrected": pl.Float64,
    "is_drifted": pl.Boolean,
    "reasons": pl.String,
}


def find_drift(
    reference: pl.DataFrame,
    current: pl.DataFrame,
    *,
    columns: Sequence[str] | None = None,
    alpha: float = ALPHA,
) -> pl.DataFrame:
    """One row a column (columns of DRIFT), the most moved first: is `current` still like `reference`?

    Give the answers as a column too and their drift is found with the rest. A column is drifted where its
    corrected chance is below `alpha` and it moved by a PSI of MOVED or more beyond what noise of this size
    gives. Rows without a value are a level of their own. Raises UsageError for a column that one of the two
    lacks.
    """
    names = list(columns) if columns is not None else [n for n in reference.columns if n in current.columns]
    lacking = [n for n in names if n not in reference.columns or n not in current.columns]
    if lacking:
        raise UsageError(f"no column {lacking[0]!r} in both parts", mend="give columns that both have")
    if min(len(reference), len(current)) < FEWEST or not names:
        return pl.DataFrame(schema=DRIFT)
    tested = [(name, *_test(reference[name], current[name])) for name in names]
    corrected = multipletests([row[4] for row in tested], alpha=alpha, method="fdr_bh")[1]
    rows = []
    for (name, test, statistic, psi, chance, noise), adjusted in zip(tested, corrected, strict=True):
        drifted = bool(adjusted < alpha and psi - noise >= MOVED)
        rows.append(
            (name, test, statistic, psi, chance, float(adjusted), drifted,
             _reason(name, reference[name], current[name], psi, float(adjusted), drifted))
        )  # fmt: skip
    return pl.DataFrame(rows, schema=DRIFT, orient="row").sort("psi", "column", descending=[True, False])


def stability_index(reference: pl.Series, current: pl.Series) -> float:
    """PSI of two columns: numbers by tenths of the reference, others by level; 0 is alike, above 0.25 is
    far.
    """
    counts = _counts(reference, current)
    before, after = ((part + 0.5) / (part + 0.5).sum() for part in counts)
    return float(((after - before) * np.log(after / before)).sum())


def _test(reference: pl.Series, current: pl.Series) -> tuple[str, float, float, float, float]:
    """Name of the test, its statistic, PSI, chance if nothing moved, and the PSI that noise alone gives."""
    counts = _counts(reference, current)
    sizes = len(reference), len(current)
    per_cell = 1 / sizes[0] + 1 / sizes[1]
    freedom = max(len(counts[0]) - 1, 1)
    psi, noise = stability_index(reference, current), freedom * per_cell
    if len(counts[0]) < 2:
        return "constant", 0.0, psi, 1.0, noise
    if not reference.dtype.is_numeric():
        kept = _without_rare(counts)
        if kept.shape[1] < 2:
            return "constant", 0.0, psi, 1.0, noise
        found = stats.chi2_contingency(kept, correction=False)
        return "chi-square", float(found.statistic), psi, float(found.pvalue), noise
    if min(sizes) < MANY:
        known, now = (part.drop_nulls().cast(pl.Float64).to_list() for part in (reference, current))
        if min(len(known), len(now)) < FEWEST:
            return "KS", 0.0, psi, 1.0, noise
        apart = stats.ks_2samp(known, now)
        return "KS", float(apart.statistic), psi, float(apart.pvalue), noise
    return "PSI", psi, psi, float(stats.chi2.sf(psi / per_cell, freedom)), noise


def _counts(reference: pl.Series, current: pl.Series) -> Floats:
    """Rows by cell: shape (2, cells). Nulls are a cell; a level seen only now is one too."""
    if reference.dtype.is_numeric():
        known = reference.drop_nulls().cast(pl.Float64).to_numpy()
        edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS)) if len(known) else np.empty(0)
        cells = [
            np.bincount(
                np.where(part.is_null().to_numpy(), len(edges) + 1,
                         np.searchsorted(edges, part.cast(pl.Float64).fill_null(0).to_numpy(), side="right")),
                minlength=len(edges) + 2,
            )
            for part in (reference, current)
        ]  # fmt: skip
    else:
        both = pl.concat([reference.cast(pl.String), current.cast(pl.String)]).fill_null("(none)")
        codes = both.rank("dense").to_numpy().astype(np.int64) - 1
        cells = [
            np.bincount(part, minlength=int(codes.max()) + 1)
            for part in (codes[: len(reference)], codes[len(reference) :])
        ]
    table = np.array(cells, dtype=np.float64)
    seen: Floats = table[:, table.sum(axis=0) > 0]
    return seen


def _without_rare(counts: Floats) -> Floats:
    """Cells too rare for chi-square become one."""
    expected = counts.sum(axis=0) * counts.sum(axis=1).min() / counts.sum()
    rare = expected < RARE
    if not rare.any():
        return counts
    together = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    kept: Floats = together[:, together.sum(axis=0) > 0]
    return kept


def _reason(
    name: str, reference: pl.Series, current: pl.Series, psi: float, chance: float, drifted: bool
) -> str:
    if not drifted:
        sure = "small" if chance < ALPHA else "no more than chance gives"
        return f"{name} is as it was (PSI {psi:.2f}, {sure})."
    if reference.dtype.is_numeric():
        middles = [part.cast(pl.Float64).median() for part in (reference, current)]
        told = [f"{middle:,.4g}" if isinstance(middle, float) else "none" for middle in middles]
        return f"{name} has moved: its middle was {told[0]} and is {told[1]} (PSI {psi:.2f})."
    before, after = (
        part.cast(pl.String).fill_null("(none)").alias(name).value_counts(normalize=True, name="share")
        for part in (reference, current)
    )
    moved = (
        before.join(after, on=name, how="full", coalesce=True)
        .with_columns(pl.col("share", "share_right").fill_null(0))
        .sort((pl.col("share") - pl.col("share_right")).abs(), descending=True)
        .row(0)
    )
    return f"{name} has moved: {moved[0]} was {moved[1]:.0%} and is {moved[2]:.0%} of rows (PSI {psi:.2f})."
