"""Clients who have gone silent: no inquiry, deal, project or invoice for longer than their own rhythm
explains.

Time is cut into spells of four weeks; in each a client is heard of or not. While a client is one, that is a
coin of its own, the coins beta-distributed over clients (the beta-geometric / beta-Bernoulli model of
Fader, Hardie and Shang, "Customer-base analysis in a discrete-time noncontractual setting", Marketing
Science 29, 2010). The chance of a silence as long as today's follows from the client's posterior; names are
held to one false in ten by the procedure of Benjamini and Hochberg (J. Royal Statistical Society B 57,
1995).
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy.special import betaln

from opslayer.intelligence.revenue.inputs import Floats, Inputs
from opslayer.intelligence.tables import MONEY, typed

MODEL, VERSION = "silence against rhythm", "1"
SPELL_DAYS = 28
FEWEST_SPELLS = 6  # from the first contact to the last, below which a client has no rhythm
FALSE_SHARE = 0.1
PRIOR_SPELLS = 2.0  # that the firm's mean counts for in a client's posterior
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "party_id": pl.String(),
        "party_name": pl.String(),
        "last_contact_on": pl.Date(),
        "silent_days": pl.Int64(),
        "usual_days": pl.Float64(),
        "chance": pl.Float64(),
        "is_named": pl.Boolean(),
        "revenue_year_base": MONEY,
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def silences(inputs: Inputs, *, as_of: date) -> pl.DataFrame:
    """One row a client with a rhythm (columns of intelligence.client_silence), the least likely silence
    first."""
    seen = _contacts(inputs, as_of)
    spell = (pl.lit(as_of) - pl.col("day")).dt.total_days() // SPELL_DAYS  # 0 is the one that ends today
    by_client = (
        seen.with_columns(spell=spell)
        .group_by("party_id")
        .agg(
            last_contact_on=pl.col("day").max(),
            heard=pl.col("spell").n_unique().cast(pl.Float64),
            silent=pl.col("spell").min().cast(pl.Float64),
            life=(pl.col("spell").max() - pl.col("spell").min() + 1).cast(pl.Float64),
        )
        .filter(pl.col("life") >= FEWEST_SPELLS)
        .sort("party_id")
    )
    if by_client.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    heard, life, silent = (by_client[name].to_numpy() for name in ("heard", "life", "silent"))
    mean = float(np.clip(heard.sum() / life.sum(), 0.01, 0.99))
    yes, no = heard + PRIOR_SPELLS * mean, life - heard + PRIOR_SPELLS * (1 - mean)
    chance = np.exp(betaln(yes, no + silent) - betaln(yes, no))
    rows = by_client.with_columns(
        as_of=pl.lit(as_of),
        silent_days=(pl.lit(as_of) - pl.col("last_contact_on")).dt.total_days(),
        usual_days=pl.Series(SPELL_DAYS * (yes + no) / yes).round(),
        chance=pl.Series(chance),
        is_unlikely=pl.Series(discoveries(chance, FALSE_SHARE)),
        model=pl.lit(MODEL),
        model_version=pl.lit(VERSION),
    )
    rows = rows.join(_worth(inputs, by_client), on="party_id", how="left").join(
        _names(inputs), on="party_id", how="left"
    )
    worth = pl.col("revenue_year_base").fill_null(0)
    reasons = pl.format(
        "An invoice, a deal or a project in {} of {} four-week spells up to {}, in none of the {} since. By "
        "its own rhythm {} of a thousand such silences would be chance.",
        pl.col("heard").cast(pl.Int64), pl.col("life").cast(pl.Int64),
        pl.col("last_contact_on").dt.strftime("%-d %B %Y"), pl.col("silent").cast(pl.Int64),
        pl.when(pl.col("chance") < 0.001).then(pl.lit("fewer than one"))
        .otherwise((pl.col("chance") * 1000).round().cast(pl.Int64).cast(pl.String)),
    )  # fmt: skip
    rows = rows.with_columns(
        reasons=reasons, revenue_year_base=worth, is_named=pl.col("is_unlikely") & (worth >= worth.median())
    )
    return typed(rows.sort("chance", "party_id"), SCHEMA)


def discoveries(chance: Floats, false_share: float) -> list[bool]:
    """Which of the chances are named, so that at most `false_share` of those are expected to be false."""
    order = np.argsort(chance, kind="stable")
    passing = chance[order] <= false_share * (np.arange(len(chance)) + 1) / len(chance)
    last = int(np.flatnonzero(passing).max()) if passing.any() else -1
    named = np.zeros(len(chance), dtype=np.bool_)
    named[order[: last + 1]] = True
    found: list[bool] = named.tolist()
    return found


def _contacts(inputs: Inputs, as_of: date) -> pl.DataFrame:
    """party_id and day of each deal created, project begun and invoice issued by `as_of`."""
    deals = inputs.deals.group_by("opportunity_id").agg(pl.col("party_id", "created_on").first())
    parts = [
        deals.select("party_id", day="created_on"),
        inputs.projects.select("party_id", day="starts_on"),
        inputs.revenue.filter(pl.col("amount_base") > 0).select("party_id", "day"),
    ]
    return pl.concat(parts).drop_nulls().filter((pl.col("day") <= as_of) & (pl.col("party_id") != "(none)"))


def _worth(inputs: Inputs, last: pl.DataFrame) -> pl.DataFrame:
    """What each client was invoiced in the year up to its last contact."""
    year = inputs.revenue.join(last.select("party_id", "last_contact_on"), on="party_id").filter(
        pl.col("day").is_between(pl.col("last_contact_on") - timedelta(days=364), pl.col("last_contact_on"))
    )
    return year.group_by("party_id").agg(revenue_year_base=pl.col("amount_base").sum())


def _names(inputs: Inputs) -> pl.DataFrame:
    known = pl.concat(
        [inputs.projects.select("party_id", "party_name"), inputs.deals.select("party_id", "party_name")]
    )
    return known.drop_nulls().unique("party_id", keep="first", maintain_order=True)
