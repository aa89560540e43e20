"""Clients who are drifting away: in touch less and less, before it is seen in what they buy.

Of each way of being in touch (mail, calls, meetings, hours, deals, invoices) the weeks with and without are
counted, lately and before. What a client's falling off is worth is told against the firm's own: a fall that
all clients share (a holiday, a source that came late) is none. The ways are put together by Stouffer's
method (1949). Work comes in projects, with gaps between them: so a fall is held against those of past
quarters after which the client came back, or, without such a past, against the spread of the clients (an
empirical null: Efron, JASA 99, 2004). Names are held to one false in ten (Benjamini and Hochberg 1995).
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.tables import MONEY, typed

Floats = NDArray[np.float64]

MODEL, VERSION = "weeks in touch, lately and before", "1"
LATELY, BEFORE = 13, 39  # weeks
SILENT_DAYS = 90
FEWEST = 6  # weeks in touch in the year, below which a client has no pattern that could fall
FALSE_SHARE = 0.1
QUARTERS = 6  # before today, whose falls that came to nothing tell what a fall is worth
FEWEST_PAST = 200  # of such falls
WORDS = {
    "mail": "mails", "call": "calls", "meeting": "meetings", "hours": "work for them", "deal": "new deals",
    "invoice": "invoices",
}  # fmt: skip
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "party_id": pl.String(),
        "party_name": pl.String(),
        "last_contact_on": pl.Date(),
        "silent_days": pl.Int64(),
        "weeks_lately": pl.Int64(),
        "weeks_before": pl.Int64(),
        "chance": pl.Float64(),
        "is_drifting": pl.Boolean(),
        "is_silent": pl.Boolean(),
        "revenue_year_base": MONEY,
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def run(layer: Queries, *, as_of: date) -> dict[str, pl.DataFrame]:
    """The table of the question, by name: client_drift.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    return {"client_drift": drifting(layer.query("client_contact"), layer.query("client_worth"), as_of=as_of)}


def drifting(contacts: pl.DataFrame, worth: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row a client with a pattern (columns of intelligence.client_drift), the least likely fall first.

    `contacts`: party_id, way and day of each contact; `worth`: party_id, party_name, revenue_year_base.
    `chance` is that of a fall as large as this without any change. A client is named once, as silent or as
    drifting: who has not been heard of for SILENT_DAYS is past drifting.
    """
    weeks = _weeks(contacts, as_of)
    pattern = (
        weeks.group_by("party_id")
        .agg(weeks_lately=pl.col("lately").sum(), weeks_before=pl.col("before").sum())
        .filter(pl.col("weeks_lately") + pl.col("weeks_before") >= FEWEST)
        .sort("party_id")
    )
    if pattern.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    patterned = weeks.join(pattern.select("party_id"), on="party_id", how="semi")
    falls = _falls(patterned)
    score = pattern.join(_scores(patterned), on="party_id", how="left", maintain_order="left")["score"]
    chance = _chances(score.to_numpy(), _came_back(contacts, as_of))
    named = multipletests(chance, alpha=FALSE_SHARE, method="fdr_bh")[0]
    last = (
        contacts.filter(pl.col("day") <= as_of).group_by("party_id").agg(last_contact_on=pl.col("day").max())
    )
    rows = (
        pattern.with_columns(chance=pl.Series(chance), falls=pl.Series(named))
        .join(last, on="party_id", how="left")
        .join(worth, on="party_id", how="left")
        .with_columns(silent_days=(pl.lit(as_of) - pl.col("last_contact_on")).dt.total_days())
        .with_columns(is_silent=pl.col("silent_days") >= SILENT_DAYS)
        .with_columns(
            is_drifting=pl.col("falls") & ~pl.col("is_silent"),
            as_of=pl.lit(as_of),
            revenue_year_base=pl.col("revenue_year_base").fill_null(0),
            model=pl.lit(MODEL),
            model_version=pl.lit(VERSION),
        )
        .join(_reasons(falls), on="party_id", how="left")
        .with_columns(
            reasons=pl.format(
                "{} Last in touch on {}.",
                pl.col("told").fill_null("As much in touch as before."),
                pl.col("last_contact_on").dt.strftime("%-d %B %Y"),
            )
        )
    )
    return typed(rows.sort("chance", "party_id"), SCHEMA)


def named(drift: pl.DataFrame) -> pl.DataFrame:
    """Who is drifting away, the largest first."""
    return drift.filter("is_drifting").sort("revenue_year_base", "party_id", descending=[True, False])


def headline(drift: pl.DataFrame) -> str:
    """One sentence: how many clients are drifting away and what they buy, and how many are silent already."""
    if drift.is_empty():
        return "No client has been in touch often enough to see a pattern."
    away = drift.filter("is_drifting")
    return (
        f"**{len(away)} of {len(drift)}** clients are drifting away, who bought for "
        f"**{float(away['revenue_year_base'].sum()):,.0f}** in the last year; "
        f"{int(drift['is_silent'].sum())} more have not been heard of for {SILENT_DAYS} days."
    )


def _weeks(contacts: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """party_id, way: weeks in touch lately and before, and of how many weeks before that way is on record.

    A way on record for less than as long again as LATELY says nothing of before, and is left out.
    """
    ago = (pl.lit(as_of) - pl.col("day")).dt.total_days() // 7
    seen = (
        contacts.filter(pl.col("party_id").is_not_null() & (pl.col("day") <= as_of))
        .with_columns(ago=ago)
        .filter(pl.col("ago") < LATELY + BEFORE)
        .unique(["party_id", "way", "ago"])
    )
    recorded = seen.group_by("way").agg(recorded=pl.col("ago").max() + 1 - LATELY)
    return (
        seen.group_by("party_id", "way")
        .agg(
            lately=(pl.col("ago") < LATELY).sum().cast(pl.Int64),
            before=(pl.col("ago") >= LATELY).sum().cast(pl.Int64),
        )
        .join(recorded, on="way")
        .filter(pl.col("recorded") >= LATELY)
        .sort("party_id", "way")
    )


def _falls(weeks: pl.DataFrame) -> pl.DataFrame:
    """With `share`, the part of the weeks in touch that falls lately at the firm, and `score`, above zero
    for a fall.
    """
    shares = weeks.with_columns(
        share=(
            (pl.col("lately").sum().over("way") + 1)
            / (pl.col("lately").sum().over("way") + pl.col("before").sum().over("way") + 4)
        )
    )
    lately, before, share = (shares[name].to_numpy() for name in ("lately", "before", "share"))
    both = lately + before
    # half of the chance of just that many, so that no fall scores zero on the mean
    below = stats.binom.cdf(lately, both, share) - stats.binom.pmf(lately, both, share) / 2
    score = stats.norm.isf(np.clip(below, 1e-12, 1 - 1e-12))
    return shares.with_columns(score=pl.Series(score), size=pl.Series(np.sqrt(both)))


def _scores(weeks: pl.DataFrame) -> pl.DataFrame:
    """party_id and how far it fell, over all ways together; zero where nothing did."""
    return (
        _falls(weeks)
        .group_by("party_id")
        .agg(score=(pl.col("score") * pl.col("size")).sum() / (pl.col("size") ** 2).sum().sqrt())
    )


def _came_back(contacts: pl.DataFrame, as_of: date) -> Floats:
    """How far clients had fallen on earlier days who were in touch again after, half as often or more."""
    found = [np.empty(0)]
    for quarter in range(1, QUARTERS + 1):
        origin = as_of - timedelta(weeks=LATELY * quarter)
        weeks = _weeks(contacts, origin)
        if weeks.is_empty():
            continue
        after = (
            _weeks(contacts, origin + timedelta(weeks=LATELY))
            .group_by("party_id")
            .agg(pl.col("lately").sum())
        )
        usual = weeks.group_by("party_id").agg(
            often=pl.col("before").sum() * LATELY / pl.col("recorded").max(),
            seen=pl.col("lately").sum() + pl.col("before").sum(),
        )
        back = usual.join(after, on="party_id").filter(
            (pl.col("seen") >= FEWEST) & (pl.col("lately") >= pl.col("often") / 2)
        )
        found.append(_scores(weeks.join(back, on="party_id", how="semi"))["score"].to_numpy())
    return np.concatenate(found)


def _chances(score: Floats, came_back: Floats) -> Floats:
    """Of each client, the chance of such a fall in one that comes back: shape (clients,).

    The share of those in the past who had fallen as far; without a past of FEWEST_PAST of them, by the
    spread of the clients themselves.
    """
    if len(came_back) >= FEWEST_PAST:
        as_far = len(came_back) - np.searchsorted(np.sort(came_back), score, side="left")
        shares: Floats = (as_far + 1) / (len(came_back) + 1)
        return shares
    middle = float(np.median(score))
    spread = max(float(stats.median_abs_deviation(score, scale="normal")), 1.0)
    chance: Floats = stats.norm.sf((score - middle) / spread)
    return chance


def _reasons(falls: pl.DataFrame) -> pl.DataFrame:
    """party_id and what fell most, in words."""
    usual = pl.col("before") / pl.col("recorded") * LATELY
    fell = falls.filter((pl.col("score") > 0) & (usual >= 1) & (usual - pl.col("lately") >= 1)).sort(
        "party_id", "score", "way", descending=[False, True, False]
    )
    told = pl.format(
        "{} in {} of the last {} weeks (before: {} of {})",
        pl.col("way").replace(WORDS), pl.col("lately"), pl.lit(LATELY), usual.round(0).cast(pl.Int64),
        pl.lit(LATELY),
    )  # fmt: skip
    return (
        fell.group_by("party_id", maintain_order=True)
        .agg(told=told.head(3))
        .with_columns(told=pl.col("told").list.join("; "))
        .with_columns(told=pl.col("told").str.head(1).str.to_uppercase() + pl.col("told").str.slice(1) + ".")
    )
